// One connection as frames: what comes is handed on frame by frame, what goes is written in order, and its end is told once.
import type { Duplex } from 'node:stream';
import { asLayerscopeError, LayerscopeError } from '#model';
import { encodeFrame, encodeJson, type Frame, FrameReader, type FrameType } from './frames.ts';

/**
 * Of what was sent and isn't taken yet. Tar data waits for the other side by credit and by {@link FrameChannel.drained}, so only answers and
 * events add up to this: who lets them doesn't read.
 */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** How long the last frames may take to be read before the connection is cut. */
const END_MS = 5_000;

export class FrameChannel {
  readonly reader = new FrameReader();
  /** Takes each frame in order. What it throws ends the connection. */
  onFrame: (frame: Frame) => void = () => {
    throw new LayerscopeError('BAD_REQUEST', 'a frame that nobody waits for');
  };
  /** Resolves when the connection is gone: with what broke it, or null where one of the two sides ended it. */
  readonly closed: Promise<LayerscopeError | null>;
  readonly #stream: Duplex;
  #error: LayerscopeError | null = null;
  #isOver = false;
  #waiting: (() => void)[] = [];

  /** Takes the stream over: nobody else may read from it or write into it. */
  constructor(stream: Duplex) {
    this.#stream = stream;
    this.closed = new Promise((resolve) => {
      stream.once('close', () => {
        this.#isOver = true;
        this.#wake();
        resolve(this.#error);
      });
      // A stream that was closed before it came here says so no more.
      if (stream.closed) resolve(this.#error);
    });
    if (stream.destroyed) this.#isOver = true;
    stream.on('drain', () => this.#wake());
    stream.on('error', (error) => this.cut(asLayerscopeError(error)));
    stream.on('end', () => this.cut(this.reader.isInside ? new LayerscopeError('IO', 'the connection ended inside a frame') : null));
    stream.on('data', (bytes: Uint8Array) => this.#take(bytes));
  }

  /** Whether nothing can be sent any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  #take(bytes: Uint8Array): void {
    try {
      this.reader.push(bytes, (frame) => {
        // What lies behind the frame that ended the connection is not looked at.
        if (!this.#isOver) this.onFrame(frame);
      });
    } catch (error) {
      this.cut(asLayerscopeError(error));
    }
  }

  /** Sends a frame; nothing where the connection is over, which {@link closed} tells. TOO_LARGE: the payload is no frame's. */
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

  /** Waits until the stream takes more, or is gone. */
  async drained(): Promise<void> {
    while (!this.#isOver && this.#stream.writableNeedDrain) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Ends the connection when what was sent is on its way. Takes and sends nothing more. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wake();
    // Not for ever: who doesn't read must not keep this side.
    const timer = setTimeout(() => this.#stream.destroy(), END_MS);
    timer.unref();
    this.#stream.end(() => {
      clearTimeout(timer);
      this.#stream.destroy();
    });
  }

  /** Ends the connection now. `error`: what for; the first one is told. */
  cut(error: LayerscopeError | null): void {
    if (!this.#isOver) this.#error ??= error;
    this.#isOver = true;
    this.#wake();
    this.#stream.destroy();
  }
}
