// Cuts members out of a layer's plain tar. The bytes from a kept member's first header to the next member are copied unchanged, so that
// names, times, attributes and sparse maps stay the same.
import { setImmediate } from 'node:timers/promises';
import { type BlobSource, packTar, plainTarOf } from '#archive';
import type { SlimLayer } from '#changes';
import { FLAG, type LayerTable, NO_HEADER, whiteoutName } from '#format/layer';
import { decodeUtf8, displayPath, LayerscopeError, TYPE } from '#model';
import type { LoadedImage } from '../image/types.ts';

const BLOCK = 512;
/** The two zero blocks that end a tar. */
const END_BYTES = 2 * BLOCK;

/** Codes of findings which mean that a member's raw name doesn't say where it ends up. */
const TOO_ODD: ReadonlySet<string> = new Set(['name-through-link', 'path-escape', 'entry-below-file']);

export interface CutOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes that were read from an old layer's plain tar. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

/** Yields the plain tar of a planned layer. Throws UNSUPPORTED, BLOB_MISSING; TRUNCATED, DAMAGED, IO, CANCELLED. */
export async function* cutTar(loaded: LoadedImage, layer: SlimLayer, options: CutOptions): AsyncGenerator<Uint8Array> {
  // New folders come before their contents, which would otherwise imply them.
  if (layer.folders.length > 0) yield* newMembers(layer.folders.map((path) => ({ name: `${nameOf(path)}/`, type: 'directory' })));
  for (const { layer: index, keep } of layer.sources) yield* keptBytes(loaded, index, keep, options);
  if (layer.whiteouts.length > 0) yield* newMembers(layer.whiteouts.map((path) => ({ name: whiteoutName(nameOf(path)) })));
  yield new Uint8Array(END_BYTES);
}

/** Returns the length of a planned layer's plain tar in bytes; null if it can only be found by making the tar. */
export function cutTarBytes(loaded: LoadedImage, layer: SlimLayer): number | null {
  const made = [...layer.folders, ...layer.whiteouts];
  if (made.some((path) => !hasPlainHeader(path))) return null;
  let bytes = made.length * BLOCK + END_BYTES;
  try {
    for (const { layer: index, keep } of layer.sources) {
      if (!keep.includes(1)) continue;
      for (const { start, end } of partsOf(loaded, index, keep).ranges) bytes += end - start;
    }
  } catch (error) {
    if (error instanceof LayerscopeError) return null;
    throw error;
  }
  return bytes;
}

/** Whether a new member with this path takes a single block: its name fits into any header, even with a whiteout's prefix. */
function hasPlainHeader(path: Uint8Array): boolean {
  return path.length <= LONGEST_PLAIN && path.every((byte) => byte >= 0x20 && byte < 0x7f);
}

const LONGEST_PLAIN = 100 - '.wh.'.length;

/** Returns the blob of an old layer, and the ranges of its plain tar that are kept. Throws UNSUPPORTED, BLOB_MISSING. */
function partsOf(loaded: LoadedImage, index: number, keep: Uint8Array): { readonly blob: BlobSource; readonly ranges: readonly Range[] } {
  const blob = loaded.image.layers[index]?.blob ?? null;
  const indexed = loaded.layers[index];
  if (blob === null || !indexed) throw new LayerscopeError('BLOB_MISSING', `layer ${index} is not in the archive`);
  if (indexed.status !== 'present' || indexed.table.provenance !== 'tar')
    throw new LayerscopeError('UNSUPPORTED', `layer ${index} is damaged, or was listed without being read`);
  const odd = indexed.findings.find(({ code }) => TOO_ODD.has(code));
  if (odd !== undefined) throw new LayerscopeError('UNSUPPORTED', `layer ${index} has names that other entries redirect (${odd.code})`);
  return { blob, ranges: rangesOf(indexed.table, keep, index) };
}

async function* keptBytes(
  loaded: LoadedImage,
  index: number,
  keep: Uint8Array,
  { signal, onRead }: CutOptions,
): AsyncGenerator<Uint8Array> {
  if (!keep.includes(1)) return;
  const { blob, ranges } = partsOf(loaded, index, keep);
  let at = 0;
  let next = 0;
  let turn = 0;
  for await (const piece of plainTarOf(blob, { signal })) {
    onRead?.(piece.length);
    const end = at + piece.length;
    for (let range = ranges[next]; range !== undefined && range.start < end; range = ranges[next]) {
      const from = Math.max(range.start, at);
      const to = Math.min(range.end, end);
      // Copied, because the reader reuses its buffer.
      if (to > from) yield piece.slice(from - at, to - at);
      if (range.end > end) break;
      next++;
    }
    at = end;
    if (next === ranges.length) return;
    // Reading a plain layer never waits, so let other work run now and then.
    if (at - turn < BYTES_A_TURN) continue;
    turn = at;
    await setImmediate();
  }
  if (next < ranges.length) throw new LayerscopeError('TRUNCATED', `layer ${index} ends inside a member`);
}

const BYTES_A_TURN = 8_388_608;

interface Range {
  readonly start: number;
  end: number;
}

/** Returns the ranges of the tar with the kept members; adjacent ranges are joined. */
function rangesOf(table: LayerTable, keep: Uint8Array, index: number): Range[] {
  const { headerBlock, memberCount } = table;
  const ranges: Range[] = [];
  for (let member = 0; member < memberCount; member++) {
    if (keep[member] !== 1) continue;
    const start = startOf(headerBlock[member] as number, index);
    const end = member + 1 < memberCount ? startOf(headerBlock[member + 1] as number, index) : endOfLast(table, member, index);
    const last = ranges.at(-1);
    if (last !== undefined && last.end === start) last.end = end;
    else ranges.push({ start, end });
  }
  return ranges;
}

function startOf(block: number, index: number): number {
  if (block === NO_HEADER) throw new LayerscopeError('UNSUPPORTED', `layer ${index} doesn't say where its members are`);
  return block * BLOCK;
}

function endOfLast({ headerBlock, headerBlocks, flags, type, size }: LayerTable, member: number, index: number): number {
  if (((flags[member] as number) & FLAG.sparse) !== 0)
    throw new LayerscopeError('UNSUPPORTED', `layer ${index} ends with a sparse file, whose stored size is not known`);
  const body = type[member] === TYPE.file ? Math.ceil((size[member] as number) / BLOCK) : 0;
  return ((headerBlock[member] as number) + (headerBlocks[member] as number) + body) * BLOCK;
}

function nameOf(path: Uint8Array): string {
  const text = decodeUtf8(path);
  if (text === null) throw new LayerscopeError('UNSUPPORTED', `${displayPath(path)} needs a new entry, but its name is not UTF-8`);
  return text;
}

/** Yields the tar of the new members, those that the old layers don't have, without the end-of-archive blocks. */
async function* newMembers(members: Parameters<typeof packTar>[0]): AsyncGenerator<Uint8Array> {
  let held: Uint8Array = new Uint8Array(0);
  for await (const piece of packTar(members)) {
    const bytes = Buffer.concat([held, piece]);
    const end = Math.max(0, bytes.length - END_BYTES);
    if (end > 0) yield bytes.subarray(0, end);
    held = bytes.subarray(end);
  }
}
