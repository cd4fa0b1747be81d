import { lookup } from '#changes';
import type { RawHeader } from '#contract';
import { displayPath, displayText, formatMode, formatTimestamp, LayerscopeError, NO_ENTRY } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { textOrHex } from './entry-details.ts';

const MOST_HEADER_BYTES = 8192;

function typeflagText(flag: number): string {
  return flag === 0 ? '\\0' : displayText(String.fromCharCode(flag));
}

/** Reads the header of the entry that a path shows at a layer. Throws NOT_FOUND if the path doesn't exist or is an implied folder. */
export async function readRawEntry(
  loaded: LoadedImage,
  layer: number,
  path: Uint8Array,
  options: { readonly signal?: AbortSignal } = {},
): Promise<RawHeader> {
  const entry = lookup(loaded.stack, layer, path);
  const archiveLayer = entry === null ? undefined : loaded.image.layers[entry.layer];
  const indexed = entry === null ? null : loaded.layers[entry.layer];
  if (entry === null || entry.member === NO_ENTRY || archiveLayer === undefined || !indexed) {
    throw new LayerscopeError('NOT_FOUND', `the image has no entry for ${displayPath(path)}`);
  }
  const { raw, bytes, bodyOffset } = await loaded.reader.readHeader(archiveLayer, indexed, entry.member, {
    ...options,
    maxBytes: MOST_HEADER_BYTES,
  });
  const device = raw.type === 'character' || raw.type === 'block';
  return {
    index: raw.index,
    offset: raw.offset,
    bodyOffset,
    format: raw.format,
    typeflag: typeflagText(raw.typeflag),
    fields: [
      { name: 'name', value: displayPath(raw.name) },
      { name: 'type', value: raw.type },
      ...(raw.linkname === null ? [] : [{ name: 'linkname', value: displayPath(raw.linkname) }]),
      { name: 'size', value: String(raw.size) },
      { name: 'stored size', value: String(raw.storedSize) },
      { name: 'mode', value: formatMode(raw.mode) },
      { name: 'uid', value: String(raw.uid) },
      { name: 'gid', value: String(raw.gid) },
      { name: 'uname', value: displayPath(raw.uname) },
      { name: 'gname', value: displayPath(raw.gname) },
      { name: 'mtime', value: formatTimestamp(raw.mtimeSeconds, raw.mtimeNanos) },
      ...(device ? [{ name: 'device', value: `${raw.devMajor}, ${raw.devMinor}` }] : []),
      ...(raw.whiteout === null ? [] : [{ name: 'whiteout', value: raw.whiteout }]),
    ],
    pax: [...(raw.pax ?? [])].map(([name, value]) => ({ name: displayText(name), ...textOrHex(value) })),
    sparse: raw.sparse ?? [],
    bytes,
  };
}
