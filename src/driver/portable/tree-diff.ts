// What was done to a folder since it was laid out: a snapshot of everything in it, and later what differs, as a layer's tar.
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { fromByteString, TarWriter, toByteString } from '#format/windows-tar';
import { displayText, LayerscopeError } from '#model';
import type { DriverChange } from '../driver.ts';

/** One path of a snapshot. Keys are bytes, each a character. */
export interface SnapshotEntry {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeNs: string;
  readonly ino: string;
  readonly links: number;
  /** Of a symlink, bytes as characters. */
  readonly target: string;
}

/** Everything below a folder, folders before what is in them, in the order of bytes. */
export async function* walkTree(root: string, signal?: AbortSignal): AsyncGenerator<SnapshotEntry, void, undefined> {
  const visit = async function* (below: string): AsyncGenerator<SnapshotEntry, void, undefined> {
    const folder = onDisk(root, below);
    const names = (await readdir(folder, { encoding: 'buffer' })).map((name) => toByteString(name)).sort();
    for (const name of names) {
      if (signal?.aborted) throw new LayerscopeError('CANCELLED', 'cancelled');
      const entry = below === '' ? name : `${below}/${name}`;
      const stats = await lstat(onDisk(root, entry), { bigint: true });
      const kind = stats.isDirectory() ? 'directory' : stats.isFile() ? 'file' : stats.isSymbolicLink() ? 'symlink' : 'other';
      yield {
        path: entry,
        kind,
        mode: Number(stats.mode) & 0o7777,
        uid: Number(stats.uid),
        gid: Number(stats.gid),
        size: kind === 'file' ? Number(stats.size) : 0,
        mtimeNs: String(stats.mtimeNs),
        ino: String(stats.ino),
        links: Number(stats.nlink),
        target: kind === 'symlink' ? toByteString(await readlink(onDisk(root, entry), { encoding: 'buffer' })) : '',
      };
      if (kind === 'directory') yield* visit(entry);
    }
  };
  yield* visit('');
}

function onDisk(root: string, below: string): Buffer {
  return below === '' ? Buffer.from(root) : Buffer.concat([Buffer.from(`${root}${path.sep}`), fromByteString(below)]);
}

/** Times of folders change with what is in them: they don't count. */
function differs(before: SnapshotEntry, now: SnapshotEntry): boolean {
  if (before.kind !== now.kind || before.mode !== now.mode || before.uid !== now.uid || before.gid !== now.gid) return true;
  if (now.kind === 'directory') return false;
  return before.size !== now.size || before.mtimeNs !== now.mtimeNs || before.target !== now.target || before.ino !== now.ino;
}

export interface TreeChange {
  readonly kind: DriverChange['kind'];
  /** Null of what is gone. */
  readonly entry: SnapshotEntry | null;
  readonly path: string;
}

/** What differs from a snapshot, in the order of paths' bytes; of a folder that is gone only the folder. */
export async function treeChanges(root: string, snapshot: ReadonlyMap<string, SnapshotEntry>, signal?: AbortSignal): Promise<TreeChange[]> {
  const seen = new Set<string>();
  const changes: TreeChange[] = [];
  for await (const entry of walkTree(root, signal)) {
    seen.add(entry.path);
    const before = snapshot.get(entry.path);
    if (before === undefined) changes.push({ kind: 'added', entry, path: entry.path });
    else if (differs(before, entry)) changes.push({ kind: 'modified', entry, path: entry.path });
  }
  for (const gone of snapshot.keys()) {
    if (seen.has(gone)) continue;
    const parent = gone.slice(0, Math.max(0, gone.lastIndexOf('/')));
    // What went with its folder, or with the folder that became something else, is hidden with it.
    if (parent !== '' && (!seen.has(parent) || !(await isFolder(root, parent)))) continue;
    changes.push({ kind: 'removed', entry: null, path: gone });
  }
  return changes.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

async function isFolder(root: string, below: string): Promise<boolean> {
  return (await lstat(onDisk(root, below))).isDirectory();
}

/** The layer's tar of such changes: folders that lead to one are brought too, as they are. Pieces are valid until the next is asked for. */
export async function* tarOfChanges(
  root: string,
  changes: readonly TreeChange[],
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = new TarWriter();
  const brought = new Set<string>();
  const firstNames = new Map<string, string>();
  for (const { entry, path: changed } of changes) {
    if (signal?.aborted) throw new LayerscopeError('CANCELLED', 'cancelled');
    for await (const folder of foldersTo(root, changed)) {
      if (brought.has(folder.path)) continue;
      brought.add(folder.path);
      yield writer.header(headerOf(folder));
    }
    const slash = changed.lastIndexOf('/') + 1;
    if (entry === null) {
      yield writer.header({ name: `${changed.slice(0, slash)}.wh.${changed.slice(slash)}`, form: 'pax' });
      continue;
    }
    if (changed.slice(slash).startsWith('.wh.'))
      throw new LayerscopeError('NAME_REFUSED', `${displayText(changed)}: a layer has no such name`);
    if (entry.kind === 'other') throw new LayerscopeError('UNSUPPORTED', `${displayText(changed)}: a device, pipe or socket`);
    if (entry.kind === 'directory') {
      if (brought.has(changed)) continue;
      brought.add(changed);
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

async function* foldersTo(root: string, below: string): AsyncGenerator<SnapshotEntry, void, undefined> {
  for (let slash = below.indexOf('/'); slash > 0; slash = below.indexOf('/', slash + 1)) {
    const folder = below.slice(0, slash);
    const stats = await lstat(onDisk(root, folder), { bigint: true });
    const facts = { mode: Number(stats.mode) & 0o7777, uid: Number(stats.uid), gid: Number(stats.gid), mtimeNs: String(stats.mtimeNs) };
    yield { path: folder, kind: 'directory', ...facts, size: 0, ino: String(stats.ino), links: 1, target: '' };
  }
}

function headerOf({ path: name, kind, mode, uid, gid, size, mtimeNs, target }: SnapshotEntry): Parameters<TarWriter['header']>[0] {
  const ns = BigInt(mtimeNs);
  const second = 1_000_000_000n;
  const nanos = ((ns % second) + second) % second;
  return {
    name: kind === 'directory' ? `${name}/` : name,
    typeflag: kind === 'directory' ? '5' : kind === 'symlink' ? '2' : '0',
    mode,
    uid,
    gid,
    size,
    linkname: target,
    modTime: { seconds: Number((ns - nanos) / second), nanos: Number(nanos) },
    form: 'pax',
  };
}

/** A file's bytes: as many as its header says. IO where it became shorter meanwhile. */
async function* bodyOf(writer: TarWriter, root: string, entry: SnapshotEntry): AsyncGenerator<Uint8Array, void, undefined> {
  if (entry.size === 0) return;
  let left = entry.size;
  for await (const chunk of createReadStream(onDisk(root, entry.path), { end: entry.size - 1, highWaterMark: 256 * 1024 })) {
    left -= (chunk as Buffer).length;
    yield writer.body(chunk as Buffer);
  }
  if (left > 0) throw new LayerscopeError('IO', `${displayText(entry.path)} became shorter while it was read`);
}
