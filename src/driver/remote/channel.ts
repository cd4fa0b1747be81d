// A connection that carries frames: passes on each received frame, writes frames in order, and reports the end of the connection once.
import type { Duplex } from 'node:stream';
import { asLayerscopeError, LayerscopeError } from '#model';
import { encodeFrame, encodeJson, type Frame, FrameReader, type FrameType } from './frames.ts';

/**
 * Maximum number of bytes sent but not yet written. Credit and {@link FrameChannel.drained} hold back tar data, so only replies and events
 * can reach this limit, and only if the other side has stopped reading.
 */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** How long the other side may take to read the last frames before the connection is cut. */
const END_MS = 5_000;

export class FrameChannel {
  readonly reader = new FrameReader();
  /** Called with each frame, in order. If it throws, the connection ends. */
  onFrame: (frame: Frame) => void = () => {
    throw new LayerscopeError('BAD_REQUEST', 'an unexpected frame');
  };
  /** Resolves when the connection is closed: with the error that broke it, or null if either side ended it. */
  readonly closed: Promise<LayerscopeError | null>;
  readonly #stream: Duplex;
  #error: LayerscopeError | null = null;
  #isOver = false;
  #waiting: (() => void)[] = [];

  /** Takes ownership of the stream: nothing else may read from it or write to it. */
  constructor(stream: Duplex) {
    this.#stream = stream;
    this.closed = new Promise((resolve) => {
      stream.once('close', () => {
        this.#isOver = true;
        this.#wake();
        resolve(this.#error);
      });
      // A stream that was already closed emits no `close` event.
      if (stream.closed) resolve(this.#error);
    });
    if (stream.destroyed) this.#isOver = true;
    stream.on('drain', () => this.#wake());
    stream.on('error', (error) => this.cut(asLayerscopeError(error)));
    stream.on('end', () => this.cut(this.reader.isInside ? new LayerscopeError('IO', 'the connection ended inside a frame') : null));
    stream.on('data', (bytes: Uint8Array) => this.#take(bytes));
  }

  /** Whether the connection is over, so that nothing more can be sent. */
  get isOver(): boolean {
    return this.#isOver;
  }

  #take(bytes: Uint8Array): void {
    try {
      this.reader.push(bytes, (frame) => {
        // Frames after the one that ended the connection are ignored.
        if (!this.#isOver) this.onFrame(frame);
      });
    } catch (error) {
      this.cut(asLayerscopeError(error));
    }
  }

  /** Sends a frame; does nothing once the connection is over. Throws TOO_LARGE if the payload doesn't fit into a frame. */
  send(type: FrameType, call: number, payload?: Uint8Array): void {
    const frame = encodeFrame(type, call, payload);
    if (this.#isOver) return;
    this.#stream.write(frame);
    if (this.#stream.writableLength > MAX_WAITING_BYTES)
      this.cut(new LayerscopeError('IO', 'the other side of the connection does not read'));
  }

  sendJson(type: FrameType, call: number, value: unknown): void {
    this.send(type, call, encodeJson(value));
  }

  /** Waits until the stream accepts more data, or is closed. */
  async drained(): Promise<void> {
    while (!this.#isOver && this.#stream.writableNeedDrain) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Ends the connection once everything sent has been written. Nothing more is received or sent. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wake();
    // A peer that doesn't read must not keep this side open.
    const timer = setTimeout(() => this.#stream.destroy(), END_MS);
    timer.unref();
    this.#stream.end(() => {
      clearTimeout(timer);
      this.#stream.destroy();
    });
  }

  /** Ends the connection now. `error`: the reason; {@link closed} reports the first. */
  cut(error: LayerscopeError | null): void {
    if (!this.#isOver) this.#error ??= error;
    this.#isOver = true;
    this.#wake();
    this.#stream.destroy();
  }
}
