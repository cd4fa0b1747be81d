import { finished, grown } from '#format/layer';
import type { TarHandler, TarMember } from '#format/tar';
import { TYPE } from '#model';
import { BodySum } from './body-sum.ts';

/** Computes the `bodySums` column of a layer's table from the bodies that a TarReader passes on. */
export class BodySums implements Pick<Required<TarHandler>, 'member' | 'body'> {
  readonly #sum: BodySum;
  #capacity = 256;
  #words = new Uint32Array(512);
  #count = 0;
  /** Remaining bytes of the current body; 0 if no body is being summed. */
  #left = 0;

  /** `key`: see {@link BodySum}. */
  constructor(key: Uint8Array) {
    this.#sum = new BodySum(key);
  }

  member(member: TarMember): void {
    this.#count++;
    if (this.#count > this.#capacity) {
      this.#capacity *= 2;
      this.#words = grown(this.#words, this.#capacity * 2);
    }
    // A sparse file's stored bytes aren't its content, so such files are read when they are compared.
    this.#left = member.type === TYPE.file && member.sparse === null ? member.size : 0;
    if (this.#left > 0) this.#sum.begin();
  }

  body(bytes: Uint8Array, start: number, end: number): void {
    if (this.#left === 0) return;
    this.#sum.update(bytes, start, end);
    this.#left -= end - start;
    if (this.#left > 0) return;
    this.#sum.finish();
    const at = (this.#count - 1) * 2;
    this.#words[at] = this.#sum.low;
    this.#words[at + 1] = this.#sum.high;
  }

  finish(memberCount: number): Uint32Array<ArrayBuffer> {
    return finished(this.#words, memberCount * 2);
  }
}
