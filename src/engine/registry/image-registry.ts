import type { ArchiveImage, ArchiveReader, IndexedLayer } from '#archive';
import { lookup, resolveEntryBody, type Stack } from '#changes';
import {
  type Hive,
  type HiveChange,
  isHive,
  type LayerHive,
  MAX_HIVE_BYTES,
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
import { type HiveFile, hiveCandidates, systemHive } from './find-hives.ts';
import { type HiveFigures, hiveFigures, LOG_SUFFIXES } from './hive-file.ts';
import { inTurns } from './in-turns.ts';

/** What is needed of a loaded image. */
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
  readonly hive: Hive;
}

/** A change of a hive's keys. `hasBase`: whether the layers below have the hive's base, so that it is known to be a change. */
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

/** A hive and a key in it, as a user names them. */
export interface HiveKeyAt {
  readonly hive: string;
  /** The hive's folded name. */
  readonly key: string;
  /** Path of the key in the hive; empty for all of it. */
  readonly path: string;
}

/** Windows lays at most this many hives over one another. */
const MAX_HIVES = 127;
/** Limits on the bytes of hives that are kept open, and that one view needs. */
const KEPT_BYTES = 256 * 1024 * 1024;
const MAX_VIEW_BYTES = 1024 * 1024 * 1024;
const MAGIC_BYTES = 4;
const ROOT_NAMES: readonly (readonly [prefix: RegExp, becomes: string])[] = [
  [/^(hkey_local_machine|hklm)\\/i, ''],
  [/^(hkey_users|hku)\\\.default(?=\\|$)/i, 'DEFAULT'],
];
const CURRENT_CONTROL_SET = /^currentcontrolset(?=\\|$)/i;

/** The registry of one image. Hives are read when they are needed, and a few are kept. */
export class ImageRegistry {
  readonly #loaded: RegistryImage;
  readonly #signal: AbortSignal | undefined;
  readonly #files: readonly (readonly HiveFile[])[];
  readonly #open = new Map<string, LayerHive>();
  readonly #hiveFiles = new Map<string, boolean>();
  readonly #refused = new Map<string, LayerscopeError | null>();

  constructor(loaded: RegistryImage, signal?: AbortSignal) {
    this.#loaded = loaded;
    this.#signal = signal;
    this.#files = loaded.stack.layers.map((table, layer) => (table === null ? [] : hiveCandidates(table, layer)));
  }

  /** The hive files of a layer. Files that have a hive's name but aren't one are left out. */
  async *hivesOf(layer: number): AsyncGenerator<{ readonly file: HiveFile; readonly hive: Hive } | UnreadableHive, void, void> {
    for (const file of this.#files[layer] ?? []) {
      const opened = await this.#tryOpen(file);
      if (opened !== null) yield 'kind' in opened ? opened : { file, hive: opened.hive };
    }
  }

  /**
   * What a layer changed: for each of its hive files its figures, then the changes of the hive against the view below. Where the layers
   * below don't have the hive, its keys are listed only if it is a delta and `deltasAlone` is true.
   */
  async *changes(layer: number, { deltasAlone = false } = {}): AsyncGenerator<HiveOfLayer | ChangeOfHive | UnreadableHive, void, void> {
    const hives: { readonly file: HiveFile; readonly hive: Hive }[] = [];
    for await (const item of this.hivesOf(layer)) {
      if ('kind' in item) yield item;
      else hives.push(item);
    }
    for (const [index, { file, hive }] of hives.entries()) {
      throwIfCancelled(this.#signal);
      yield { kind: 'hive', file, hive, ...(await hiveFigures(hive, this.#signal)) };
      if (hives[index + 1]?.file.key === file.key) continue;
      yield* this.#changesOf(file, deltasAlone);
    }
  }

  async *#changesOf(file: HiveFile, deltasAlone: boolean): AsyncGenerator<ChangeOfHive, void, void> {
    const { layer, hive } = file;
    const below = await this.view(file.key, layer - 1);
    if (below.length === 0 && !(deltasAlone && file.role === 'delta')) return;
    const now = await this.view(file.key, layer);
    const base = this.#base(file.key, layer);
    const opened = base === null ? null : await this.#tryOpen(base);
    const hasBase = opened !== null && !('kind' in opened);
    for await (const change of inTurns(viewChanges(below, now), this.#signal)) yield { kind: 'change', layer, hive, hasBase, change };
  }

  /**
   * The hives that make up a hive's view at a layer, lowest first. Those that can't be read are left out and passed to `onUnreadable`.
   * Throws TOO_LARGE, CANCELLED.
   */
  async view(key: string, layer: number, onUnreadable: (hive: UnreadableHive) => void = () => {}): Promise<LayerHive[]> {
    const base = this.#base(key, layer);
    const files = base === null ? [] : [base];
    for (let at = base?.layer ?? 0; at <= layer; at++) {
      files.push(...(this.#files[at] ?? []).filter((file) => file.key === key && file.role === 'delta'));
    }
    if (files.length > MAX_HIVES)
      throw new LayerscopeError('TOO_LARGE', `${files.length} hives over one another; Windows has at most ${MAX_HIVES}`);
    const hives: LayerHive[] = [];
    let bytes = 0;
    for (const file of files) {
      const opened = await this.#tryOpen(file);
      if (opened === null) continue;
      if ('kind' in opened) {
        onUnreadable(opened);
        continue;
      }
      bytes += opened.hive.bytes.length;
      if (bytes > MAX_VIEW_BYTES) throw new LayerscopeError('TOO_LARGE', `registry hives of more than ${formatSize(MAX_VIEW_BYTES)}`);
      hives.push(opened);
    }
    return hives;
  }

  /** The base file that is seen at a layer. */
  #base(key: string, layer: number): HiveFile | null {
    for (let at = layer; at >= 0; at--) {
      const file = this.#files[at]?.find((each) => each.key === key && each.role === 'base');
      if (file !== undefined) return lookup(this.#loaded.stack, layer, file.path) === null ? null : file;
    }
    return null;
  }

  /** The hives that are seen at a layer: names of the system's hives, then paths. */
  async hivesAt(layer: number): Promise<string[]> {
    const names = new Map<string, string>();
    for (const file of this.#files.slice(0, layer + 1).flat()) {
      const { key, hive, role } = file;
      if (names.has(key) || (role === 'base' && this.#base(key, layer) === null)) continue;
      const isHive = await this.#isHive(file).catch((error: unknown) => {
        // Opening it says why it can't be read.
        this.#unlessCancelled(error);
        return true;
      });
      if (isHive) names.set(key, hive);
    }
    const rank = (hive: string): number => (systemHive(hive) === null ? 1 : 0);
    return [...names.values()].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  }

  /** The folded name of a hive by its exact name. Throws NOT_FOUND. */
  keyOf(hive: string): string {
    const found = this.#files.flat().find((file) => file.hive === hive);
    if (found === undefined) throw new LayerscopeError('NOT_FOUND', `the image has no registry hive ${displayText(hive)}`);
    return found.key;
  }

  /**
   * Resolves `HIVE` or `HIVE\KEY` as a user types it. HIVE may also be the path of a hive file, as it is in the image or in a container,
   * and `HKLM\SYSTEM`. Throws NOT_FOUND for a hive that the image doesn't have.
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
   * Replaces CurrentControlSet, which exists only in a running system, at the start of a path in SYSTEM, by the control set that
   * `Select\Current` names. Any other path is returned as it is.
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

  /** Null if the file isn't a hive. */
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
      else this.#keep(id, opened);
      return opened;
    } catch (error) {
      this.#refused.set(id, this.#unlessCancelled(error));
      throw error;
    }
  }

  #keep(id: string, opened: LayerHive): void {
    let bytes = opened.hive.bytes.length;
    for (const { hive } of this.#open.values()) bytes += hive.bytes.length;
    for (const [other, { hive }] of this.#open) {
      if (bytes <= KEPT_BYTES) break;
      this.#open.delete(other);
      bytes -= hive.bytes.length;
    }
    this.#open.set(id, opened);
  }

  async #readHive({ layer, member, path }: HiveFile): Promise<LayerHive | null> {
    const body = resolveEntryBody(this.#loaded.stack, { layer, member });
    if (body === null) return null;
    if (!(await this.#isHive({ layer, member }))) return null;
    const bytes = await this.#readBody(body);
    const logs: Uint8Array[] = [];
    if (needsLogs(bytes)) {
      for (const suffix of LOG_SUFFIXES) {
        const log = await this.#readLog(layer, path, suffix);
        if (log !== null) logs.push(log);
      }
    }
    return { hive: openHive(bytes, logs), layer };
  }

  /** Whether a file begins as a hive does. Throws what reading it throws. */
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

  /** A log beside a hive, as seen at the hive's layer; null if there is none that can be read. */
  async #readLog(layer: number, path: Uint8Array, suffix: string): Promise<Uint8Array | null> {
    const { stack } = this.#loaded;
    const tail = encodeUtf8(suffix);
    const file = new Uint8Array(path.length + tail.length);
    file.set(path);
    file.set(tail, path.length);
    const at = lookup(stack, layer, file);
    const body = at === null ? null : resolveEntryBody(stack, at);
    if (body === null) return null;
    try {
      return await this.#readBody(body);
    } catch (error) {
      this.#unlessCancelled(error);
      return null;
    }
  }

  async #readBody({ layer, member }: { readonly layer: number; readonly member: number }, length?: number): Promise<Uint8Array> {
    const { reader, image, layers, stack } = this.#loaded;
    const archiveLayer = image.layers[layer];
    const indexed = layers[layer];
    if (archiveLayer === undefined || !indexed) throw new LayerscopeError('BLOB_MISSING', `layer ${layer} could not be read`);
    const size = Math.min(stack.layers[layer]?.size[member] ?? 0, length ?? Number.POSITIVE_INFINITY);
    if (size > MAX_HIVE_BYTES) throw new LayerscopeError('TOO_LARGE', `a registry hive of ${formatSize(size)}`);
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
