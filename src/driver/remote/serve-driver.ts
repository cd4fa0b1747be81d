/**
 * The server's side: serves a driver to one client over a stream. The client can only call the driver's methods, and only on the home that
 * the driver was opened on.
 */
import type { Duplex } from 'node:stream';
import { asLayerscopeError, LayerscopeError } from '#model';
import type { GraphDriver } from '../driver.ts';
import { FrameChannel } from './channel.ts';
import { decodeJson, FRAME, type Frame } from './frames.ts';
import { shakeHands } from './handshake.ts';
import { parseRequest, type Request, wireError } from './protocol.ts';
import { ServerCall } from './server-call.ts';
import { HeldResources, perform } from './server-methods.ts';

const IDLE_MS = 10 * 60 * 1000;
/** Maximum number of concurrent calls. Together with {@link WINDOW_BYTES} it limits how much memory a client can make this process use. */
const MAX_CALLS = 256;

export interface ServeOptions {
  /** 32 random bytes that only the two sides know. */
  readonly secret: Uint8Array;
  /** How long the client may take to prove itself. Default 10 s. */
  readonly handshakeMs?: number;
  /** Ends the connection after this long without calls, mounts or open files. Default 10 minutes. */
  readonly idleMs?: number;
  /** Called once, before an idle connection is ended. */
  readonly onIdle?: () => void;
}

/**
 * A driver being served. Disposing stops every call, releases everything and ends the connection, then waits until {@link ended} resolves.
 */
export interface ServedDriver extends AsyncDisposable {
  /**
   * Resolves when the connection is closed, no call is running and nothing is held. The value is null if the client left or was idle.
   * Otherwise it is the error that ended the connection (FORBIDDEN, UNSUPPORTED, BAD_REQUEST, IO), or the first error of releasing a mount
   * or files.
   */
  readonly ended: Promise<LayerscopeError | null>;
}

/**
 * Serves the driver's methods over the stream to a client that knows the secret. Takes ownership of the stream, but not of the driver,
 * which it never disposes of. Doesn't serve images and blobs, which Windows' drivers don't store. Mounts belong to the connection and are
 * released when it closes. See {@link ServedDriver.ended} for what ends the service.
 */
export function serveDriver(driver: GraphDriver, stream: Duplex, options: ServeOptions): ServedDriver {
  const session = new Session(driver, new FrameChannel(stream), options);
  return { ended: session.ended, [Symbol.asyncDispose]: () => session.dispose() };
}

class Session {
  readonly ended: Promise<LayerscopeError | null>;
  readonly #driver: GraphDriver;
  readonly #channel: FrameChannel;
  readonly #options: ServeOptions;
  readonly #calls = new Map<number, ServerCall>();
  readonly #running = new Set<Promise<void>>();
  readonly #held = new HeldResources();
  #lastCall = 0;
  #isEnding = false;
  #gone: Promise<void> | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(driver: GraphDriver, channel: FrameChannel, options: ServeOptions) {
    this.#driver = driver;
    this.#channel = channel;
    this.#options = options;
    this.ended = this.#serve();
  }

  async #serve(): Promise<LayerscopeError | null> {
    const { secret, handshakeMs } = this.#options;
    try {
      await shakeHands(this.#channel, { role: 'server', secret, handshakeMs, next: (frame) => this.#take(frame) });
    } catch (error) {
      await this.#channel.closed;
      return asLayerscopeError(error);
    }
    this.#waitForCalls();
    const broken = await this.#channel.closed;
    try {
      await this.#letGo();
      return broken;
    } catch (error) {
      return broken ?? asLayerscopeError(error);
    }
  }

  #take(frame: Frame): void {
    const { type, call } = frame;
    if (type === FRAME.request) {
      if (call <= this.#lastCall) throw new LayerscopeError('BAD_REQUEST', 'a call with a number that was used before');
      this.#lastCall = call;
      this.#begin(call, decodeJson(frame.payload));
      return;
    }
    if (call > this.#lastCall) throw new LayerscopeError('BAD_REQUEST', `a frame of type ${type} for a call that was not begun`);
    // A frame for a call that has ended is ignored: the client may not have noticed yet.
    this.#calls.get(call)?.take(frame);
  }

  /** Starts a call. A malformed request gets an error as its reply, and the connection continues. */
  #begin(id: number, message: unknown): void {
    let request: Request;
    try {
      request = parseRequest(message);
      if (this.#isEnding) throw new LayerscopeError('CANCELLED', 'the connection is ending');
      if (request.method === 'goodbye') {
        this.#isEnding = true;
        void this.#sayGoodbye(id);
        return;
      }
      if (this.#calls.size >= MAX_CALLS) throw new LayerscopeError('TOO_LARGE', `${MAX_CALLS} calls are already running`);
    } catch (error) {
      this.#answerError(id, error);
      return;
    }
    clearTimeout(this.#idle);
    const call = new ServerCall(this.#channel, id, request.method);
    if (request.isCancelled) call.cancel();
    this.#calls.set(id, call);
    const running = this.#run(id, call, request);
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  /** Runs a call. Never throws: an error becomes the reply. */
  async #run(id: number, call: ServerCall, request: Request): Promise<void> {
    try {
      this.#channel.sendJson(FRAME.reply, id, await perform(this.#driver, this.#held, call, request));
    } catch (error) {
      this.#answerError(id, error);
    }
    this.#calls.delete(id);
    this.#waitForCalls();
  }

  #answerError(id: number, error: unknown): void {
    this.#channel.sendJson(FRAME.error, id, wireError(asLayerscopeError(error)));
  }

  #waitForCalls(): void {
    clearTimeout(this.#idle);
    if (this.#isEnding || this.#channel.isOver || this.#calls.size > 0 || this.#held.size > 0) return;
    this.#idle = setTimeout(() => {
      this.#isEnding = true;
      this.#options.onIdle?.();
      this.#channel.end();
    }, this.#options.idleMs ?? IDLE_MS);
  }

  /** Stops all calls, waits for them, and releases everything held, even by a call that couldn't be stopped. Runs once for all callers. */
  #letGo(): Promise<void> {
    this.#gone ??= this.#stopAll();
    return this.#gone;
  }

  async #stopAll(): Promise<void> {
    this.#isEnding = true;
    clearTimeout(this.#idle);
    for (const call of this.#calls.values()) call.cancel();
    await Promise.all(this.#running);
    await this.#held.releaseAll();
  }

  async #sayGoodbye(id: number): Promise<void> {
    try {
      await this.#letGo();
      this.#channel.sendJson(FRAME.reply, id, null);
    } catch (error) {
      this.#answerError(id, error);
    }
    this.#channel.end();
  }

  async dispose(): Promise<void> {
    this.#channel.cut(null);
    await this.ended;
  }
}
