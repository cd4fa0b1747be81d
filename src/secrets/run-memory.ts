import { type ByteSet, distinctBytes, findText, runEnd, URL_BASE64 } from './characters.ts';

/**
 * Caches what is known about one run of token bytes. Tokens in a run may overlap: in `xoxb-xoxb-…` one starts at every fifth byte. Each of
 * them needs the same bytes, which are examined once.
 */
export class RunMemory {
  #runFrom = 0;
  #runEnd = 0;
  #textFrom = new Map<string, { from: number; to: number; at: number }>();
  #dullFrom = 0;
  #dullEnd = 0;

  /** Forgets everything, because another run begins or the bytes have moved. */
  clear(): void {
    this.#runFrom = this.#runEnd = this.#dullFrom = this.#dullEnd = 0;
    if (this.#textFrom.size > 0) this.#textFrom.clear();
  }

  /**
   * Like {@link runEnd}, but caches runs of URL_BASE64. The other sets contain no byte that separates words, so their runs never overlap.
   */
  runEnd(bytes: Uint8Array, set: ByteSet, from: number, to: number): number {
    if (set !== URL_BASE64) return runEnd(bytes, set, from, to);
    const isKnown = from >= this.#runFrom && from < this.#runEnd;
    if (!isKnown) this.#runFrom = from;
    const known = isKnown ? this.#runEnd : from;
    if (known < to) this.#runEnd = runEnd(bytes, set, known, to);
    return Math.min(this.#runEnd, to);
  }

  /** Like {@link findText}. Within a run, calls must be in ascending order of `from`. */
  findText(bytes: Uint8Array, text: string, from: number, to: number): number {
    const known = this.#textFrom.get(text);
    if (known === undefined || from < known.from) return this.#searchText(bytes, text, from, from, to);
    if (known.at >= from) return known.at + text.length <= to ? known.at : -1;
    if (known.at >= 0) return this.#searchText(bytes, text, from, from, to);
    // The text isn't between `known.from` and `known.to`, but it may begin shortly before that end and extend beyond it.
    return to <= known.to ? -1 : this.#searchText(bytes, text, known.from, Math.max(from, known.to - text.length + 1), to);
  }

  #searchText(bytes: Uint8Array, text: string, since: number, from: number, to: number): number {
    const at = findText(bytes, text, from, to);
    this.#textFrom.set(text, { from: since, to, at });
    return at;
  }

  /** Whether there are fewer than `fewest` distinct bytes. `fewest` must be the same in all calls. */
  isDull(bytes: Uint8Array, from: number, to: number, fewest: number): boolean {
    // Any part of a dull range is dull.
    if (from >= this.#dullFrom && to <= this.#dullEnd) return true;
    if (distinctBytes(bytes, from, to) >= fewest) return false;
    this.#dullFrom = from;
    this.#dullEnd = to;
    return true;
  }
}
