import { FLAG, type LayerTable } from '#format/layer';
import { displayText, LayerscopeError, TYPE } from '#model';
import type { PlainBytes } from './plain-bytes.ts';
import { findMember } from './raw-member.ts';
import type { IndexedLayer } from './types.ts';

const BLOCK = 512;
const CHUNK = 256 * 1024;

/** After so many bytes others on this thread have a turn: files are read without waiting for the disk. Reading a chunk counts as more. */
const TURN_BYTES = 1 << 20;
const CHUNK_COST = 4_096;
let sinceTurn = 0;

/** A stretch of a file: stored at `at` of the tar, or a hole. Offsets of the file. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  /** -1: a hole. */
  readonly at: number;
}

/**
 * Bytes of a regular file's body from `start` to `end`, holes as zeros, in chunks that are the caller's.
 * Throws NOT_FOUND for what is no file, TRUNCATED where the tar ends before the body does, and what `bytes` throws.
 */
export async function* readBodyBytes(
  bytes: PlainBytes,
  { table }: IndexedLayer,
  member: number,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  if (!(member >= 0 && member < table.memberCount) || table.type[member] !== TYPE.file) {
    throw new LayerscopeError('NOT_FOUND', `entry ${displayText(String(member))} of the layer is no file`);
  }
  const size = table.size[member] as number;
  const last = Math.min(size, end);
  if (start >= last) return;
  for (const stretch of await stretchesOf(bytes, table, member, start)) {
    for (let at = Math.max(start, stretch.start); at < Math.min(last, stretch.end); ) {
      const length = Math.min(CHUNK, last - at, stretch.end - at);
      const chunk = stretch.at < 0 ? new Uint8Array(length) : await bytes.read(stretch.at + at - stretch.start, length);
      if (chunk.length === 0) throw new LayerscopeError('TRUNCATED', `the layer ends inside the file: ${size - at} bytes are missing`);
      sinceTurn += chunk.length + CHUNK_COST;
      if (sinceTurn >= TURN_BYTES) {
        sinceTurn = 0;
        await new Promise((resolve) => setImmediate(resolve));
      }
      yield chunk;
      at += chunk.length;
    }
  }
}

/** What a regular file is made of, from the stretch that holds `start` on. Throws what `bytes` throws. */
export function stretchesOf(
  bytes: PlainBytes,
  table: LayerTable,
  member: number,
  start: number,
): readonly Stretch[] | Promise<readonly Stretch[]> {
  const size = table.size[member] as number;
  const header = (table.headerBlock[member] as number) * BLOCK;
  if (((table.flags[member] as number) & FLAG.sparse) !== 0) return sparseStretches(bytes, header, member, size, start);
  return [{ start: 0, end: size, at: header + (table.headerBlocks[member] as number) * BLOCK }];
}

/** What a sparse file is made of, from the stretch that holds `start` on. */
async function sparseStretches(bytes: PlainBytes, header: number, member: number, size: number, start: number): Promise<Stretch[]> {
  const { raw, dataOffset } = await findMember(bytes, header, member);
  const stretches: Stretch[] = [];
  let at = 0;
  let stored = dataOffset;
  const add = (end: number, from: number): void => {
    if (end > at && end > start) stretches.push({ start: at, end, at: from });
    at = Math.max(at, end);
  };
  for (const [offset, length] of raw.sparse ?? []) {
    add(offset, -1);
    add(offset + length, stored);
    stored += length;
  }
  add(size, -1);
  return stretches;
}
