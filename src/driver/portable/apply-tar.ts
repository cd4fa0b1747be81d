// A layer's tar applied to a folder, as a container engine does it: whiteouts hide what lies below, never what the layer itself brings,
// in whatever order. A link on the way to a name is followed inside the root, as if the root were `/`: what is written stays inside.
// What the system or its file system doesn't allow of owners, devices, links and extended attributes is told.
import fs from 'node:fs';
import { attributesOf } from '#format/layer';
import { type TarHandler, type TarMember, TarReader } from '#format/tar';
import { displayPath, type Finding, finding, LayerscopeError, TYPE } from '#model';
import type { Attributes } from './extended-attributes.ts';
import { joined, keyOf, MountTree, parentOf, timeOf } from './mount-tree.ts';

const MAX_LINKS = 255;

interface OpenBody {
  readonly descriptor: number;
  readonly map: readonly (readonly [number, number])[] | null;
  readonly size: number;
  readonly mode: number;
  readonly seconds: number;
  entry: number;
  at: number;
}

/** What a file system says to a name that it can't hold. */
function isNameRefused(error: unknown): boolean {
  return ['EINVAL', 'EILSEQ', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Applies one layer; `push` its plain tar, then `finish`. Throws BAD_TAR, TRUNCATED, PATH_ESCAPE, NAME_REFUSED with the entry's name, and what the system says. */
export class LayerApplier implements Disposable {
  readonly #tree: MountTree;
  readonly #onFinding: (finding: Finding) => void;
  readonly #reader: TarReader;
  /** Paths below the root that this layer brought, and the folders that lead to them. */
  readonly #brought = new Set<string>();
  readonly #ways = new Set<string>();
  /** Folders below the root that are known to be folders. */
  readonly #folders = new Set<string>(['']);
  readonly #folderFacts: { readonly path: string; readonly mode: number; readonly seconds: number }[] = [];
  readonly #attributes = new Map<string, Attributes>();
  #body: OpenBody | null = null;
  #problem: LayerscopeError | null = null;

  /** `root`: absolute, a folder that only this process writes. `foldsCase`: names that differ in case only are one there. */
  constructor(root: string, options: { readonly foldsCase?: boolean; readonly onFinding?: (finding: Finding) => void } = {}) {
    this.#tree = new MountTree(root, options.foldsCase ?? false);
    this.#onFinding = options.onFinding ?? (() => {});
    const handler: TarHandler = {
      member: (member) => this.#member(member),
      body: (bytes, start, end) => this.#write(bytes, start, end),
      finding: ({ code, message, offset }) => {
        if (code === 'truncated' || code === 'size-mismatch') this.#problem ??= new LayerscopeError('TRUNCATED', message, { offset });
      },
    };
    this.#reader = new TarReader(handler);
  }

  push(bytes: Uint8Array): void {
    this.#reader.push(bytes);
    if (this.#problem !== null) throw this.#problem;
  }

  finish(): void {
    this.#reader.end();
    this.#close();
    if (this.#problem !== null) throw this.#problem;
    const inPlace = this.#placesKept();
    this.#tree.setAttributes([...this.#attributes].filter(([path]) => inPlace(path)));
    for (const { path, mode, seconds } of this.#folderFacts.reverse()) {
      if (inPlace(path) && this.#tree.stat(path)?.isDirectory() === true) this.#tree.closeFolder(path, mode, seconds);
    }
    for (const found of this.#tree.findings()) this.#onFinding(found);
  }

  /** Whether a path is still below folders, and not, since a later entry replaced one, behind a link that leads elsewhere. */
  #placesKept(): (path: string) => boolean {
    const folders = new Map<string, boolean>([['', true]]);
    const isFolder = (path: string): boolean => {
      let known = folders.get(path);
      if (known === undefined) {
        known = isFolder(parentOf(path)) && this.#tree.stat(path)?.isDirectory() === true;
        folders.set(path, known);
      }
      return known;
    };
    return (path) => isFolder(parentOf(path)) && this.#tree.stat(path) !== null;
  }

  [Symbol.dispose](): void {
    const body = this.#body;
    this.#body = null;
    if (body !== null) fs.closeSync(body.descriptor);
  }

  #member(member: TarMember): void {
    this.#close();
    if (member.type === TYPE.global) return;
    const parts = partsOf(member.name);
    if (parts.includes('..')) {
      this.#onFinding(finding('path-escape', 'its name leads out of its folder: not made', { path: displayPath(member.name) }));
      return;
    }
    if (parts.length === 0) {
      if (member.type === TYPE.directory) {
        this.#keepFolder('', member);
        this.#keepAttributes('', member);
      }
      return;
    }
    const last = parts.pop() as string;
    if (last.includes('\0')) throw new LayerscopeError('NAME_REFUSED', `${displayPath(member.name)}: a name with a NUL`);
    try {
      this.#place(parts, last, member);
    } catch (error) {
      if (!isNameRefused(error)) throw error;
      this.#tree.failed('names are not taken by this file system: not made');
    }
  }

  #place(parts: readonly string[], last: string, member: TarMember): void {
    const folder = this.#folder(parts, member.name);
    if (folder !== null && last.startsWith('.wh.')) {
      this.#whiteout(folder, last, member.name);
      return;
    }
    const path = joined(folder ?? '', last);
    const there = folder === null ? null : this.#tree.stat(path);
    if (folder === null || (there !== null && !this.#tree.isByThatName(path))) {
      const message = 'another name is there that differs in case only: not made';
      this.#onFinding(finding('case-collision', message, { path: displayPath(member.name) }));
      return;
    }
    this.#bring(path);
    this.#make(path, member, there);
    this.#keepAttributes(path, member);
  }

  /** Set when all is there: writing takes some of them away. */
  #keepAttributes(path: string, member: TarMember): void {
    this.#attributes.delete(path);
    if (!member.hasAttributes || member.pax === null) return;
    // Windows' own are no attributes here.
    const attributes = attributesOf(member.pax).filter(([name]) => !name.startsWith('MSWINDOWS.'));
    if (attributes.length > 0) this.#attributes.set(path, attributes);
  }

  /**
   * Where parts lead, links on the way followed inside the root. `orMake` is asked where there is no folder, and makes one or says null, as
   * the answer then is.
   */
  #resolve(parts: readonly string[], orMake: (path: string, there: fs.Stats | null) => true | null, circle: () => null): string | null {
    let at = '';
    const left = [...parts].reverse();
    for (let links = 0; left.length > 0; ) {
      const part = left.pop() as string;
      if (part === '..') {
        at = parentOf(at);
        continue;
      }
      const next = joined(at, part);
      if (!this.#folders.has(next)) {
        const stats = this.#tree.stat(next);
        if (stats !== null && !this.#tree.isByThatName(next)) return null;
        if (stats?.isSymbolicLink() === true) {
          if (++links > MAX_LINKS) return circle();
          const target = this.#tree.target(next);
          if (target.startsWith('/')) at = '';
          left.push(...partsOf(Buffer.from(target, 'latin1')).reverse());
          continue;
        }
        if (stats?.isDirectory() !== true && orMake(next, stats) === null) return null;
        this.#folders.add(next);
      }
      at = next;
    }
    return at;
  }

  /** A folder, made where it isn't there; content below what was a file makes a folder of it. Null where another case is there. */
  #folder(parts: readonly string[], name: Uint8Array): string | null {
    const orMake = (path: string, there: fs.Stats | null): true => {
      if (there !== null) this.#remove(path);
      this.#tree.makeFolder(path);
      return true;
    };
    return this.#resolve(parts, orMake, () => {
      throw new LayerscopeError('PATH_ESCAPE', `${displayPath(name)}: links that lead in a circle`);
    });
  }

  #bring(path: string): void {
    this.#brought.add(path);
    for (let way = parentOf(path); way !== ''; way = parentOf(way)) {
      if (this.#ways.has(way)) return;
      this.#ways.add(way);
    }
  }

  #whiteout(folder: string, name: string, raw: Uint8Array): void {
    if (name === '.wh..wh..opq') {
      for (const below of this.#tree.names(folder)) this.#hide(joined(folder, below));
      return;
    }
    const target = name.slice('.wh.'.length);
    if (target === '' || target === '.' || target === '..') {
      this.#onFinding(finding('bare-whiteout', 'a whiteout of nothing was not applied', { path: displayPath(raw) }));
      return;
    }
    // Marks that AUFS keeps for itself.
    if (target.startsWith('.wh.')) return;
    this.#hide(joined(folder, target));
  }

  /** Removes what lies at a path and below, but for what this layer brought. */
  #hide(path: string): void {
    const stats = this.#tree.stat(path);
    if (stats === null || !this.#tree.isByThatName(path)) return;
    if (!this.#brought.has(path) && !this.#ways.has(path)) this.#remove(path);
    else if (stats.isDirectory()) for (const below of this.#tree.names(path)) this.#hide(`${path}/${below}`);
  }

  #remove(path: string): void {
    if (!this.#tree.remove(path)) return;
    this.#folders.clear();
    this.#folders.add('');
  }

  #make(path: string, member: TarMember, there: fs.Stats | null): void {
    const { type } = member;
    if (type === TYPE.directory) {
      if (there !== null && !there.isDirectory()) this.#remove(path);
      if (there === null || !there.isDirectory()) this.#tree.makeFolder(path, 0o700);
      this.#keepFolder(path, member);
      return;
    }
    // Before anything is removed: a link to itself, or to what it replaces, stays.
    const source = type === TYPE.hardlink ? this.#linkSource(member) : null;
    if (type === TYPE.hardlink && source === null) {
      this.#onFinding(finding('dangling-hardlink', 'a hard link to nothing was not made', { path: displayPath(member.name) }));
      return;
    }
    if (source === path) return;
    if (there !== null) this.#remove(path);
    if (source !== null) this.#tree.link(source, path);
    else if (type === TYPE.symlink) this.#tree.makeSymlink(path, member);
    else if (type !== TYPE.file) this.#tree.makeNode(path, member);
    else {
      const facts = { mode: member.mode & 0o7777, seconds: timeOf(member) };
      this.#body = { descriptor: this.#tree.makeFile(path, member), map: member.sparse, size: member.size, entry: 0, at: 0, ...facts };
    }
  }

  /** Modes and times of folders come last: what is made inside changes them, and may need to write. */
  #keepFolder(path: string, member: TarMember): void {
    this.#tree.openFolder(path, member);
    this.#folders.add(path);
    this.#folderFacts.push({ path, mode: member.mode & 0o7777, seconds: timeOf(member) });
  }

  /** Where a hard link's target is, null where nothing is there. Links on the way are followed inside the root, the last is not. */
  #linkSource(member: TarMember): string | null {
    const parts = partsOf(member.linkname);
    const last = parts.pop();
    if (last === undefined || last === '..' || parts.includes('..')) return null;
    const nothing = (): null => null;
    const folder = this.#resolve(parts, nothing, nothing);
    if (folder === null) return null;
    const path = joined(folder, last);
    const stats = this.#tree.stat(path);
    return stats === null || stats.isDirectory() ? null : path;
  }

  #write(bytes: Uint8Array, start: number, end: number): void {
    const body = this.#body;
    if (body === null) return;
    while (start < end) {
      let count = end - start;
      if (body.map !== null) {
        const piece = body.map[body.entry];
        if (piece === undefined) return;
        const [offset, length] = piece;
        if (body.at < offset) body.at = offset;
        count = Math.min(count, offset + length - body.at);
        if (count <= 0) {
          body.entry++;
          continue;
        }
      }
      const written = fs.writeSync(body.descriptor, bytes, start, count, body.at);
      start += written;
      body.at += written;
    }
  }

  #close(): void {
    const body = this.#body;
    this.#body = null;
    if (body === null) return;
    try {
      if (body.map !== null) fs.ftruncateSync(body.descriptor, body.size);
      this.#tree.finishFile(body.descriptor, body);
    } finally {
      fs.closeSync(body.descriptor);
    }
  }
}

/** Parts of a name, `.` and empty ones left out. */
function partsOf(name: Uint8Array): string[] {
  return keyOf(name)
    .split('/')
    .filter((part) => part !== '' && part !== '.');
}
