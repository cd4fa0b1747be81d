import { chunkOf, FLAG, isHole, type LayerTable } from '#format/layer';
import { displayText, LayerscopeError, TYPE } from '#model';
import type { IndexedLayer, StoredPiece } from '../types.ts';
import type { PlainBytes } from './plain-bytes.ts';
import { findMember } from './raw-member.ts';
import { WholeCheck } from './whole-check.ts';

const BLOCK = 512;
const CHUNK = 256 * 1024;

/** Bytes after which this thread yields to other work, because files are read synchronously. Each chunk counts as CHUNK_COST bytes more. */
const TURN_BYTES = 1 << 20;
const CHUNK_COST = 4_096;
let sinceTurn = 0;

/** A stretch of a file: stored at offset `at` of the tar, or a hole. Other offsets are relative to the file. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  /** -1 for a hole. */
  readonly at: number;
}

/**
 * Yields a regular file's body from `start` to `end`, holes as zeros, in chunks owned by the caller. Throws NOT_FOUND if the entry isn't a
 * file; TRUNCATED if the tar ends before the body does; DIGEST_MISMATCH at the end of a whole body that doesn't match its layer's table of
 * contents; and what `bytes` throws.
 */
export async function* readBodyBytes(
  bytes: PlainBytes,
  indexed: IndexedLayer,
  member: number,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const stretches = await stretchesOf(bytes, indexed, member, start, end);
  const size = indexed.table.size[member] as number;
  const check = start === 0 && end >= size ? WholeCheck.of(indexed.table, member) : null;
  for (const stretch of stretches) {
    if (stretch.at >= 0) {
      for await (const piece of piecesOf(bytes, stretch, indexed, member)) {
        check?.update(piece.at, piece.bytes);
        yield piece.bytes;
      }
      continue;
    }
    for (let at = stretch.start; at < stretch.end; at += CHUNK) {
      const length = Math.min(CHUNK, stretch.end - at);
      await takeTurns(length);
      const zeros = new Uint8Array(length);
      check?.update(at, zeros);
      yield zeros;
    }
  }
  check?.finish(size);
}

/** Yields the stored parts of a regular file's body in order, without holes. Throws what {@link readBodyBytes} throws. */
export async function* storedPieces(bytes: PlainBytes, indexed: IndexedLayer, member: number): AsyncGenerator<StoredPiece> {
  const stretches = await stretchesOf(bytes, indexed, member, 0, Number.POSITIVE_INFINITY);
  const check = WholeCheck.withoutHoles(indexed.table, member);
  for (const stretch of stretches) {
    if (stretch.at < 0) continue;
    for await (const piece of piecesOf(bytes, stretch, indexed, member)) {
      check?.update(piece.at, piece.bytes);
      yield piece;
    }
  }
  check?.finish(indexed.table.size[member] as number);
}

async function* piecesOf(bytes: PlainBytes, stretch: Stretch, { table }: IndexedLayer, member: number): AsyncGenerator<StoredPiece> {
  for (let at = stretch.start; at < stretch.end; ) {
    const chunk = await bytes.read(stretch.at + at - stretch.start, Math.min(CHUNK, stretch.end - at));
    if (chunk.length === 0) {
      const missing = (table.size[member] as number) - at;
      throw new LayerscopeError('TRUNCATED', `the layer ends inside the file: ${missing} bytes are missing`);
    }
    await takeTurns(chunk.length);
    yield { at, bytes: chunk };
    at += chunk.length;
  }
}

async function takeTurns(length: number): Promise<void> {
  sinceTurn += length + CHUNK_COST;
  if (sinceTurn < TURN_BYTES) return;
  sinceTurn = 0;
  await new Promise((resolve) => setImmediate(resolve));
}

/** Lists the stretches of a file between `start` and `end`, in order. Throws what {@link readBodyBytes} throws. */
export async function stretchesOf(
  bytes: PlainBytes,
  { table }: Pick<IndexedLayer, 'table'>,
  member: number,
  start: number,
  end: number,
): Promise<readonly Stretch[]> {
  if (!(member >= 0 && member < table.memberCount) || table.type[member] !== TYPE.file) {
    throw new LayerscopeError('NOT_FOUND', `entry ${displayText(String(member))} of the layer is not a file`);
  }
  const size = table.size[member] as number;
  const last = Math.min(size, end);
  if (start >= last) return [];
  if (table.bodyAt.length > 0) return pieceStretches(table, table.bodyAt[member] as number, start, last);
  const header = (table.headerBlock[member] as number) * BLOCK;
  if (((table.flags[member] as number) & FLAG.sparse) === 0) {
    return [{ start, end: last, at: header + (table.headerBlocks[member] as number) * BLOCK + start }];
  }
  const stretches = await sparseStretches(bytes, header, member, size, start);
  return stretches.flatMap((stretch) => {
    const from = Math.max(start, stretch.start);
    const to = Math.min(last, stretch.end);
    return from >= to ? [] : [{ start: from, end: to, at: stretch.at < 0 ? -1 : stretch.at + from - stretch.start }];
  });
}

/** Lists the stretches of a file whose contents begin at the address `at`. Pieces without stored bytes are holes. */
function pieceStretches(table: LayerTable, at: number, start: number, last: number): readonly Stretch[] {
  const { chunkAt } = table;
  const pieces = chunkAt.length - 1;
  const first = chunkOf(table, at + start);
  // In a table without pieces, addresses are offsets in the plain tar.
  if (first < 0) return [{ start, end: last, at: at + start }];
  const stretches: Stretch[] = [];
  let from = start;
  for (let chunk = first; from < last; ) {
    const isStored = !isHole(table, chunk);
    do chunk++;
    while (chunk < pieces && (chunkAt[chunk] as number) < at + last && isHole(table, chunk) !== isStored);
    const end = chunk < pieces ? Math.min(last, (chunkAt[chunk] as number) - at) : last;
    stretches.push({ start: from, end, at: isStored ? at + from : -1 });
    from = end;
  }
  return stretches;
}

/** Lists the stretches of a sparse file, beginning with the one that contains `start`. */
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
