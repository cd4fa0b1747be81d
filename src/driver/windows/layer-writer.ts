// Imports a layer with parents: writes its files into a transport folder, from which ImportLayer makes the layer.
//
//   Files\d\            a plain folder; Files\d.$wcidirs$ next to it holds its attributes and backup stream
//   Files\d\f           u32 attributes, little-endian, then the file's backup stream
//   Hives\X             the file itself; Hives\d.$wcidirs$ next to a folder d is empty
//   UtilityVM\Files\…   not in the transport folder: written directly into the layer, over a clone of the parent's
//
// Tombstones, hard links and folder times can't be represented in the transport folder, so they are applied to the layer afterwards.
// Follows hcsshim's legacy layer writer (internal/wclayer), with some bugs fixed: of several entries for one folder the last wins, a
// whiteout removes nothing that the layer itself adds, and a failed import never reaches ImportLayer.
import { REPARSE_TAG } from '#format/backup-stream';
import { FILE_ATTRIBUTE, type FileBasicInfo } from '#format/windows-tar';
import { displayText, foldWindowsCase, LayerscopeError } from '#model';
import { AddedEntries } from './added-entries.ts';
import { FolderTimes } from './folder-times.ts';
import { Held } from './held.ts';
import { type LayerName, MAX_NAME_UNITS } from './layer-name.ts';
import { ACCESS, type BackupSink, type DriverInfo, isLink, type Native, type OpenFile, type RootFolder } from './native.ts';
import { makeTransportFolder } from './transport-folder.ts';
import { cloneUtilityVm, UTILITY_FILES } from './utility-vm.ts';

/** Suffix of the file next to a folder that holds the folder's attributes and backup stream. */
export const FOLDER_FILE_SUFFIX = '.$wcidirs$';

const BUFFER_BYTES = 64 * 1024;
/** The access needed to restore a complete backup stream. */
export const FULL_ACCESS = (ACCESS.read | ACCESS.write | ACCESS.writeDacl | ACCESS.writeOwner | ACCESS.systemSecurity) >>> 0;

/** A layer's folder and its parents', nearest first. All paths are absolute. */
export interface LayerPlace {
  readonly driver: DriverInfo;
  readonly layer: string;
  readonly parents: readonly string[];
}

/** Writes a layer entry by entry. After an error only {@link abort} may be called. */
export interface LayerWriter {
  /**
   * Adds a file, folder or link, whose backup stream {@link write} receives. `isLink`: a reparse point. Throws EXISTS if the name is taken.
   */
  add(name: LayerName, info: FileBasicInfo, isLink: boolean): Promise<void>;
  /** Writes the next bytes of the backup stream of the entry that was added last. */
  write(bytes: Uint8Array): Promise<void>;
  /** Adds a hard link. Throws NOT_FOUND if no layer has the target, NAME_REFUSED in a part of the layer that can't have hard links. */
  link(name: LayerName, target: LayerName): Promise<void>;
  /** Removes what a whiteout names. */
  remove(name: LayerName): Promise<void>;
  /** Creates the layer from what was written. */
  commit(): Promise<void>;
  /** Closes everything, in any state, and removes the transport folder. Files written into the layer's own folder stay. */
  abort(): Promise<void>;
}

function isFolder(info: { readonly attributes: number }): boolean {
  return (info.attributes & FILE_ATTRIBUTE.directory) !== 0;
}

function notAFile(name: LayerName, target: LayerName): LayerscopeError {
  return new LayerscopeError('NAME_REFUSED', `${displayText(name.path)}: a hard link to ${displayText(target.path)}, which is not a file`);
}

/** Throws NAME_REFUSED for a name that the transport folder reserves, or that would be too long with the folder file's suffix. */
function checkTransportName({ path }: LayerName, folder: boolean): void {
  const shown = displayText(path);
  if (foldWindowsCase(path).endsWith(FOLDER_FILE_SUFFIX)) {
    const of = displayText(path.slice(0, -FOLDER_FILE_SUFFIX.length));
    throw new LayerscopeError('NAME_REFUSED', `${shown}: Windows keeps the attributes of the folder ${of} under that name`);
  }
  const most = MAX_NAME_UNITS - FOLDER_FILE_SUFFIX.length;
  const units = path.length - path.lastIndexOf('\\') - 1;
  if (folder && units > most)
    throw new LayerscopeError('NAME_REFUSED', `${shown}: a folder's name of ${units} characters; a layer allows ${most}`);
}

/** An open file that is written in large pieces. */
class CurrentFile {
  readonly #file: OpenFile;
  readonly #sink: BackupSink | null;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #filled = 0;

  /** `sink` null: the bytes are written to the file unchanged instead of being restored from a backup stream. */
  constructor(file: OpenFile, sink: BackupSink | null) {
    this.#file = file;
    this.#sink = sink;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(bytes.length - at, BUFFER_BYTES - this.#filled);
      this.#buffer.set(bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled === BUFFER_BYTES) await this.flush();
    }
  }

  async flush(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#filled);
    this.#filled = 0;
    if (bytes.length > 0) await (this.#sink ?? this.#file).write(bytes);
  }

  async close(): Promise<void> {
    try {
      await this.#sink?.[Symbol.asyncDispose]();
    } finally {
      await this.#file[Symbol.asyncDispose]();
    }
  }
}

/** Creates a file or folder and sets its times and attributes. The caller closes it. Throws what the file calls throw. */
export async function openWritten(
  root: RootFolder,
  path: string,
  info: FileBasicInfo,
  folder: boolean,
  access = FULL_ACCESS,
): Promise<OpenFile> {
  const file = await root.open(path, { access, create: 'new', folder });
  try {
    await file.setBasicInfo(info);
    return file;
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

/** A hard link that is made after the import. */
interface PendingLink {
  readonly name: LayerName;
  readonly root: RootFolder;
  readonly target: string;
}

export class TransportWriter implements LayerWriter {
  readonly #native: Native;
  readonly #place: LayerPlace;
  readonly #held = new Held();
  readonly #transport: RootFolder;
  readonly #layer: RootFolder;
  readonly #parents = new Map<string, RootFolder>();
  #current: CurrentFile | null = null;
  readonly #added = new AddedEntries();
  readonly #linkFolders: string[] = [];
  readonly #tombstones: string[] = [];
  readonly #links: PendingLink[] = [];
  /** Files of the utility VM that whiteouts removed, by {@link LayerName.key}. */
  readonly #removed = new Set<string>();
  readonly #times = new FolderTimes();
  #hasUtilityVm = false;
  /** Whether the current entry is the folder UtilityVM itself, whose backup stream is dropped. */
  #dropsStream = false;

  private constructor(native: Native, place: LayerPlace, transport: RootFolder, layer: RootFolder) {
    this.#native = native;
    this.#place = place;
    this.#transport = transport;
    this.#layer = layer;
  }

  /** Creates a writer with its transport folder. Throws what the file calls throw, leaving nothing behind. */
  static async open(native: Native, place: LayerPlace): Promise<TransportWriter> {
    await using held = new Held();
    const folder = held.use(await makeTransportFolder(native, place.layer));
    const transport = held.use(await native.files.openRoot(folder.path));
    const layer = held.use(await native.files.openRoot(place.layer));
    const writer = new TransportWriter(native, place, transport, layer);
    writer.#held.use(held.move());
    return writer;
  }

  async add(name: LayerName, info: FileBasicInfo, isLink: boolean): Promise<void> {
    await this.#finish();
    if (name.part === 'utility-vm') {
      await this.#cloneUtilityVm();
      this.#dropsStream = true;
      return;
    }
    if (name.part !== 'utility-files') checkTransportName(name, isFolder(info));
    this.#claim(name, isLink ? 'link' : isFolder(info) ? 'folder' : 'file');
    if (isFolder(info)) this.#times.add(name.path, info);
    this.#current = name.part === 'utility-files' ? await this.#addToUtilityVm(name, info) : await this.#addToTransport(name, info, isLink);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#dropsStream) return;
    if (this.#current === null) throw new LayerscopeError('INTERNAL', 'a backup stream without a file');
    await this.#current.write(bytes);
  }

  async link(name: LayerName, target: LayerName): Promise<void> {
    await this.#finish();
    if ((name.part !== 'files' && name.part !== 'utility-files') || (target.part !== 'files' && target.part !== 'utility-files')) {
      throw new LayerscopeError('NAME_REFUSED', `invalid hard link in layer: ${displayText(name.path)} to ${displayText(target.path)}`);
    }
    const found = await this.#findTarget(name, target);
    checkTransportName(name, false);
    this.#claim(name, 'hardlink');
    this.#links.push({ name, ...found });
  }

  async remove(name: LayerName): Promise<void> {
    await this.#finish();
    if (name.part === 'files') {
      this.#tombstones.push(name.path);
      return;
    }
    await this.#cloneUtilityVm();
    if (this.#added.kindOf(name.path) === undefined && !this.#removed.has(name.key) && (await this.#layer.facts(name.path)) === null) {
      throw new LayerscopeError('NOT_FOUND', `${displayText(name.path)}: the parent's utility VM has no such file to remove`);
    }
    this.#removed.add(name.key);
    await this.#added.removeOthers(this.#layer, name.path);
  }

  async commit(): Promise<void> {
    await this.#finish();
    // Link folders come last, so that nothing is written through them.
    for (const path of this.#linkFolders) await this.#transport.makeFolder(path);
    const { driver, layer, parents } = this.#place;
    const long = this.#native.paths.toNamespacedPath(layer);
    // Windows fails for a layer's plain path of almost 260 characters, and for the \\?\ form of a transport folder's path. So only the
    // layer's path is in the \\?\ form.
    await this.#native.layers.importLayer(driver, long, this.#transport.path, parents);
    for (const path of this.#tombstones) await this.#added.removeOthers(this.#layer, path);
    for (const { name, root, target } of this.#links) {
      await this.#layer.removeAll(name.path);
      await this.#layer.link(name.path, root, target);
    }
    await this.#times.apply(this.#layer);
    if (this.#hasUtilityVm) await this.#native.layers.processUtilityImage(this.#native.paths.join(long, 'UtilityVM'));
    await this.#held[Symbol.asyncDispose]();
  }

  async abort(): Promise<void> {
    const current = this.#current;
    this.#current = null;
    try {
      await current?.close();
    } finally {
      await this.#held[Symbol.asyncDispose]();
    }
  }

  /** Reserves a name. Throws if the name is taken, or if its parent isn't an added folder. */
  #claim(name: LayerName, kind: 'file' | 'folder' | 'link' | 'hardlink'): void {
    const isInVm = name.part === 'utility-files';
    if (name.path !== UTILITY_FILES) this.#added.checkFolder(name, isInVm && this.#hasUtilityVm);
    this.#added.add(name, kind);
  }

  async #addToTransport(name: LayerName, info: FileBasicInfo, isLink: boolean): Promise<CurrentFile> {
    let { path } = name;
    if (isFolder(info)) {
      if ((await this.#transport.facts(path)) === null) await this.#transport.makeFolder(path);
      if (isLink) this.#linkFolders.push(path);
      path += FOLDER_FILE_SUFFIX;
      await this.#transport.removeAll(path);
    }
    const file = await openWritten(this.#transport, path, { ...info, attributes: 0 }, false, (ACCESS.read | ACCESS.write) >>> 0);
    const isHive = name.path.startsWith('Hives\\');
    const current = new CurrentFile(file, isHive ? file.backupSink({ security: false }) : null);
    if (!isHive) {
      const attributes = new Uint8Array(4);
      new DataView(attributes.buffer).setUint32(0, info.attributes, true);
      await current.write(attributes);
    }
    return current;
  }

  async #addToUtilityVm(name: LayerName, info: FileBasicInfo): Promise<CurrentFile> {
    if (!this.#hasUtilityVm) throw new LayerscopeError('NOT_FOUND', `${displayText(name.path)}: no earlier entry for the folder UtilityVM`);
    const there = await this.#layer.facts(name.path);
    const kind = FILE_ATTRIBUTE.directory | FILE_ATTRIBUTE.reparsePoint;
    const stays = there !== null && isFolder(info) && (there.attributes & kind) === (info.attributes & kind);
    // Never overwrite a file: it may be a hard link to the parent's file.
    if (there !== null && !stays) await this.#layer.removeAll(name.path);
    if (!stays) {
      const file = await openWritten(this.#layer, name.path, info, isFolder(info));
      return new CurrentFile(file, file.backupSink({ security: true }));
    }
    const file = await this.#layer.open(name.path, { access: FULL_ACCESS, create: 'existing' });
    try {
      await file.setBasicInfo(info);
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
    return new CurrentFile(file, file.backupSink({ security: true }));
  }

  /** Flushes and closes the entry that was added last. */
  async #finish(): Promise<void> {
    this.#dropsStream = false;
    const current = this.#current;
    if (current === null) return;
    try {
      await current.flush();
    } finally {
      this.#current = null;
      await current.close();
    }
    // A folder that is a link stays out of the transport folder until commit, so that nothing is written through it.
    const last = this.#linkFolders.at(-1);
    if (last !== undefined && (await this.#transport.facts(last)) !== null) await this.#transport.remove(last);
  }

  /** Finds the file that a hard link refers to, following hard links of this layer. Throws NOT_FOUND, NAME_REFUSED if it isn't a file. */
  async #findTarget(name: LayerName, target: LayerName): Promise<{ readonly root: RootFolder; readonly target: string }> {
    const kind = this.#added.kindOf(target.path);
    if (kind === 'file') return { root: this.#layer, target: target.path };
    if (kind === 'hardlink') {
      const first = this.#links.find((link) => link.name.key === target.key);
      if (first !== undefined) return { root: first.root, target: first.target };
    }
    if (kind !== undefined) throw notAFile(name, target);
    let placeholder: RootFolder | null = null;
    for await (const root of target.part === 'utility-files' ? [this.#layer] : this.#parentRoots()) {
      const facts = await root.facts(target.path);
      if (facts === null) continue;
      if (isLink(facts) || isFolder(facts)) throw notAFile(name, target);
      if (facts.reparseTag !== REPARSE_TAG.wcifs) return { root, target: target.path };
      // Only a placeholder: the file itself is in a layer further down.
      placeholder ??= root;
    }
    if (placeholder !== null) return { root: placeholder, target: target.path };
    throw new LayerscopeError(
      'NOT_FOUND',
      `failed to find link target for ${displayText(name.path)}: no layer has ${displayText(target.path)}`,
    );
  }

  /** The parents' folders, nearest first, each opened on demand. */
  async *#parentRoots(): AsyncGenerator<RootFolder, void, undefined> {
    for (const parent of this.#place.parents) {
      let root = this.#parents.get(parent);
      if (root === undefined) {
        root = this.#held.use(await this.#native.files.openRoot(parent));
        this.#parents.set(parent, root);
      }
      yield root;
    }
  }

  async #cloneUtilityVm(): Promise<void> {
    if (this.#hasUtilityVm) return;
    const [nearest] = this.#place.parents;
    if (nearest === undefined) throw new LayerscopeError('INTERNAL', 'a transport folder for a layer without parents');
    await using parent = await this.#native.files.openRoot(nearest);
    await cloneUtilityVm(parent, this.#layer);
    this.#hasUtilityVm = true;
  }
}
