// Compares a file that is read whole with the digest that its layer's table of contents (TOC) states for it. Digests of pieces don't
// prove that digest, and holes may have none.
import { chunkOf, isHole, type LayerTable, wholeDigest } from '#format/layer';
import { LayerscopeError } from '#model';
import { Digester } from '../blob/digest.ts';

const NOTHING = new Uint8Array(256 * 1024);
/**
 * Maximum size of skipped holes that are still hashed for a file. A few bytes of a TOC can state a thousand files with holes of terabytes.
 */
const MAX_SKIPPED_BYTES = 1024 * 1024;

/** Hashes one file, which must be passed to it completely and in order. */
export class WholeCheck {
  readonly #stated: string;
  readonly #digester = new Digester('sha256');
  #at = 0;

  private constructor(stated: string) {
    this.#stated = stated;
  }

  /** Returns null if there is nothing to compare. */
  static of(table: LayerTable, member: number): WholeCheck | null {
    const stated = wholeDigest(table, member);
    return stated === null ? null : new WholeCheck(stated);
  }

  /** For a reader that skips holes. Also returns null if the file's holes are too large to hash. */
  static withoutHoles(table: LayerTable, member: number): WholeCheck | null {
    const check = WholeCheck.of(table, member);
    return check === null || holeBytes(table, member) > MAX_SKIPPED_BYTES ? null : check;
  }

  /** Adds bytes at an offset in the file; anything skipped before counts as zeros. */
  update(at: number, bytes: Uint8Array): void {
    this.#zeros(at);
    this.#digester.update(bytes);
    this.#at += bytes.length;
  }

  /** Call this or {@link isRight} once, at the end. Throws DIGEST_MISMATCH. */
  finish(size: number): void {
    const found = this.#digest(size);
    if (found !== this.#stated)
      throw new LayerscopeError('DIGEST_MISMATCH', `a file of the layer hashes to ${found}, but is listed as ${this.#stated}`);
  }

  isRight(size: number): boolean {
    return this.#digest(size) === this.#stated;
  }

  #digest(size: number): string {
    this.#zeros(size);
    return this.#digester.finish();
  }

  #zeros(end: number): void {
    for (; this.#at < end; this.#at += Math.min(NOTHING.length, end - this.#at))
      this.#digester.update(NOTHING.subarray(0, Math.min(NOTHING.length, end - this.#at)));
  }
}

function holeBytes(table: LayerTable, member: number): number {
  const { chunkAt, bodyAt, size } = table;
  const start = bodyAt[member] as number;
  const end = start + (size[member] as number);
  let bytes = 0;
  for (let chunk = chunkOf(table, start); chunk >= 0 && (chunkAt[chunk] as number) < end; chunk++)
    if (isHole(table, chunk)) bytes += (chunkAt[chunk + 1] as number) - (chunkAt[chunk] as number);
  return bytes;
}
