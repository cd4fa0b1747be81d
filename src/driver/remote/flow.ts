// Bytes of one call, paced by credit: the receiver grants, the sender never has more on its way than was granted.
import { LayerscopeError } from '#model';
import type { FrameChannel } from './channel.ts';
import { encodeCount, FRAME } from './frames.ts';

/** What a receiver grants at first, and so the most that it keeps of one call. */
export const WINDOW_BYTES = 512 * 1024;
/** Of one data frame. */
export const PIECE_BYTES = 64 * 1024;
/** What was read is granted again from here on: not a frame of credit for each frame of data. */
const GRANT_BYTES = WINDOW_BYTES / 4;
/** Small pieces are put together up to this: a piece of one byte would cost a hundred times that. */
const SMALL_BYTES = 4096;
const MAX_CREDIT_BYTES = 0xffff_ffff;

/** The receiving end: read by one reader. */
export class Inflow {
  readonly #channel: FrameChannel;
  readonly #call: number;
  #queue: Uint8Array[] = [];
  #isOpen = false;
  /** Granted, and not come yet. */
  #allowed = 0;
  /** Read, and not granted again yet. */
  #read = 0;
  #isEnded = false;
  #error: unknown = null;
  #wake: () => void = () => {};

  constructor(channel: FrameChannel, call: number) {
    this.#channel = channel;
    this.#call = call;
  }

  /** Grants the first bytes. Nothing may come before. */
  open(): void {
    if (this.#isOpen || this.#error !== null) return;
    this.#isOpen = true;
    this.#allow(WINDOW_BYTES);
  }

  #allow(bytes: number): void {
    this.#allowed += bytes;
    this.#channel.send(FRAME.credit, this.#call, encodeCount(bytes));
  }

  /** BAD_REQUEST: more than was granted, nothing, or behind the end. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) throw new LayerscopeError('BAD_REQUEST', 'a data frame without data');
    if (bytes.length > this.#allowed)
      throw new LayerscopeError('BAD_REQUEST', `${bytes.length} bytes came where ${this.#allowed} were granted`);
    this.#allowed -= bytes.length;
    if (this.#error !== null) return;
    if (this.#isEnded) throw new LayerscopeError('BAD_REQUEST', 'data behind its end');
    const last = this.#queue.at(-1);
    if (last !== undefined && last.length + bytes.length <= SMALL_BYTES) this.#queue[this.#queue.length - 1] = Buffer.concat([last, bytes]);
    else this.#queue.push(bytes);
    this.#wake();
  }

  /** All has come. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** All has come that will: what is kept is read, then the error is thrown. The first one counts. */
  fail(error: unknown): void {
    if (!this.#isEnded) this.#error ??= error;
    this.#wake();
  }

  /** What is kept is dropped, and the error thrown to who reads. */
  cut(error: unknown): void {
    this.#queue = [];
    this.#error ??= error;
    this.#wake();
  }

  /** The next bytes, the reader's own; null: the end. */
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

/** The sending end: written by one writer. */
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

  /** BAD_REQUEST: more than anyone grants. */
  grant(bytes: number): void {
    this.#credit += bytes;
    if (this.#credit > MAX_CREDIT_BYTES) throw new LayerscopeError('BAD_REQUEST', 'more credit than there is');
    this.#wake();
  }

  /** Nothing more is sent: who waits to send goes on. */
  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Waits until something may be sent. False: it was stopped. */
  async ready(): Promise<boolean> {
    while (!this.#isStopped && this.#credit === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (!this.#isStopped) await this.#channel.drained();
    return !this.#isStopped && !this.#channel.isOver;
  }

  /** Sends all of them, as credit comes; they may be written over afterwards. False: it was stopped before. */
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
