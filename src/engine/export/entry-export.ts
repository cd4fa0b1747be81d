import { type PlannedEntry, planTree, type TreePlan } from '#disk';
import { linkName } from '#format/layer';
import { refuseName, splitPath } from '#format/path';
import { type TarHeader, TarWriter, toByteString } from '#format/windows-tar';
import {
  beginningOf,
  displayPath,
  LayerscopeError,
  NO_ENTRY,
  NO_LAYER,
  type RowTable,
  TYPE,
  throwIfCancelled,
  trimEnd,
  trimStart,
} from '#model';
import type { LoadedImage } from '../image/types.ts';
import { findRow } from '../read/find-row.ts';
import { listView } from '../read/list-view.ts';
import { readContent } from '../read/read-content.ts';
import { resolveImagePath } from '../read/resolve-path.ts';

/** An export that is saved as one file. */
export interface Exported {
  /** Suggested file name, safe on every system. */
  readonly name: string;
  /** Null if not known in advance. */
  readonly totalBytes: number | null;
  /** Number of entries left out because their names or link targets point outside the image. */
  readonly leftOut: number;
  /** Streams the contents, once. Throws if they can't be read to the end. */
  bytes(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Maximum length of a suggested name, in UTF-16 units. */
const MAX_NAME = 120;

/** Turns any string into a file name for any system: characters special to Windows or a shell become `_`. */
export function fileName(text: string): string {
  const plain = text.replace(/[^\p{L}\p{N} ._()+@,=-]/gu, '_');
  const name = trimEnd(trimStart(plain, '. '), '. ');
  const safe = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name) ? `_${name}` : name;
  return trimEnd(beginningOf(safe, MAX_NAME), '. ') || 'file';
}

/**
 * Exports a file as seen at a layer; a folder becomes a tar with owners, times, links, attributes, devices and pipes. Links in `path` are
 * followed. Throws NOT_FOUND, BLOB_MISSING.
 */
export function exportEntry(loaded: LoadedImage, layer: number, path: Uint8Array): Exported {
  const resolved = resolveImagePath(loaded, layer, splitPath(path), { followLast: true });
  const parts = splitPath(resolved.path);
  const rows = listView(loaded.stack, layer);
  const top = findRow(rows, parts, loaded.stack.caseInsensitive);
  if (top === null) throw new LayerscopeError('NOT_FOUND', `no ${displayPath(resolved.path)} in the image`);
  const name = fileName(parts.length === 0 ? 'root' : displayPath(parts.at(-1) as Uint8Array));
  if (top >= 0 && rows.type[top] !== TYPE.directory) {
    const { totalBytes } = readContent(loaded, layer, parts);
    return { name, totalBytes, leftOut: 0, bytes: (signal) => readContent(loaded, layer, parts, { signal }).bytes };
  }
  const prefix = resolved.path.length - (parts.at(-1)?.length ?? 0);
  const end = top < 0 ? rows.length : (rows.subtreeEnd[top] as number);
  const plan = planTree(loaded.stack, rows, { from: Math.max(top, 0), end, prefix, refuseName: (each) => refuseName(each, 'unix') });
  return {
    name: `${name}.tar`,
    totalBytes: null,
    leftOut: plan.refused.length,
    bytes: (signal) => tarOfPlan(loaded, rows, plan, signal),
  };
}

/** Writes folders first, then files in the order of their layers so that no layer is read twice, then links and devices. */
async function* tarOfPlan(loaded: LoadedImage, rows: RowTable, plan: TreePlan, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const writer = new TarWriter();
  for (const { row, path } of plan.folders) {
    throwIfCancelled(signal);
    yield writer.header({ ...headerOf(loaded, rows, row), name: `${toByteString(path)}/`, typeflag: '5' });
  }
  for (const { source, names } of plan.bodies) {
    throwIfCancelled(signal);
    const [first, ...others] = names;
    const layer = loaded.image.layers[source.layer];
    const indexed = loaded.layers[source.layer];
    if (first === undefined) continue;
    if (layer === undefined || !indexed) throw new LayerscopeError('BLOB_MISSING', `layer ${source.layer} could not be read`);
    const name = toByteString(first.path);
    yield writer.header({ ...headerAt(loaded, source.layer, source.member), name, size: indexed.table.size[source.member] ?? 0 });
    for await (const bytes of loaded.reader.readBody(layer, indexed, source.member, { signal })) yield writer.body(bytes);
    if (writer.left > 0) throw new LayerscopeError('TRUNCATED', `${displayPath(first.path)} ends too early`);
    for (const { path } of others) {
      yield writer.header({ ...headerAt(loaded, source.layer, source.member), name: toByteString(path), linkname: name, typeflag: '1' });
    }
  }
  for (const entry of [...plan.symlinks, ...plan.nodes]) for (const header of headersOf(loaded, entry)) yield writer.header(header);
  yield writer.end();
}

/** Returns the header of a link, device or pipe, and hard link headers for its other names. */
function headersOf(loaded: LoadedImage, { source, type, names: [first, ...others] }: PlannedEntry): TarHeader[] {
  const typeflag = BODILESS_FLAGS[type];
  const table = loaded.stack.layers[source.layer];
  if (first === undefined || typeflag === undefined || !table) return [];
  const own = headerAt(loaded, source.layer, source.member);
  const name = toByteString(first.path);
  const target = type === TYPE.symlink ? linkName(table, source.member) : null;
  return [
    { ...own, name, typeflag, ...(target === null ? {} : { linkname: toByteString(target) }) },
    ...others.map(({ path }) => ({ ...own, name: toByteString(path), typeflag: '1', linkname: name })),
  ];
}

const BODILESS_FLAGS: Readonly<Record<number, string>> = {
  [TYPE.symlink]: '2',
  [TYPE.character]: '3',
  [TYPE.block]: '4',
  [TYPE.fifo]: '6',
};

function headerOf(loaded: LoadedImage, rows: RowTable, row: number): Omit<TarHeader, 'name'> {
  const layer = rows.layer[row] as number;
  const entry = rows.entry[row] as number;
  if (layer === NO_LAYER || entry === NO_ENTRY) return { mode: 0o755, form: 'pax' }; // implied folder
  return headerAt(loaded, layer, entry);
}

function headerAt({ stack }: LoadedImage, layer: number, member: number): Omit<TarHeader, 'name'> {
  const table = stack.layers[layer];
  const meta = table?.metas[table.meta[member] as number];
  if (!table || meta === undefined) return { mode: 0o644, form: 'pax' };
  const keyOf = (name: string): string => (name.startsWith('MSWINDOWS.') ? name : `SCHILY.xattr.${name}`);
  return {
    mode: meta.mode & 0o7777,
    uid: meta.uid,
    gid: meta.gid,
    uname: utf8Bytes(meta.uname),
    gname: utf8Bytes(meta.gname),
    devMajor: meta.devMajor,
    devMinor: meta.devMinor,
    modTime: { seconds: table.mtimeSeconds[member] as number, nanos: table.mtimeNanos[member] ?? 0 },
    records: new Map(Object.entries(meta.attributes ?? {}).map(([name, value]) => [keyOf(name), value])),
    form: 'pax',
  };
}

function utf8Bytes(text: string): string {
  return toByteString(new TextEncoder().encode(text));
}
