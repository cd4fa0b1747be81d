/** Decompresses data piece by piece, in bounded memory. */
export interface Unpacker {
  /** Adds compressed bytes, making a copy. */
  push(bytes: Uint8Array): void;
  /** Ends the compressed input. */
  end(): void;
  /**
   * Returns the next decompressed bytes, which the caller owns; null if more input is needed, or at the end ({@link done}). Throws DAMAGED,
   * TRUNCATED (only after {@link end}), UNSUPPORTED, TOO_LARGE; bytes returned before the error are valid.
   */
  next(): Uint8Array | null;
  /** Whether every stream was decompressed. Later bytes that don't begin another stream are ignored. */
  readonly done: boolean;
  /** Number of compressed bytes used so far. */
  readonly usedBytes: number;
}

/** Pushed bytes that haven't been used yet, as one array. */
export class ByteQueue {
  bytes: Uint8Array = new Uint8Array(64 * 1024);
  /** Index of the first unused byte. */
  start = 0;
  end = 0;
  ended = false;
  /** Number of bytes that preceded `bytes[0]`. */
  #before = 0;

  get length(): number {
    return this.end - this.start;
  }

  get used(): number {
    return this.#before + this.start;
  }

  push(piece: Uint8Array): void {
    if (this.end + piece.length > this.bytes.length) this.#makeRoom(piece.length);
    this.bytes.set(piece, this.end);
    this.end += piece.length;
  }

  #makeRoom(more: number): void {
    const kept = this.bytes.subarray(this.start, this.end);
    const needed = kept.length + more;
    const target = needed > this.bytes.length ? new Uint8Array(Math.max(needed, this.bytes.length * 2)) : this.bytes;
    if (target === this.bytes) target.copyWithin(0, this.start, this.end);
    else target.set(kept);
    this.#before += this.start;
    this.end = kept.length;
    this.start = 0;
    this.bytes = target;
  }
}
