/**
 * A text of any length looked for in bytes that come one after another, A to Z in either case: Knuth, Morris and Pratt's. A state is how
 * many bytes of the text are matched; as with a path pattern, that after a folder's path is where its children go on.
 */
export class LongText {
  readonly #text: Uint8Array;
  /** By how many bytes are matched: how many of them still are where the next one doesn't fit. */
  readonly #back: Uint32Array;

  constructor(text: Uint8Array) {
    this.#text = text.map(lower);
    this.#back = new Uint32Array(text.length + 1);
    for (let at = 1; at < text.length; at++) this.#back[at + 1] = this.#next(this.#back[at] as number, this.#text[at] as number);
  }

  /** The state of a whole match; it stays. */
  get found(): number {
    return this.#text.length;
  }

  step(state: number, byte: number): number {
    return state === this.#text.length ? state : this.#next(state, lower(byte));
  }

  #next(state: number, byte: number): number {
    let matched = state;
    while (matched > 0 && this.#text[matched] !== byte) matched = this.#back[matched] as number;
    return this.#text[matched] === byte ? matched + 1 : 0;
  }
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}
