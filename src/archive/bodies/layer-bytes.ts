// Compares two bodies in place, without holding either in memory. Holes of sparse files are skipped, so the time depends on what is
// stored, not on the stated size.

import type { LayerTable } from '#format/layer';
import { LayerscopeError, throwIfCancelled } from '#model';
import type { PlainBytes } from './plain-bytes.ts';
import { type Stretch, stretchesOf } from './read-body.ts';
import { WholeCheck } from './whole-check.ts';

/** A layer whose file stays open while many of its bodies are read. The caller disposes of it. */
export class LayerBytes implements AsyncDisposable {
  readonly table: LayerTable;
  readonly bytes: PlainBytes;

  constructor(table: LayerTable, bytes: PlainBytes) {
    this.table = table;
    this.bytes = bytes;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.bytes[Symbol.asyncDispose]());
  }
}

/** A regular file of a layer. */
export interface BodyIn {
  readonly layer: LayerBytes;
  readonly member: number;
}

export interface SameBodyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes of each body that were compared since the last call. */
  readonly onBytes?: (count: number) => void;
}

/** Size of the first piece to compare. It is small, because most files that differ do so early. */
const FIRST_PIECE = 16 * 1024;
const LARGEST_PIECE = 256 * 1024;
/** Bytes after which this thread yields to other work. Each comparison counts as BODY_COST bytes more. */
const TURN_BYTES = 4 << 20;
const BODY_COST = 16 * 1024;

/** Compares bodies, one pair after another, using its own two buffers. */
export class BodyComparer {
  readonly #left = Buffer.allocUnsafeSlow(LARGEST_PIECE);
  readonly #right = Buffer.allocUnsafeSlow(LARGEST_PIECE);
  #sinceTurn = 0;

  /**
   * Whether two bodies of equal size are identical. Null if they are, but either of them doesn't match the digest in its table of contents.
   * Stops at the first difference. Throws TRUNCATED, DAMAGED, IO, CANCELLED.
   */
  async isSame(a: BodyIn, b: BodyIn, { signal, onBytes }: SameBodyOptions = {}): Promise<boolean | null> {
    const partsA = await stretchesOf(a.layer.bytes, a.layer, a.member, 0, Number.POSITIVE_INFINITY);
    const partsB = await stretchesOf(b.layer.bytes, b.layer, b.member, 0, Number.POSITIVE_INFINITY);
    const size = a.layer.table.size[a.member] as number;
    const [checkA, checkB] = [a, b].map(({ layer, member }) => WholeCheck.withoutHoles(layer.table, member));
    let piece = FIRST_PIECE;
    let [atA, atB] = [0, 0];
    this.#sinceTurn += BODY_COST;
    for (let at = 0; at < size; ) {
      while ((partsA[atA]?.end ?? size) <= at) atA++;
      while ((partsB[atB]?.end ?? size) <= at) atB++;
      const [left, right] = [partAt(partsA, atA), partAt(partsB, atB)];
      const end = Math.min(left.end, right.end);
      throwIfCancelled(signal);
      if (left.at < 0 && right.at < 0) {
        onBytes?.(end - at);
        at = end;
        continue;
      }
      const length = Math.min(piece, end - at);
      await this.#fill(this.#left, a, left, at, length);
      await this.#fill(this.#right, b, right, at, length);
      checkA?.update(at, this.#left.subarray(0, length));
      checkB?.update(at, this.#right.subarray(0, length));
      if (this.#left.compare(this.#right, 0, length, 0, length) !== 0) return false;
      onBytes?.(length);
      at += length;
      piece = Math.min(piece * 2, LARGEST_PIECE);
      await this.#rest(length);
    }
    const isAsListed = [checkA, checkB].every((check) => check?.isRight(size) ?? true);
    return isAsListed ? true : null;
  }

  /** Copies `length` bytes of the body, starting at `at`, into the buffer. */
  async #fill(target: Buffer, { layer }: BodyIn, part: Stretch, at: number, length: number): Promise<void> {
    if (part.at < 0) {
      target.fill(0, 0, length);
      return;
    }
    for (let got = 0; got < length; ) {
      const wanted = layer.bytes.fill(target, got, part.at + at + got - part.start, length - got);
      const count = typeof wanted === 'number' ? wanted : await wanted;
      if (count === 0) throw new LayerscopeError('TRUNCATED', 'the layer ends inside a file');
      got += count;
    }
  }

  async #rest(bytes: number): Promise<void> {
    this.#sinceTurn += bytes;
    if (this.#sinceTurn < TURN_BYTES) return;
    this.#sinceTurn = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function partAt(parts: readonly Stretch[], index: number): Stretch {
  const part = parts[index];
  if (part === undefined) throw new LayerscopeError('INTERNAL', 'the parts of a file end before it does');
  return part;
}
