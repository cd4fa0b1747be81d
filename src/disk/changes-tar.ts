// Writes the changes in a folder, such as a working copy, as a layer's tar.
import { createReadStream } from 'node:fs';
import { isMarkerPath, OPAQUE_MARKER, whiteoutName } from '#format/layer';
import { type TarHeader, TarWriter, toByteString } from '#format/windows-tar';
import { displayText, LayerscopeError, throwIfCancelled } from '#model';
import { FolderPath } from './folder-path.ts';
import type { WalkedEntry } from './tree-walk.ts';

/** A path that a layer adds, changes or removes. */
export interface ChangedEntry {
  /** Null if removed. */
  readonly entry: WalkedEntry | null;
  readonly path: string;
  /** The folder that contains the path; null for the root. */
  readonly folder: WalkedEntry | null;
  /** Set if `entry` is a folder that hides its contents in the layers below. */
  readonly isOpaque?: boolean;
}

/**
 * Yields changes as a layer's tar, with entries for the folders that contain them. Each piece is valid until the next one. Throws
 * NAME_REFUSED; IO for a file that was replaced, removed or truncated since the folder was walked.
 */
export async function* tarOfChanges(
  root: string,
  changes: readonly ChangedEntry[],
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = new TarWriter();
  if (changes.length === 0) {
    // A working copy that was never mounted has no changes, and no folder to open.
    yield writer.end();
    return;
  }
  using folders = new FolderPath(root);
  const written = new Set<WalkedEntry>();
  const firstNames = new Map<string, string>();
  for (const { entry, path: changed, folder, isOpaque = false } of changes) {
    throwIfCancelled(signal);
    if (isMarkerPath(changed))
      throw new LayerscopeError('NAME_REFUSED', `${displayText(changed)}: a layer can't have a change of that name`);
    for (const above of unwritten(folder, written)) yield writer.header(headerOf(above));
    if (entry === null) {
      yield writer.header({ name: whiteoutName(changed), form: 'pax' });
      continue;
    }
    if (entry.kind === 'directory') {
      for (const own of unwritten(entry, written)) yield writer.header(headerOf(own));
      if (isOpaque) yield writer.header({ name: `${changed}/${OPAQUE_MARKER}`, form: 'pax' });
      continue;
    }
    const first = entry.links > 1 ? firstNames.get(entry.identity) : undefined;
    if (first !== undefined) {
      // The attributes belong to the file, and were written with its first name.
      yield writer.header({ ...headerOf(entry), typeflag: '1', size: 0, linkname: first, records: new Map() });
      continue;
    }
    if (entry.links > 1) firstNames.set(entry.identity, changed);
    yield writer.header(headerOf(entry));
    if (entry.kind === 'file') yield* bodyOf(writer, folders, entry);
  }
  yield writer.end();
}

/** Returns a folder and its parents, outermost first, except those already written. Records the returned folders as written. */
function unwritten(folder: WalkedEntry | null, written: Set<WalkedEntry>): WalkedEntry[] {
  const found: WalkedEntry[] = [];
  for (let at = folder; at !== null && !written.has(at); at = at.parent) {
    written.add(at);
    found.push(at);
  }
  return found.reverse();
}

const TYPEFLAGS = { file: '0', directory: '5', symlink: '2', character: '3', block: '4', fifo: '6' } as const;

function headerOf({ path: name, kind, size, mtimeNs, target, device, attributes, mode, uid, gid }: WalkedEntry): TarHeader {
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

/** Yields a file's bytes, as many as its header says. Throws IO if the file was replaced or is shorter now. */
async function* bodyOf(writer: TarWriter, folders: FolderPath, entry: WalkedEntry): AsyncGenerator<Uint8Array, void, undefined> {
  if (entry.size === 0) return;
  const names = entry.path.split('/');
  const name = names.pop() as string;
  folders.goTo(names);
  const fd = folders.openFile(name, entry.identity);
  let left = entry.size;
  for await (const chunk of createReadStream('', { fd, start: 0, end: entry.size - 1, highWaterMark: 256 * 1024 })) {
    left -= (chunk as Buffer).length;
    yield writer.body(chunk as Buffer);
  }
  if (left > 0) throw new LayerscopeError('IO', `${displayText(entry.path)} became shorter while it was being read`);
}
