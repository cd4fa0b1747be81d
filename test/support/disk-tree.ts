// Describes the entries of a folder on disk and those of a view of an image in the same way, so that they can be compared.
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { resolveEntryBody } from '#changes';
import { type LoadedImage, listView } from '#engine';
import { entryTypeName, NO_LAYER, rowPath, TYPE } from '#model';

/** One path. Hard links have type file; `group` is the file's first name in byte order. */
export interface TreeEntry {
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Only for files. */
  readonly size: number | null;
  /** Nanoseconds since 1970; null for an implied folder. */
  readonly mtime: bigint | null;
  readonly link: string | null;
  readonly group: string | null;
  readonly sha256: string | null;
}

/** By path (latin-1: one character per byte), sorted. */
export type Tree = ReadonlyMap<string, TreeEntry>;

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function diskType(mode: number): string {
  const types: Record<number, string> = { 1: 'fifo', 2: 'character', 4: 'directory', 6: 'block', 8: 'file', 10: 'symlink' };
  return types[mode >> 12] ?? 'other';
}

/** Lists names as bytes, which a recursive readdir can't return. */
function namesBelow(folder: string, prefix: string): string[] {
  const entries = readdirSync(onDisk(folder, prefix), { withFileTypes: true, encoding: 'buffer' });
  return entries.flatMap((entry) => {
    const name = prefix + entry.name.toString('latin1');
    return entry.isDirectory() ? [name, ...namesBelow(folder, `${name}/`)] : [name];
  });
}

function onDisk(folder: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(folder + path.sep), Buffer.from(name, 'latin1')]);
}

/** Reads everything below a folder, without the folder itself. Links are not followed. */
export function diskTree(folder: string): Tree {
  const names = namesBelow(folder, '');
  const groups = new Map<string, string>();
  const tree = new Map<string, TreeEntry>();
  for (const name of names.sort(byBytes)) {
    const file = onDisk(folder, name);
    const stat = lstatSync(file, { bigint: true });
    const type = diskType(Number(stat.mode));
    const isFile = type === 'file';
    const inode = `${stat.dev}:${stat.ino}`;
    if (isFile && !groups.has(inode)) groups.set(inode, name);
    tree.set(name, {
      type,
      mode: Number(stat.mode) & 0o7777,
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      size: isFile ? Number(stat.size) : null,
      mtime: stat.mtimeNs,
      link: type === 'symlink' ? readlinkSync(file, 'latin1') : null,
      group: isFile ? (groups.get(inode) ?? null) : null,
      sha256: isFile ? createHash('sha256').update(readFileSync(file)).digest('hex') : null,
    });
  }
  return tree;
}

/** Reads the view at a layer, with file contents as returned by our reader. */
export async function imageTree(loaded: LoadedImage, layer: number): Promise<Tree> {
  const { stack, reader, image, layers } = loaded;
  const rows = listView(stack, layer);
  const found: [string, number][] = [];
  for (let row = 0; row < rows.length; row++) found.push([Buffer.from(rowPath(rows, row)).toString('latin1'), row]);
  const groups = new Map<string, string>();
  const hashes = new Map<string, string>();
  const tree = new Map<string, TreeEntry>();
  for (const [name, row] of found.sort(([a], [b]) => byBytes(a, b))) {
    const type = rows.type[row] as number;
    const owner = rows.layer[row] as number;
    const member = rows.entry[row] as number;
    const isFile = type === TYPE.file || type === TYPE.hardlink;
    const table = owner === NO_LAYER ? null : stack.layers[owner];
    const body = isFile ? resolveEntryBody(stack, { layer: owner, member }) : null;
    const key = `${body?.layer}:${body?.member}`;
    if (body !== null && !groups.has(key)) {
      const hash = createHash('sha256');
      const [from, indexed] = [image.layers[body.layer], layers[body.layer]];
      if (from === undefined || !indexed) throw new Error(`${name}: its layer was not read`);
      for await (const chunk of reader.readBody(from, indexed, body.member)) hash.update(chunk);
      groups.set(key, name);
      hashes.set(key, hash.digest('hex'));
    }
    const link = rows.links.get(row);
    tree.set(name, {
      type: isFile ? 'file' : entryTypeName(type),
      mode: rows.mode[row] as number,
      uid: rows.uid[row] as number,
      gid: rows.gid[row] as number,
      size: body === null ? null : (stack.layers[body.layer]?.size[body.member] ?? null),
      mtime: table ? BigInt(table.mtimeSeconds[member] as number) * 1_000_000_000n + BigInt(table.mtimeNanos[member] ?? 0) : null,
      link: type === TYPE.symlink && link !== undefined ? Buffer.from(link).toString('latin1') : null,
      group: groups.get(key) ?? null,
      sha256: hashes.get(key) ?? null,
    });
  }
  return tree;
}
