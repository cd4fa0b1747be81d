// Finds what changed in a folder since it was laid out: takes a snapshot of it, compares it later, and writes the changes as a layer's tar.
import { type BigIntStats, createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { type Attributes, openFolder, openToRead, readAttributes } from '#disk';
import { fromByteString, type TarHeader, TarWriter, toByteString } from '#format/windows-tar';
import { displayText, LayerscopeError, throwIfCancelled } from '#model';
import type { DriverChange } from '../driver.ts';

/** An entry in a snapshot. Strings of raw bytes have one character for each byte. */
export interface SnapshotEntry {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeNs: string;
  readonly ino: string;
  readonly links: number;
  /** A symbolic link's target as raw bytes; otherwise empty. */
  readonly target: string;
  /** A device's number as the system packs it; otherwise 0. */
  readonly device: number;
  /** Null if the system can't read them. */
  readonly attributes: Attributes | null;
}

/**
 * Yields everything below a folder in byte order, each folder before its content. Skips sockets, as Docker does: they belong to processes,
 * and a tar can't have them.
 */
export async function* walkTree(root: string, signal?: AbortSignal): AsyncGenerator<SnapshotEntry, void, undefined> {
  const attributes = readAttributes(root);
  const visit = async function* (below: string, mode: number): AsyncGenerator<SnapshotEntry, void, undefined> {
    const folder = onDisk(root, below);
    const shut = openFolder(folder, mode);
    try {
      const names = (await readdir(folder, { encoding: 'buffer' })).map((name) => toByteString(name)).sort();
      for (const name of names) {
        throwIfCancelled(signal);
        const entry = below === '' ? name : `${below}/${name}`;
        const stats = await lstat(onDisk(root, entry), { bigint: true });
        const kind = kindOf(stats);
        if (kind === null) continue;
        const target = kind === 'symlink' ? toByteString(await readlink(onDisk(root, entry), { encoding: 'buffer' })) : '';
        yield { ...factsOf(entry, kind, stats), target, attributes: attributes === null ? null : (attributes.get(entry) ?? []) };
        if (kind === 'directory') yield* visit(entry, Number(stats.mode));
      }
    } finally {
      shut();
    }
  };
  yield* visit('', (await lstat(root)).mode);
}

/** Null for a socket. */
function kindOf(stats: BigIntStats): SnapshotEntry['kind'] | null {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isCharacterDevice()) return 'character';
  return stats.isBlockDevice() ? 'block' : null;
}

function factsOf(name: string, kind: SnapshotEntry['kind'], stats: BigIntStats): Omit<SnapshotEntry, 'target' | 'attributes'> {
  return {
    path: name,
    kind,
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: kind === 'file' ? Number(stats.size) : 0,
    mtimeNs: String(stats.mtimeNs),
    ino: String(stats.ino),
    links: Number(stats.nlink),
    device: kind === 'character' || kind === 'block' ? Number(stats.rdev) : 0,
  };
}

function onDisk(root: string, below: string): Buffer {
  return below === '' ? Buffer.from(root) : Buffer.concat([Buffer.from(`${root}${path.sep}`), fromByteString(below)]);
}

/** Whether an entry has changed. Ignores the times of folders, which change with their content. */
function differs(before: SnapshotEntry, now: SnapshotEntry): boolean {
  if (before.kind !== now.kind || before.mode !== now.mode || before.uid !== now.uid || before.gid !== now.gid) return true;
  const known = before.attributes !== null && now.attributes !== null;
  if ((known && JSON.stringify(before.attributes) !== JSON.stringify(now.attributes)) || before.device !== now.device) return true;
  if (now.kind === 'directory') return false;
  return before.size !== now.size || before.mtimeNs !== now.mtimeNs || before.target !== now.target || before.ino !== now.ino;
}

/** A path that differs from the snapshot. */
export interface TreeChange {
  readonly kind: DriverChange['kind'];
  /** Null if removed. */
  readonly entry: SnapshotEntry | null;
  readonly path: string;
  /** The folders that contain it, outermost first. */
  readonly folders: readonly SnapshotEntry[];
}

/** Returns what differs from a snapshot, in byte order of paths. A removed folder is listed without its content. */
export async function treeChanges(root: string, snapshot: ReadonlyMap<string, SnapshotEntry>, signal?: AbortSignal): Promise<TreeChange[]> {
  const seen = new Set<string>();
  const folders = new Map<string, SnapshotEntry>();
  const changed: Omit<TreeChange, 'folders'>[] = [];
  for await (const entry of walkTree(root, signal)) {
    seen.add(entry.path);
    if (entry.kind === 'directory') folders.set(entry.path, entry);
    const before = snapshot.get(entry.path);
    if (before === undefined) changed.push({ kind: 'added', entry, path: entry.path });
    else if (differs(before, entry)) changed.push({ kind: 'modified', entry, path: entry.path });
  }
  for (const gone of snapshot.keys()) {
    if (seen.has(gone)) continue;
    const parent = gone.slice(0, Math.max(0, gone.lastIndexOf('/')));
    // It was removed with its folder, or the folder was replaced by something else. Either hides it already.
    if (parent !== '' && !folders.has(parent)) continue;
    changed.push({ kind: 'removed', entry: null, path: gone });
  }
  changed.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return changed.map((change) => ({ ...change, folders: foldersTo(change.path, folders) }));
}

function foldersTo(below: string, folders: ReadonlyMap<string, SnapshotEntry>): SnapshotEntry[] {
  const found: SnapshotEntry[] = [];
  for (let slash = below.indexOf('/'); slash > 0; slash = below.indexOf('/', slash + 1)) {
    const folder = folders.get(below.slice(0, slash));
    if (folder !== undefined) found.push(folder);
  }
  return found;
}

/** Yields changes as a layer's tar, with entries for the folders that contain them. Each piece is valid until the next one. */
export async function* tarOfChanges(
  root: string,
  changes: readonly TreeChange[],
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = new TarWriter();
  const written = new Set<string>();
  const firstNames = new Map<string, string>();
  for (const { entry, path: changed, folders } of changes) {
    throwIfCancelled(signal);
    for (const folder of folders) {
      if (written.has(folder.path)) continue;
      written.add(folder.path);
      yield writer.header(headerOf(folder));
    }
    const slash = changed.lastIndexOf('/') + 1;
    if (entry === null) {
      yield writer.header({ name: `${changed.slice(0, slash)}.wh.${changed.slice(slash)}`, form: 'pax' });
      continue;
    }
    if (changed.slice(slash).startsWith('.wh.'))
      throw new LayerscopeError('NAME_REFUSED', `${displayText(changed)}: a layer can't have an entry of that name`);
    if (entry.kind === 'directory') {
      if (written.has(changed)) continue;
      written.add(changed);
      yield writer.header(headerOf(entry));
      continue;
    }
    const first = entry.links > 1 ? firstNames.get(entry.ino) : undefined;
    if (first !== undefined) {
      yield writer.header({ ...headerOf(entry), typeflag: '1', size: 0, linkname: first });
      continue;
    }
    if (entry.links > 1) firstNames.set(entry.ino, changed);
    yield writer.header(headerOf(entry));
    if (entry.kind === 'file') yield* bodyOf(writer, root, entry);
  }
  yield writer.end();
}

const TYPEFLAGS = { file: '0', directory: '5', symlink: '2', character: '3', block: '4', fifo: '6' } as const;

function headerOf({ path: name, kind, size, mtimeNs, target, device, attributes, mode, uid, gid }: SnapshotEntry): TarHeader {
  const ns = BigInt(mtimeNs);
  const second = 1_000_000_000n;
  const nanos = ((ns % second) + second) % second;
  return {
    name: kind === 'directory' ? `${name}/` : name,
    typeflag: TYPEFLAGS[kind],
    mode,
    uid,
    gid,
    size,
    linkname: target,
    // Unpacks Linux's device number. Source: linux/kdev_t.h, new_decode_dev.
    devMajor: (device >>> 8) & 0xfff,
    devMinor: (device & 0xff) | ((device >>> 12) & 0xfff00),
    modTime: { seconds: Number((ns - nanos) / second), nanos: Number(nanos) },
    records: new Map((attributes ?? []).map(([key, value]) => [`SCHILY.xattr.${toByteString(Buffer.from(key))}`, value])),
    form: 'pax',
  };
}

/** Yields a file's bytes, as many as its header says. Throws IO if the file is shorter now. */
async function* bodyOf(writer: TarWriter, root: string, entry: SnapshotEntry): AsyncGenerator<Uint8Array, void, undefined> {
  if (entry.size === 0) return;
  let left = entry.size;
  const fd = openToRead(root, fromByteString(entry.path));
  for await (const chunk of createReadStream('', { fd, start: 0, end: entry.size - 1, highWaterMark: 256 * 1024 })) {
    left -= (chunk as Buffer).length;
    yield writer.body(chunk as Buffer);
  }
  if (left > 0) throw new LayerscopeError('IO', `${displayText(entry.path)} became shorter while it was read`);
}
