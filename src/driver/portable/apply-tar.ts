// A layer's tar applied to a folder, as a container engine does it: whiteouts hide what lies below, never what the layer itself brings,
// in whatever order. A link on the way to a name is followed inside the root, as if the root were `/`: what is written stays inside.
// Owners are kept where the user may; devices, pipes and extended attributes, which Node.js can't make, are told.
import fs from 'node:fs';
import { type TarHandler, type TarMember, TarReader } from '#format/tar';
import { displayPath, type Finding, finding, LayerscopeError, TYPE } from '#model';

const SLASH = 0x2f;
const MAX_LINKS = 255;
const NEW_FILE = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | (fs.constants.O_NOFOLLOW ?? 0);
const MAY_CHOWN = process.getuid?.() === 0;

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
  #last: { readonly path: string; readonly seconds: number } | null = null;
  #problem: LayerscopeError | null = null;
  #unmade = 0;
  #attributes = 0;

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
    for (const { path, mode, seconds } of this.#times.reverse()) {
      fs.chmodSync(this.#at(path), mode);
      fs.utimesSync(this.#at(path), seconds, seconds);
    }
    if (this.#unmade > 0) this.#onFinding(finding('unknown-type', `${this.#unmade} devices or pipes were not made`));
    if (this.#attributes > 0) this.#onFinding(finding('unknown-type', `extended attributes of ${this.#attributes} entries were not set`));
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
      if (member.type === TYPE.directory) this.#keepFolder('', member);
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
    if (member.hasAttributes) this.#attributes++;
    this.#make(path, member);
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
      this.#unmade++;
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
    // After the owner, which takes set-id bits away.
    fs.fchmodSync(descriptor, member.mode & 0o7777);
    this.#last = { path, seconds };
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
      if (last !== null) fs.futimesSync(body.descriptor, last.seconds, last.seconds);
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

function timeOf({ mtimeSeconds, mtimeNanos }: TarMember): number {
  const seconds = Math.min(Math.max(mtimeSeconds, -(2 ** 31)), 2 ** 33);
  return seconds + mtimeNanos / 1e9;
}

function clampId(id: number): number {
  return id >= 0 && id < 2 ** 32 - 1 ? id : 0;
}
