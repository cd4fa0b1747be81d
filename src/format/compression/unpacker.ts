/** Unpacks one kind of compressed data, piece by piece, in bounded memory: what the standard library of Node.js cannot. */
export interface Unpacker {
  /** Takes packed bytes in. They are copied. */
  push(bytes: Uint8Array): void;
  /** No more packed bytes follow. */
  end(): void;
  /**
   * The next plain bytes, the caller's to keep; null where more packed bytes are needed, or all is out ({@link done}).
   * Throws DAMAGED, TRUNCATED (after {@link end} only), UNSUPPORTED, TOO_LARGE; what came out before stands.
   */
  next(): Uint8Array | null;
  /** Every stream is out. Bytes that follow and begin no further stream are not touched. */
  readonly done: boolean;
  /** Packed bytes that were used so far. */
  readonly usedBytes: number;
}

/** Bytes that were pushed and not used yet, in one piece. */
export class ByteQueue {
  bytes: Uint8Array = new Uint8Array(64 * 1024);
  /** Of the first byte that isn't used. */
  start = 0;
  end = 0;
  ended = false;
  /** Bytes before `bytes[0]`. */
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
