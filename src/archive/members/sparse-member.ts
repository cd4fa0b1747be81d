import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { displayText, LayerscopeError } from '#model';
import { SourceFile, systemError } from '../blob/source-file.ts';

/** Offset and length of each stored part, ordered by offset. */
export type SparseMap = readonly (readonly [offset: number, length: number])[];

export interface SparseMember {
  readonly name: string;
  /** Offset of the first stored byte. */
  readonly start: number;
  readonly storedBytes: number;
  readonly map: SparseMap;
  /** Size in bytes, including holes. */
  readonly size: number;
}

/** Maximum size: no real layer is this large, and expanding more would only waste time. */
const MAX_BYTES = 2 ** 36;
const CHUNK = 1024 * 1024;

/** Expands a sparse member into a file. Holes become zeros, which take no space if the file system supports that. Throws TOO_LARGE, IO. */
export function layOutSparse(tar: string, identity: string | null, member: SparseMember, target: string): void {
  const { name, size } = member;
  if (size > MAX_BYTES)
    throw new LayerscopeError('TOO_LARGE', `${displayText(name)} is a sparse file of ${size} bytes; the limit is ${MAX_BYTES}`);
  using source = new SourceFile(tar, identity);
  let descriptor: number;
  try {
    descriptor = openSync(target, 'wx');
  } catch (error) {
    throw systemError(error, target);
  }
  try {
    copyStored(source, member, descriptor);
    ftruncateSync(descriptor, size);
  } catch (error) {
    throw systemError(error, target);
  } finally {
    closeSync(descriptor);
  }
}

/** Copies the stored parts. If data is missing at the end, zeros remain. */
function copyStored(source: SourceFile, { start, storedBytes, map }: SparseMember, descriptor: number): void {
  const buffer = new Uint8Array(CHUNK);
  let stored = 0;
  for (const [offset, length] of map) {
    for (let at = 0; at < length && stored < storedBytes; ) {
      const count = source.read(buffer, start + stored, Math.min(CHUNK, length - at, storedBytes - stored));
      if (count === 0) return;
      for (let done = 0; done < count; ) done += writeSync(descriptor, buffer, done, count - done, offset + at + done);
      at += count;
      stored += count;
    }
  }
}
