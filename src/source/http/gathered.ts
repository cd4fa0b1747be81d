/** Pieces of at least this many bytes are kept as they arrive; smaller ones are copied together. */
const LARGE_PIECE = 16 * 1024;
const BLOCK_BYTES = 64 * 1024;

/**
 * Gathers the pieces of a body. A piece takes about 450 bytes of memory besides its content, and a server decides how small pieces are, so
 * small ones are copied into blocks.
 */
export class Gathered {
  readonly #whole: Uint8Array[] = [];
  #block = new Uint8Array(0);
  #used = 0;

  add(piece: Uint8Array): void {
    if (piece.length >= LARGE_PIECE) {
      this.#endBlock();
      this.#whole.push(piece);
      return;
    }
    if (this.#used + piece.length > this.#block.length) {
      this.#endBlock();
      this.#block = new Uint8Array(BLOCK_BYTES);
    }
    this.#block.set(piece, this.#used);
    this.#used += piece.length;
  }

  /** Returns everything added so far, in one array with its own buffer. */
  bytes(): Uint8Array {
    this.#endBlock();
    return new Uint8Array(Buffer.concat(this.#whole));
  }

  #endBlock(): void {
    if (this.#used > 0) this.#whole.push(this.#block.subarray(0, this.#used));
    this.#block = this.#block.subarray(this.#used);
    this.#used = 0;
  }
}
