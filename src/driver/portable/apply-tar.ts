// A layer's tar applied to a folder, as a container engine does it: whiteouts hide what lies below, never what the layer itself brings,
// in whatever order. A link on the way to a name is followed inside the root, as if the root were `/`: what is written stays inside.
// Owners are kept where the user may; what the system doesn't allow of devices and extended attributes is told.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { attributesOf } from '#format/layer';
import { type TarHandler, type TarMember, TarReader } from '#format/tar';
import { displayPath, type Finding, finding, LayerscopeError, TYPE } from '#model';
import { type Attributes, setAttributes } from './extended-attributes.ts';

const SLASH = 0x2f;
const MAX_LINKS = 255;
const NEW_FILE = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | (fs.constants.O_NOFOLLOW ?? 0);
const MAY_CHOWN = process.getuid?.() === 0;

const NODE_LETTERS: ReadonlyMap<number, string> = new Map([
  [TYPE.character, 'c'],
  [TYPE.block, 'b'],
  [TYPE.fifo, 'p'],
]);

/** Bytes as a key: each one a character. */
const keyOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
const bytesOf = (key: string): Buffer => Buffer.from(key, 'latin1');

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

interface OpenBody {
  readonly descriptor: number;
  readonly map: readonly (readonly [number, number])[] | null;
  readonly size: number;
  entry: number;
  at: number;
}

/** Applies one layer; `push` its plain tar, then `finish`. Throws BAD_TAR, TRUNCATED, PATH_ESCAPE, NAME_REFUSED with the entry's name, and what the system says. */
export class LayerApplier implements Disposable {
  readonly #root: string;
  readonly #onFinding: (finding: Finding) => void;
  readonly #reader: TarReader;
  /** Paths below the root that this layer brought, and the folders that lead to them. */
  readonly #brought = new Set<string>();
  readonly #ways = new Set<string>();
  /** Folders below the root that are known to be folders. */
  readonly #folders = new Set<string>(['']);
  readonly #times: { readonly path: string; readonly mode: number; readonly seconds: number }[] = [];
  #body: OpenBody | null = null;
  #last: { readonly mode: number; readonly seconds: number } | null = null;
  #problem: LayerscopeError | null = null;
  #unmade = 0;
  readonly #attributes = new Map<string, Attributes>();

  /** `root`: absolute, a folder that only this process writes. */
  constructor(root: string, onFinding: (finding: Finding) => void = () => {}) {
    this.#root = root;
    this.#onFinding = onFinding;
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
    const unset = this.#setAttributes([...this.#attributes].filter(([path]) => inPlace(path)));
    for (const { path, mode, seconds } of this.#times.reverse()) {
      if (!inPlace(path) || this.#stat(path)?.isDirectory() !== true) continue;
      fs.chmodSync(this.#at(path), mode);
      fs.utimesSync(this.#at(path), seconds, seconds);
    }
    if (this.#unmade > 0) this.#onFinding(finding('unknown-type', `${this.#unmade} devices or pipes were not made`));
    if (unset > 0) this.#onFinding(finding('unknown-type', `${unset} extended attributes were not set`));
  }

  /** How many could not be set. A user's own attributes are set on what the user may write, whatever its mode will be. */
  #setAttributes(entries: readonly (readonly [path: string, attributes: Attributes])[]): number {
    const shut = MAY_CHOWN ? [] : entries.map(([path]) => ({ path, stats: this.#stat(path) }));
    const closed = shut.filter(({ stats }) => stats?.isFile() === true && (stats.mode & 0o200) === 0);
    for (const { path } of closed) fs.chmodSync(this.#at(path), 0o600);
    const unset = setAttributes(
      this.#root,
      entries.map(([path, attributes]) => ({ path, attributes })),
    );
    for (const { path, stats } of closed) fs.chmodSync(this.#at(path), (stats as fs.Stats).mode & 0o7777);
    return unset;
  }

  /** Whether a path is still below folders, and not, since a later entry replaced one, behind a link that leads elsewhere. */
  #placesKept(): (path: string) => boolean {
    const folders = new Map<string, boolean>([['', true]]);
    const isFolder = (path: string): boolean => {
      let known = folders.get(path);
      if (known === undefined) {
        known = isFolder(parentOf(path)) && this.#stat(path)?.isDirectory() === true;
        folders.set(path, known);
      }
      return known;
    };
    return (path) => isFolder(parentOf(path)) && this.#stat(path) !== null;
  }

  [Symbol.dispose](): void {
    const body = this.#body;
    this.#body = null;
    if (body !== null) fs.closeSync(body.descriptor);
  }

  /** A path below the root on the disk. Never a string: names are bytes. */
  #at(path: string): Buffer {
    return path === '' ? Buffer.from(this.#root) : Buffer.concat([Buffer.from(`${this.#root}/`), bytesOf(path)]);
  }

  #stat(path: string): fs.Stats | null {
    try {
      return fs.lstatSync(this.#at(path));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
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
    const folder = this.#folder(parts, member.name);
    if (last.startsWith('.wh.')) {
      this.#whiteout(folder, last, member.name);
      return;
    }
    if (last.includes('\0')) throw new LayerscopeError('NAME_REFUSED', `${displayPath(member.name)}: a name with a NUL`);
    const path = folder === '' ? last : `${folder}/${last}`;
    this.#bring(path);
    this.#make(path, member);
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

  /** Where a folder of parts is, links on the way followed inside the root; made where it isn't there. */
  #folder(parts: readonly string[], name: Uint8Array): string {
    let at = '';
    const left = [...parts].reverse();
    let links = 0;
    while (left.length > 0) {
      const part = left.pop() as string;
      if (part === '..') {
        at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
        continue;
      }
      const next = at === '' ? part : `${at}/${part}`;
      if (this.#folders.has(next)) {
        at = next;
        continue;
      }
      const stats = this.#stat(next);
      if (stats === null) {
        fs.mkdirSync(this.#at(next), 0o755);
        this.#folders.add(next);
      } else if (stats.isSymbolicLink()) {
        if (++links > MAX_LINKS) throw new LayerscopeError('PATH_ESCAPE', `${displayPath(name)}: links that lead in a circle`);
        const target = fs.readlinkSync(this.#at(next), { encoding: 'buffer' });
        if (target[0] === SLASH) at = '';
        left.push(
          ...keyOf(target)
            .split('/')
            .filter((step) => step !== '' && step !== '.')
            .reverse(),
        );
        continue;
      } else if (!stats.isDirectory()) {
        // Content below what was a file makes a folder of it.
        this.#remove(next);
        fs.mkdirSync(this.#at(next), 0o755);
        this.#folders.add(next);
      } else this.#folders.add(next);
      at = next;
    }
    return at;
  }

  #bring(path: string): void {
    this.#brought.add(path);
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const way = path.slice(0, slash);
      if (this.#ways.has(way)) return;
      this.#ways.add(way);
    }
  }

  #whiteout(folder: string, name: string, raw: Uint8Array): void {
    if (name === '.wh..wh..opq') {
      for (const entry of fs.readdirSync(this.#at(folder), { encoding: 'buffer' })) {
        const below = keyOf(entry);
        this.#hide(folder === '' ? below : `${folder}/${below}`);
      }
      return;
    }
    const target = name.slice('.wh.'.length);
    if (target === '' || target === '.' || target === '..') {
      this.#onFinding(finding('bare-whiteout', 'a whiteout of nothing was not applied', { path: displayPath(raw) }));
      return;
    }
    // Marks that AUFS keeps for itself.
    if (target.startsWith('.wh.')) return;
    this.#hide(folder === '' ? target : `${folder}/${target}`);
  }

  /** Removes what lies at a path and below, but for what this layer brought. */
  #hide(path: string): void {
    const stats = this.#stat(path);
    if (stats === null) return;
    const isOwn = this.#brought.has(path);
    const leads = this.#ways.has(path);
    if (!isOwn && !leads) {
      this.#remove(path);
      return;
    }
    if (!stats.isDirectory()) return;
    for (const entry of fs.readdirSync(this.#at(path), { encoding: 'buffer' })) this.#hide(`${path}/${keyOf(entry)}`);
  }

  #remove(path: string): void {
    const stats = this.#stat(path);
    if (stats === null) return;
    if (!stats.isDirectory()) {
      fs.unlinkSync(this.#at(path));
      return;
    }
    // A folder that can't be listed or emptied as it is: it is ours to change.
    if ((stats.mode & 0o700) !== 0o700) fs.chmodSync(this.#at(path), 0o700);
    for (const entry of fs.readdirSync(this.#at(path), { encoding: 'buffer' })) this.#remove(`${path}/${keyOf(entry)}`);
    fs.rmdirSync(this.#at(path));
    this.#folders.clear();
    this.#folders.add('');
  }

  #make(path: string, member: TarMember): void {
    const { type } = member;
    const there = this.#stat(path);
    if (type === TYPE.directory) {
      if (there !== null && !there.isDirectory()) this.#remove(path);
      if (there === null || !there.isDirectory()) fs.mkdirSync(this.#at(path), 0o700);
      this.#keepFolder(path, member);
      return;
    }
    if (type !== TYPE.file && type !== TYPE.symlink && type !== TYPE.hardlink) {
      if (there !== null) this.#remove(path);
      if (!this.#makeNode(path, member)) this.#unmade++;
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
    if (source !== null) {
      fs.linkSync(this.#at(source), this.#at(path));
      return;
    }
    const seconds = timeOf(member);
    if (type === TYPE.symlink) {
      fs.symlinkSync(Buffer.from(member.linkname), this.#at(path));
      if (MAY_CHOWN) fs.lchownSync(this.#at(path), clampId(member.uid), clampId(member.gid));
      fs.lutimesSync(this.#at(path), seconds, seconds);
      return;
    }
    const descriptor = fs.openSync(this.#at(path), NEW_FILE, 0o600);
    this.#body = { descriptor, map: member.sparse, size: member.size, entry: 0, at: 0 };
    if (MAY_CHOWN) fs.fchownSync(descriptor, clampId(member.uid), clampId(member.gid));
    this.#last = { mode: member.mode & 0o7777, seconds };
  }

  /** A device or pipe, by the system's mknod; whether it could. */
  #makeNode(path: string, member: TarMember): boolean {
    const letter = NODE_LETTERS.get(member.type);
    const file = this.#at(path).toString();
    // The program takes text only.
    if (letter === undefined || !Buffer.from(file).equals(this.#at(path))) return false;
    const numbers = letter === 'p' ? [] : [String(member.devMajor), String(member.devMinor)];
    if (spawnSync('mknod', ['-m', '600', '--', file, letter, ...numbers], { stdio: 'ignore' }).status !== 0) return false;
    if (MAY_CHOWN) fs.lchownSync(file, clampId(member.uid), clampId(member.gid));
    fs.chmodSync(file, member.mode & 0o7777);
    const seconds = timeOf(member);
    fs.utimesSync(file, seconds, seconds);
    return true;
  }

  /** Modes and times of folders come last: what is made inside changes them, and may need to write. */
  #keepFolder(path: string, member: TarMember): void {
    if (MAY_CHOWN) fs.lchownSync(this.#at(path), clampId(member.uid), clampId(member.gid));
    fs.chmodSync(this.#at(path), 0o700);
    this.#folders.add(path);
    this.#times.push({ path, mode: member.mode & 0o7777, seconds: timeOf(member) });
  }

  /** Where a hard link's target is, null where nothing is there. Links on the way are followed inside the root, the last is not. */
  #linkSource(member: TarMember): string | null {
    const parts = partsOf(member.linkname);
    const last = parts.pop();
    if (last === undefined || last === '..' || parts.includes('..')) return null;
    const folder = this.#existing(parts);
    if (folder === null) return null;
    const path = folder === '' ? last : `${folder}/${last}`;
    const stats = this.#stat(path);
    return stats === null || stats.isDirectory() ? null : path;
  }

  #existing(parts: readonly string[]): string | null {
    let at = '';
    const left = [...parts].reverse();
    for (let links = 0; left.length > 0; ) {
      const part = left.pop() as string;
      if (part === '..') {
        at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
        continue;
      }
      const next = at === '' ? part : `${at}/${part}`;
      const stats = this.#stat(next);
      if (stats === null) return null;
      if (stats.isSymbolicLink()) {
        if (++links > MAX_LINKS) return null;
        const target = fs.readlinkSync(this.#at(next), { encoding: 'buffer' });
        if (target[0] === SLASH) at = '';
        left.push(
          ...keyOf(target)
            .split('/')
            .filter((step) => step !== '' && step !== '.')
            .reverse(),
        );
      } else if (stats.isDirectory()) at = next;
      else return null;
    }
    return at;
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
    const last = this.#last;
    this.#body = null;
    this.#last = null;
    if (body === null) return;
    try {
      if (body.map !== null) fs.ftruncateSync(body.descriptor, body.size);
      if (last === null) return;
      // After the owner and all writing, which take set-id bits away.
      fs.fchmodSync(body.descriptor, last.mode);
      fs.futimesSync(body.descriptor, last.seconds, last.seconds);
    } finally {
      fs.closeSync(body.descriptor);
    }
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Parts of a name, `.` and empty ones left out. */
function partsOf(name: Uint8Array): string[] {
  return keyOf(name)
    .split('/')
    .filter((part) => part !== '' && part !== '.');
}

function timeOf({ mtimeSeconds, mtimeNanos }: TarMember): number {
  const seconds = Math.min(Math.max(mtimeSeconds, -(2 ** 31)), 2 ** 33);
  return seconds + mtimeNanos / 1e9;
}

function clampId(id: number): number {
  return id >= 0 && id < 2 ** 32 - 1 ? id : 0;
}
