import type { ArchiveImage, ArchiveReader, IndexedLayer } from '#archive';
import { lookup, resolveEntryBody, type Stack } from '#changes';
import { inTurns } from '#engine/turns';
import { type HiveFile, hiveCandidates, systemHive } from '#format/layer';
import {
  type Hive,
  type HiveChange,
  isHive,
  type LayerHive,
  needsLogs,
  openHive,
  VALUE_TYPE,
  viewChanges,
  walkView,
} from '#format/registry-hive';
import {
  asLayerscopeError,
  displayText,
  encodeUtf8,
  foldWindowsCase,
  formatSize,
  LayerscopeError,
  throwIfCancelled,
  windowsPathOf,
} from '#model';
import { type HiveFigures, hiveFigures, LOG_SUFFIXES } from './hive-file.ts';
import { HivesInUse, KeptHives } from './kept-hives.ts';

/** The parts of a loaded image that the registry needs. */
export interface RegistryImage {
  readonly reader: Pick<ArchiveReader, 'readBody'>;
  readonly image: Pick<ArchiveImage, 'layers'>;
  readonly layers: readonly (IndexedLayer | null)[];
  readonly stack: Stack;
}

/** A hive file of a layer, with its figures. */
export interface HiveOfLayer extends HiveFigures {
  readonly kind: 'hive';
  readonly file: HiveFile;
  /** Excludes the bytes, so that keeping these facts doesn't keep the whole hive in memory. */
  readonly hive: Omit<Hive, 'bytes' | 'view'>;
}

/**
 * A change of a hive's keys. If the layers below don't have the hive's base (`hasBase` is false), the base may already contain the same
 * data.
 */
export interface ChangeOfHive {
  readonly kind: 'change';
  readonly layer: number;
  readonly hive: string;
  readonly hasBase: boolean;
  readonly change: HiveChange;
}

/** A hive file that can't be read. */
export interface UnreadableHive {
  readonly kind: 'unreadable';
  readonly file: HiveFile;
  readonly error: LayerscopeError;
}

/** A hive and a key in it, as specified by a user. */
export interface HiveKeyAt {
  readonly hive: string;
  /** The hive's folded name. */
  readonly key: string;
  /** Path of the key in the hive; empty for all of it. */
  readonly path: string;
}

interface EntryBody {
  readonly layer: number;
  readonly member: number;
}

/** Maximum number of hives that Windows stacks. */
const MAX_HIVES = 127;
/** Maximum size of a hive in bytes, because a whole hive must be in memory. Those of large installations take 150 MB. */
const MAX_HIVE_BYTES = 160 * 1024 * 1024;
const MAGIC_BYTES = 4;
const ROOT_NAMES: readonly (readonly [prefix: RegExp, becomes: string])[] = [
  [/^(hkey_local_machine|hklm)\\/i, ''],
  [/^(hkey_users|hku)\\\.default(?=\\|$)/i, 'DEFAULT'],
];
const CURRENT_CONTROL_SET = /^currentcontrolset(?=\\|$)/i;

/** The registry of one image. Reads hives when they are needed, and keeps a few. */
export class ImageRegistry {
  readonly #loaded: RegistryImage;
  readonly #signal: AbortSignal | undefined;
  readonly #files: readonly (readonly HiveFile[])[];
  readonly #open = new KeptHives();
  readonly #hiveFiles = new Map<string, boolean>();
  readonly #refused = new Map<string, LayerscopeError | null>();

  constructor(loaded: RegistryImage, signal?: AbortSignal) {
    this.#loaded = loaded;
    this.#signal = signal;
    this.#files = loaded.stack.layers.map((table, layer) => (table === null ? [] : hiveCandidates(table, layer)));
  }

  /**
   * Yields what a layer changed: the figures of each of its hive files, followed by the hive's changes against the view below. If the
   * layers below don't have the hive, its keys are listed only if it is a delta and `deltasAlone` is true.
   */
  async *changes(layer: number, { deltasAlone = false } = {}): AsyncGenerator<HiveOfLayer | ChangeOfHive | UnreadableHive, void, void> {
    // Keeps only the files and opens the hives again, because a layer's hives may not all fit into memory.
    const files: HiveFile[] = [];
    for (const file of this.#files[layer] ?? []) {
      const found = await this.#whether(file);
      if (found === true) files.push(file);
      else if (found !== false) yield found;
    }
    for (const [index, file] of files.entries()) {
      throwIfCancelled(this.#signal);
      const found = await this.#hiveOfLayer(file);
      if (found !== null) yield found;
      if (files[index + 1]?.key === file.key) continue;
      yield* this.#changesOf(file, deltasAlone);
    }
  }

  /** Returns whether a file is a hive, or why it can't be read. */
  async #whether(file: HiveFile): Promise<boolean | UnreadableHive> {
    const opened = await this.#tryOpen(file);
    return opened !== null && 'kind' in opened ? opened : opened !== null;
  }

  async #hiveOfLayer(file: HiveFile): Promise<HiveOfLayer | null> {
    const opened = await this.#tryOpen(file);
    if (opened === null || 'kind' in opened) return null;
    const { bytes: _bytes, view: _view, ...hive } = opened.hive;
    return { kind: 'hive', file, hive, ...(await hiveFigures(opened.hive, this.#signal)) };
  }

  async *#changesOf(file: HiveFile, deltasAlone: boolean): AsyncGenerator<ChangeOfHive | UnreadableHive, void, void> {
    const { layer, hive } = file;
    const inUse = new HivesInUse();
    let below: LayerHive[];
    let now: LayerHive[];
    try {
      below = await this.view(file.key, layer - 1, undefined, inUse);
      if (below.length === 0 && !(deltasAlone && file.role === 'delta')) return;
      now = await this.view(file.key, layer, undefined, inUse);
    } catch (error) {
      // Reported rather than thrown, because the layer's other hives can still be compared.
      const known = this.#unlessCancelled(error);
      if (known.code !== 'TOO_LARGE') throw error;
      yield { kind: 'unreadable', file, error: known };
      return;
    }
    const hasBase = await this.hasBase(file.key, layer);
    for await (const change of inTurns(viewChanges(below, now), this.#signal)) yield { kind: 'change', layer, hive, hasBase, change };
  }

  /**
   * Returns the hives that make up a hive's view at a layer, lowest first. Hives that can't be read are left out and passed to
   * `onUnreadable`. `inUse` counts the hives that are needed at the same time. Throws TOO_LARGE, CANCELLED.
   */
  async view(
    key: string,
    layer: number,
    onUnreadable: (hive: UnreadableHive) => void = () => {},
    inUse = new HivesInUse(),
  ): Promise<LayerHive[]> {
    const base = this.#base(key, layer);
    const files = base === null ? [] : [base];
    for (let at = base?.layer ?? 0; at <= layer; at++) {
      files.push(...(this.#files[at] ?? []).filter((file) => file.key === key && file.role === 'delta'));
    }
    if (files.length > MAX_HIVES)
      throw new LayerscopeError('TOO_LARGE', `${files.length} stacked hives; Windows stacks at most ${MAX_HIVES}`);
    const hives: LayerHive[] = [];
    for (const file of files) {
      const opened = await this.#tryOpen(file);
      if (opened === null) continue;
      if ('kind' in opened) {
        onUnreadable(opened);
        continue;
      }
      inUse.add(opened);
      hives.push(opened);
    }
    return hives;
  }

  /** Whether a hive's base is seen at a layer and can be read. */
  async hasBase(key: string, layer: number): Promise<boolean> {
    const base = this.#base(key, layer);
    const opened = base === null ? null : await this.#tryOpen(base);
    return opened !== null && !('kind' in opened);
  }

  /** Returns the topmost file of a hive. */
  fileOf(key: string): HiveFile | null {
    return this.#files.flat().findLast((file) => file.key === key) ?? null;
  }

  /** Returns the base file that is seen at a layer. */
  #base(key: string, layer: number): HiveFile | null {
    for (let at = layer; at >= 0; at--) {
      const file = this.#files[at]?.find((each) => each.key === key && each.role === 'base');
      if (file !== undefined) return lookup(this.#loaded.stack, layer, file.path) === null ? null : file;
    }
    return null;
  }

  /** Returns the hives that are seen at a layer: names of system hives first, then paths. */
  async hivesAt(layer: number): Promise<string[]> {
    const names = new Map<string, string>();
    for (const file of this.#files.slice(0, layer + 1).flat()) {
      const { key, hive, role } = file;
      if (names.has(key) || (role === 'base' && this.#base(key, layer) === null)) continue;
      const isHive = await this.#isHive(file).catch((error: unknown) => {
        // The hive is listed anyway: opening it reports why it can't be read.
        this.#unlessCancelled(error);
        return true;
      });
      if (isHive) names.set(key, hive);
    }
    const rank = (hive: string): number => (systemHive(hive) === null ? 1 : 0);
    return [...names.values()].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  }

  /** Returns the folded name of a hive, given its name in this image or, in a comparison, in the other one. Throws NOT_FOUND. */
  keyOf(hive: string): string {
    const files = this.#files.flat();
    const found = files.find((file) => file.hive === hive) ?? files.find(({ hive: own }) => foldWindowsCase(own) === foldWindowsCase(hive));
    if (found === undefined) throw new LayerscopeError('NOT_FOUND', `the image has no registry hive ${displayText(hive)}`);
    return found.key;
  }

  /**
   * Resolves `HIVE` or `HIVE\KEY` as typed by a user. HIVE may also be the path of a hive file, in the image or as the container sees it,
   * or a form such as `HKLM\SYSTEM`. Throws NOT_FOUND for a hive that the image doesn't have.
   */
  resolve(typed: string): HiveKeyAt {
    const text = ROOT_NAMES.reduce((name, [prefix, becomes]) => name.replace(prefix, becomes), typed);
    const [first = ''] = text.split('\\', 1);
    const system = systemHive(first);
    const path = text.slice(first.length + 1);
    if (system !== null && this.#has(system)) return { hive: system, key: system, path };
    const folded = foldWindowsCase(text);
    for (const { key, hive } of this.#files.flat()) {
      for (const name of [key, foldWindowsCase(windowsPathOf(key) ?? key)]) {
        if (folded === name || folded.startsWith(`${name}\\`)) return { hive, key, path: text.slice(name.length + 1) };
      }
    }
    throw new LayerscopeError('NOT_FOUND', `the image has no registry hive ${displayText(first)}`);
  }

  #has(key: string): boolean {
    return this.#files.some((files) => files.some((file) => file.key === key));
  }

  /**
   * Replaces CurrentControlSet, which exists only in a running system, at the start of a path in SYSTEM with the control set that
   * `Select\Current` names. Returns any other path unchanged.
   */
  currentControlSet({ key, path }: HiveKeyAt, view: readonly LayerHive[]): string {
    if (key !== 'SYSTEM' || !CURRENT_CONTROL_SET.test(path)) return path;
    for (const select of walkView(view, 'Select')) {
      const value = select.key.values.find(({ folded }) => folded === 'CURRENT');
      const bytes = value?.data?.[0];
      if (value?.type !== VALUE_TYPE.dword || bytes?.length !== 4) return path;
      const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
      return path.replace(CURRENT_CONTROL_SET, `ControlSet${String(number).padStart(3, '0')}`);
    }
    return path;
  }

  /** Returns null if the file isn't a hive. */
  async #tryOpen(file: HiveFile): Promise<LayerHive | UnreadableHive | null> {
    try {
      return await this.#openFile(file);
    } catch (error) {
      return { kind: 'unreadable', file, error: this.#unlessCancelled(error) };
    }
  }

  async #openFile(file: HiveFile): Promise<LayerHive | null> {
    const id = `${file.layer}/${file.member}`;
    const kept = this.#open.get(id);
    if (kept !== undefined) return kept;
    const refused = this.#refused.get(id);
    if (refused instanceof LayerscopeError) throw refused;
    if (refused === null) return null;
    try {
      const opened = await this.#readHive(file);
      if (opened === null) this.#refused.set(id, null);
      else this.#open.set(id, opened);
      return opened;
    } catch (error) {
      this.#refused.set(id, this.#unlessCancelled(error));
      throw error;
    }
  }

  async #readHive({ layer, member, path }: HiveFile): Promise<LayerHive | null> {
    const body = resolveEntryBody(this.#loaded.stack, { layer, member });
    if (body === null) return null;
    if (!(await this.#isHive({ layer, member }))) return null;
    const size = this.#sizeOf(body);
    if (size > MAX_HIVE_BYTES)
      throw new LayerscopeError('TOO_LARGE', `the registry hive has ${formatSize(size)}; the limit is ${formatSize(MAX_HIVE_BYTES)}`);
    this.#open.makeRoom(size);
    const bytes = await this.#readBody(body);
    const logs: Uint8Array[] = [];
    if (needsLogs(bytes)) {
      // Twice the size, because the logs are applied to a copy of the hive.
      let needed = 2 * size;
      for (const suffix of LOG_SUFFIXES) {
        const log = this.#findLog(layer, path, suffix);
        if (log === null) continue;
        needed += this.#sizeOf(log);
        this.#open.makeRoom(needed);
        logs.push(...(await this.#readLog(log)));
      }
    }
    return { hive: openHive(bytes, logs), layer };
  }

  /** Whether a file starts like a hive. Throws what reading it throws. */
  async #isHive({ layer, member }: Pick<HiveFile, 'layer' | 'member'>): Promise<boolean> {
    const id = `${layer}/${member}`;
    let known = this.#hiveFiles.get(id);
    if (known === undefined) {
      const body = resolveEntryBody(this.#loaded.stack, { layer, member });
      known = body !== null && isHive(await this.#readBody(body, MAGIC_BYTES));
      this.#hiveFiles.set(id, known);
    }
    return known;
  }

  /** Finds a log next to a hive, as seen at the hive's layer; null if there is none. */
  #findLog(layer: number, path: Uint8Array, suffix: string): EntryBody | null {
    const { stack } = this.#loaded;
    const tail = encodeUtf8(suffix);
    const file = new Uint8Array(path.length + tail.length);
    file.set(path);
    file.set(tail, path.length);
    const at = lookup(stack, layer, file);
    return at === null ? null : resolveEntryBody(stack, at);
  }

  /** Returns the log as a list of one; empty if it can't be read. */
  async #readLog(body: EntryBody): Promise<Uint8Array[]> {
    try {
      return [await this.#readBody(body)];
    } catch (error) {
      this.#unlessCancelled(error);
      return [];
    }
  }

  #sizeOf({ layer, member }: EntryBody): number {
    return this.#loaded.stack.layers[layer]?.size[member] ?? 0;
  }

  async #readBody({ layer, member }: EntryBody, length?: number): Promise<Uint8Array> {
    const { reader, image, layers } = this.#loaded;
    const archiveLayer = image.layers[layer];
    const indexed = layers[layer];
    if (archiveLayer === undefined || !indexed) throw new LayerscopeError('BLOB_MISSING', `layer ${layer} could not be read`);
    const size = Math.min(this.#sizeOf({ layer, member }), length ?? Number.POSITIVE_INFINITY);
    const bytes = new Uint8Array(size);
    let at = 0;
    const options = { ...(length === undefined ? {} : { length }), ...(this.#signal && { signal: this.#signal }) };
    for await (const chunk of reader.readBody(archiveLayer, indexed, member, options)) {
      bytes.set(chunk.subarray(0, size - at), at);
      at = Math.min(size, at + chunk.length);
    }
    return bytes.subarray(0, at);
  }

  #unlessCancelled(error: unknown): LayerscopeError {
    const known = asLayerscopeError(error);
    if (known.code === 'CANCELLED' || known.code === 'INTERNAL') throw error;
    return known;
  }
}
