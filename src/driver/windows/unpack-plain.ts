// Unpacks an ordinary tar into a folder: the diff format of windowsdiff and Windows Server 2016 TP4. Works as Docker does: a whiteout
// removes a path, an opaque marker empties its folder, and an entry replaces any earlier one. Whiteouts and markers never remove what the
// same tar adds. Symbolic links are kept and never followed.
import { type ByteSource, FILE_ATTRIBUTE, readWindowsTar, type WindowsEntry } from '#format/windows-tar';
import { displayText, foldWindowsCase, LayerscopeError, throwIfCancelled } from '#model';
import type { ApplyOptions } from '../driver.ts';
import { AddedEntries } from './added-entries.ts';
import { FolderTimes } from './folder-times.ts';
import { folderOf } from './layer-name.ts';
import { ACCESS, type BackupSink, type FileFacts, isRealFolder, type OpenFile, type RootFolder } from './native.ts';

/** `below`: the folder that all names must be in. */
export interface UnpackOptions extends ApplyOptions {
  readonly below?: string;
}

const WRITE = (ACCESS.read | ACCESS.write) >>> 0;
const OPAQUE_MARKER = '.wh..wh..opq';
const WHITEOUT = '.wh.';

/** Converts a name in the tar to a path below the folder. Throws PATH_ESCAPE if the path is outside the folder, or outside `below`. */
export function plainPathOf(name: string, below?: string): string {
  const shown = displayText(name);
  if (/^[\\/]/.test(name)) throw new LayerscopeError('PATH_ESCAPE', `${shown}: an absolute path`);
  const parts = name.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new LayerscopeError('PATH_ESCAPE', `${shown}: it leads outside the layer`);
  if (below !== undefined && foldWindowsCase(parts[0] ?? '') !== foldWindowsCase(below)) {
    throw new LayerscopeError('PATH_ESCAPE', `${shown}: not in the layer's own folder`);
  }
  return parts.join('\\');
}

/** Throws PATH_ESCAPE unless the link's target, which may be missing, is inside the folder, or inside `below`. */
function checkTarget(path: string, target: string, below: string | undefined): void {
  const refuse = (): never => {
    throw new LayerscopeError('PATH_ESCAPE', `${displayText(path)}: a link to ${displayText(target)}, outside the layer`);
  };
  if (target === '' || /^([\\/]|[A-Za-z]:)/.test(target)) refuse();
  const at = folderOf(path)
    .split('\\')
    .filter((part) => part !== '');
  const least = below === undefined ? 0 : 1;
  for (const part of target.split(/[\\/]/)) {
    if (part === '' || part === '.') continue;
    if (part !== '..') at.push(part);
    else if (at.length <= least) refuse();
    else at.pop();
  }
}

/**
 * Unpacks the tar. Returns the total size of its files. Throws PATH_ESCAPE for names and links that lead outside, UNSUPPORTED for devices,
 * NOT_FOUND for a hard link whose target is missing, all with the entry's name; CANCELLED, and what the tar reader and the file calls
 * throw.
 */
export async function unpackPlain(root: RootFolder, tar: ByteSource, options: UnpackOptions): Promise<{ readonly sizeBytes: number }> {
  const unpacking = new Unpacking(root, options);
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    for await (const bytes of tar) {
      throwIfCancelled(options.signal);
      options.onProgress?.(bytes.length);
      yield bytes;
    }
  };
  try {
    for await (const piece of readWindowsTar(watched())) {
      if (piece.kind === 'backup') await unpacking.write(piece.bytes);
      else await unpacking.take(piece.entry);
    }
    return { sizeBytes: await unpacking.end() };
  } finally {
    await unpacking.finish();
  }
}

class Unpacking {
  readonly #root: RootFolder;
  readonly #options: UnpackOptions;
  readonly #added = new AddedEntries();
  readonly #times = new FolderTimes();
  #current: { readonly file: OpenFile; readonly sink: BackupSink } | null = null;
  #sizeBytes = 0;

  constructor(root: RootFolder, options: UnpackOptions) {
    this.#root = root;
    this.#options = options;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#current?.sink.write(bytes);
  }

  async finish(): Promise<void> {
    const open = this.#current;
    this.#current = null;
    try {
      await open?.sink[Symbol.asyncDispose]();
    } finally {
      await open?.file[Symbol.asyncDispose]();
    }
  }

  /** Ends the tar; returns the total size of its files. */
  async end(): Promise<number> {
    await this.finish();
    await this.#times.apply(this.#root);
    return this.#sizeBytes;
  }

  async take(entry: WindowsEntry): Promise<void> {
    await this.finish();
    const { below } = this.#options;
    if (entry.type === 'whiteout') {
      await this.#remove(entry.name);
      return;
    }
    const path = plainPathOf(entry.name, below);
    if (path === '') return;
    if (entry.type === 'other') throw new LayerscopeError('UNSUPPORTED', `${displayText(entry.name)}: neither a file, a folder nor a link`);
    if (below !== undefined && !path.includes('\\') && entry.type !== 'directory') {
      throw new LayerscopeError('NAME_REFUSED', `${displayText(entry.name)}: the layer's own folder can only be a folder`);
    }
    await this.#makeFolders(folderOf(path));
    if (entry.type === 'directory') await this.#addFolder(path, entry);
    else if (entry.type === 'hardlink') await this.#link(path, plainPathOf(entry.linkname, below));
    else {
      if (entry.type === 'symlink') checkTarget(path, entry.linkname, below);
      await this.#addFile(path, entry);
    }
  }

  async #remove(name: string): Promise<void> {
    const { below } = this.#options;
    const slash = name.lastIndexOf('/') + 1;
    const base = name.slice(slash);
    if (base === OPAQUE_MARKER) {
      const folder = plainPathOf(name.slice(0, slash), below);
      const facts = await this.#root.facts(folder);
      if (facts !== null && isRealFolder(facts)) await this.#added.emptyOfOthers(this.#root, folder);
      return;
    }
    // Ignore the internal files of aufs.
    if (base.startsWith(WHITEOUT + WHITEOUT)) return;
    const target = plainPathOf(name.slice(0, slash) + base.slice(WHITEOUT.length), below);
    if (base === WHITEOUT || (!target.includes('\\') && below !== undefined)) {
      throw new LayerscopeError('NAME_REFUSED', `${displayText(name)}: invalid tombstone`);
    }
    await this.#added.removeOthers(this.#root, target);
  }

  async #makeFolders(folder: string): Promise<void> {
    const parts = folder.split('\\').filter((part) => part !== '');
    for (let count = 1; count <= parts.length; count++) {
      const path = parts.slice(0, count).join('\\');
      if ((await this.#root.facts(path)) === null) await this.#root.makeFolder(path);
      // The tar adds something to this folder, so an opaque marker must not remove it.
      if (this.#added.kindOf(path) === undefined) this.#added.replace(path, 'folder');
    }
  }

  async #addFolder(path: string, { info }: WindowsEntry): Promise<void> {
    const there: FileFacts | null = await this.#root.facts(path);
    if (there !== null && !isRealFolder(there)) await this.#root.remove(path);
    if (there === null || !isRealFolder(there)) await this.#root.makeFolder(path);
    this.#added.replace(path, 'folder');
    if (info !== null) this.#times.add(path, { ...info, attributes: 0 });
  }

  async #addFile(path: string, { type, info, sizeBytes }: WindowsEntry): Promise<void> {
    await this.#root.removeAll(path);
    const folder = type === 'symlink' && info !== null && (info.attributes & FILE_ATTRIBUTE.directory) !== 0;
    const file = await this.#root.open(path, { access: WRITE, create: 'new', folder });
    this.#current = { file, sink: file.backupSink({ security: false }) };
    if (info !== null) await file.setBasicInfo({ ...info, attributes: 0 });
    this.#added.replace(path, type === 'symlink' ? 'link' : 'file');
    this.#sizeBytes += sizeBytes;
  }

  async #link(path: string, target: string): Promise<void> {
    if (foldWindowsCase(path) === foldWindowsCase(target)) return;
    if ((await this.#root.facts(target)) === null) {
      throw new LayerscopeError('NOT_FOUND', `${displayText(path)}: a hard link to ${displayText(target)}, which the layer doesn't have`);
    }
    await this.#root.removeAll(path);
    await this.#root.link(path, this.#root, target);
    this.#added.replace(path, 'hardlink');
  }
}
