import { type EntryAt, history, lookup, resolveEntryBody, type StreamAt, streamsOf } from '#changes';
import type { EntryAttributes, EntryDetails } from '#contract';
import { linkName } from '#format/layer';
import { decodeUtf8, displayPath, displayText, entryTypeName, formatTimestamp, LayerscopeError, NO_ENTRY, toHex } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { attributeMeaning } from './attribute-meaning.ts';

function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Formats bytes as text if they are printable UTF-8, otherwise as hex. */
export function textOrHex(bytes: Uint8Array): { readonly value: string; readonly encoding: 'text' | 'hex' } {
  const text = decodeUtf8(bytes);
  return text !== null && displayText(text) === text ? { value: text, encoding: 'text' } : { value: toHex(bytes), encoding: 'hex' };
}

/** Returns the attributes of an entry in a view, and those of its alternate data streams. */
function entryAttributes({ stack }: Pick<LoadedImage, 'stack'>, entry: EntryAt, streams: readonly StreamAt[]): EntryAttributes {
  const table = entry.member === NO_ENTRY ? null : stack.layers[entry.layer];
  const meta = table?.metas[table.meta[entry.member] as number];
  if (!table || meta === undefined) {
    const owner = { uid: 0, gid: 0, uname: '', gname: '' };
    return {
      layer: entry.layer,
      type: 'directory',
      size: 0,
      mode: 0o755,
      ...owner,
      mtime: formatTimestamp(0, 0),
      linkname: null,
      attributes: [],
      streams: [],
      implied: true,
    };
  }
  const body = resolveEntryBody(stack, entry);
  const link = linkName(table, entry.member);
  return {
    layer: entry.layer,
    type: entryTypeName(table.type[entry.member] as number),
    size: body === null ? 0 : (stack.layers[body.layer]?.size[body.member] ?? 0),
    mode: meta.mode & 0o7777,
    uid: meta.uid,
    gid: meta.gid,
    uname: displayText(meta.uname),
    gname: displayText(meta.gname),
    mtime: formatTimestamp(table.mtimeSeconds[entry.member] as number, table.mtimeNanos[entry.member] ?? 0),
    linkname: link === null ? null : displayPath(link),
    attributes: Object.entries(meta.attributes ?? {}).map(([name, value]) => ({
      name: displayText(name),
      ...textOrHex(latin1Bytes(value)),
      meaning: attributeMeaning(name, latin1Bytes(value)).map(displayText),
    })),
    streams: streams.map(({ name, at }) => ({ name: displayPath(name), size: stack.layers[at.layer]?.size[at.member] ?? 0 })),
    implied: false,
  };
}

/**
 * Describes a path as seen at a layer and at the one below, and lists the layers that touch it. Throws NOT_FOUND if no layer has the path.
 */
export function entryDetails(loaded: LoadedImage, layer: number, path: Uint8Array): EntryDetails {
  const { stack } = loaded;
  const now = lookup(stack, layer, path);
  const before = layer > 0 ? lookup(stack, layer - 1, path) : null;
  const touched = history(stack, path);
  if (now === null && before === null && touched.length === 0) throw new LayerscopeError('NOT_FOUND', `no layer has ${displayPath(path)}`);
  const attributesAt = (entry: EntryAt | null, at: number) =>
    entry === null ? null : entryAttributes(loaded, entry, streamsOf(stack, at, path));
  return {
    path: displayPath(path),
    now: attributesAt(now, layer),
    before: attributesAt(before, layer - 1),
    history: touched,
  };
}
