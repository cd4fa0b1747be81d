/**
 * Searches for a string of any length byte by byte, ignoring the case of A to Z (Knuth–Morris–Pratt). A state is the number of bytes
 * matched; as with a path pattern, the state after a folder's path is the initial state of its children.
 */
export class LongText {
  readonly #text: Uint8Array;
  /** By the number of bytes matched: how many still match after a mismatch. */
  readonly #back: Uint32Array;

  constructor(text: Uint8Array) {
    this.#text = text.map(lower);
    this.#back = new Uint32Array(text.length + 1);
    for (let at = 1; at < text.length; at++) this.#back[at + 1] = this.#next(this.#back[at] as number, this.#text[at] as number);
  }

  /** The state of a complete match, which is final. */
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
