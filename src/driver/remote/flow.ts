// Flow control for one call's bytes: the receiver grants credit, and the sender never has more bytes in flight than that.
import { LayerscopeError } from '#model';
import type { FrameChannel } from './channel.ts';
import { encodeCount, FRAME } from './frames.ts';

/** Credit that a receiver grants initially, and thus the maximum that is buffered for one call. */
export const WINDOW_BYTES = 512 * 1024;
/** Size of a data frame's payload. */
export const PIECE_BYTES = 64 * 1024;
/** Minimum credit to grant at a time for bytes that were read, to avoid one credit frame per data frame. */
const GRANT_BYTES = WINDOW_BYTES / 4;
/** Small pieces are joined up to this size, because even a one-byte piece takes about a hundred bytes of memory. */
const SMALL_BYTES = 4096;
const MAX_CREDIT_BYTES = 0xffff_ffff;

/** The receiving end, with one reader. */
export class Inflow {
  readonly #channel: FrameChannel;
  readonly #call: number;
  #queue: Uint8Array[] = [];
  #isOpen = false;
  /** Bytes granted but not yet received. */
  #allowed = 0;
  /** Bytes read but not yet granted again. */
  #read = 0;
  #isEnded = false;
  #error: unknown = null;
  #wake: () => void = () => {};

  constructor(channel: FrameChannel, call: number) {
    this.#channel = channel;
    this.#call = call;
  }

  /** Grants the first window. No data may arrive before that. */
  open(): void {
    if (this.#isOpen || this.#error !== null) return;
    this.#isOpen = true;
    this.#allow(WINDOW_BYTES);
  }

  #allow(bytes: number): void {
    this.#allowed += bytes;
    this.#channel.send(FRAME.credit, this.#call, encodeCount(bytes));
  }

  /** Queues received bytes. Throws BAD_REQUEST for bytes that exceed the credit, for empty data, and for data after the end. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) throw new LayerscopeError('BAD_REQUEST', 'a data frame without data');
    if (bytes.length > this.#allowed)
      throw new LayerscopeError('BAD_REQUEST', `received ${bytes.length} bytes, but ${this.#allowed} were granted`);
    this.#allowed -= bytes.length;
    if (this.#error !== null) return;
    if (this.#isEnded) throw new LayerscopeError('BAD_REQUEST', 'data after its end');
    const last = this.#queue.at(-1);
    if (last !== undefined && last.length + bytes.length <= SMALL_BYTES) this.#queue[this.#queue.length - 1] = Buffer.concat([last, bytes]);
    else this.#queue.push(bytes);
    this.#wake();
  }

  /** Marks the end of the data. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** Ends the data with an error, which the reader gets after the queued bytes. The first error wins. */
  fail(error: unknown): void {
    if (!this.#isEnded) this.#error ??= error;
    this.#wake();
  }

  /** Drops the queued bytes; the reader gets the error at once. */
  cut(error: unknown): void {
    this.#queue = [];
    this.#error ??= error;
    this.#wake();
  }

  /** Returns the next bytes, which the caller owns; null at the end. */
  async take(): Promise<Uint8Array | null> {
    for (;;) {
      const bytes = this.#queue.shift();
      if (bytes !== undefined) {
        this.#read += bytes.length;
        if (this.#read >= GRANT_BYTES && !this.#isEnded) {
          this.#allow(this.#read);
          this.#read = 0;
        }
        return bytes;
      }
      if (this.#error !== null) throw this.#error;
      if (this.#isEnded) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** The sending end, with one writer. */
export class Outflow {
  readonly #channel: FrameChannel;
  readonly #call: number;
  #credit = 0;
  #isStopped = false;
  #wake: () => void = () => {};

  constructor(channel: FrameChannel, call: number) {
    this.#channel = channel;
    this.#call = call;
  }

  /** Adds credit. Throws BAD_REQUEST if the total exceeds 32 bits. */
  grant(bytes: number): void {
    this.#credit += bytes;
    if (this.#credit > MAX_CREDIT_BYTES) throw new LayerscopeError('BAD_REQUEST', 'too much credit');
    this.#wake();
  }

  /** Stops sending, and wakes a waiting sender. */
  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Waits until bytes may be sent. Returns false once {@link Outflow.stop} was called. */
  async ready(): Promise<boolean> {
    while (!this.#isStopped && this.#credit === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (!this.#isStopped) await this.#channel.drained();
    return !this.#isStopped && !this.#channel.isOver;
  }

  /** Sends all bytes as credit allows; the caller may reuse the buffer afterwards. Returns false if stopped before the end. */
  async send(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length; ) {
      if (!(await this.ready())) return false;
      const piece = bytes.subarray(at, at + Math.min(PIECE_BYTES, this.#credit));
      this.#credit -= piece.length;
      at += piece.length;
      this.#channel.send(FRAME.data, this.#call, piece);
    }
    return true;
  }
}
