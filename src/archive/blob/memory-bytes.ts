import { LayerscopeError } from '#model';
import { type Decompressed, decompress, faultOf, type PackedAs } from './decompress.ts';
import { freePiece } from './inflate-stream.ts';
import type { FileRange, OpenBytes } from './source-file.ts';

/** Bytes in memory that read like a file. */
class MemoryBytes implements OpenBytes {
  readonly path: string;
  readonly #bytes: Uint8Array;
  readonly isOpen = true;

  /** `path` is used in messages. */
  constructor(path: string, bytes: Uint8Array) {
    this.path = path;
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(target: Uint8Array, position: number, length: number = target.length, at = 0): number {
    const piece = this.#bytes.subarray(position, position + length);
    target.set(piece, at);
    return piece.length;
  }

  refuseChanged(): void {}

  [Symbol.dispose](): void {}
}

/** Opens bytes in memory as a blob. */
export function memoryRange(path: string, bytes: Uint8Array): FileRange {
  return { file: new MemoryBytes(path, bytes), start: 0, length: bytes.length };
}

/**
 * Unpacks bytes in memory to at most `most` plain bytes and ignores the rest. Throws DAMAGED, TRUNCATED, UNSUPPORTED if a defect prevents
 * that; `what` names the input in the message.
 */
export async function unpackBytes(what: string, bytes: Uint8Array, compression: PackedAs, most: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let count = 0;
  const take = (piece: Uint8Array): boolean => {
    pieces.push(piece);
    count += piece.length;
    return count < most;
  };
  const ended: Decompressed = await decompress(memoryRange(what, bytes), compression, take);
  const fault = faultOf(ended);
  if (fault !== null && count < most) throw new LayerscopeError(fault, `${what}: ${ended.message}`);
  return joined(pieces, Math.min(count, most));
}

/** Joins pieces into `length` bytes and frees their memory. */
function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece.subarray(0, length - at), at);
    at += piece.length;
    freePiece(piece);
  }
  return all;
}
