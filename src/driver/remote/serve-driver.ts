/**
 * A driver served to one client over a stream: the elevated process's side. The client can do what the driver's methods do, in the one home
 * that the driver was opened on, and nothing else.
 */
import type { Duplex } from 'node:stream';
import { asLayerscopeError, LayerscopeError } from '#model';
import type { GraphDriver } from '../driver.ts';
import { FrameChannel } from './channel.ts';
import { decodeJson, FRAME, type Frame } from './frames.ts';
import { shakeHands } from './handshake.ts';
import { parseRequest, type Request, wireError } from './protocol.ts';
import { ServerCall } from './server-call.ts';
import { HeldThings, perform } from './server-methods.ts';

const IDLE_MS = 10 * 60 * 1000;
/** Calls that run at once: with {@link WINDOW_BYTES} what a client can have this process keep. */
const MAX_CALLS = 256;

export interface ServeOptions {
  /** 32 random bytes that only the two sides have. */
  readonly secret: Uint8Array;
  /** Until the client has proven itself. Default 10 s. */
  readonly handshakeMs?: number;
  /** How long the connection stays without a call, a mount or a layer's files. Default 10 minutes. */
  readonly idleMs?: number;
  /** Told once, before the connection ends for that reason. */
  readonly onIdle?: () => void;
}

/** Disposing stops every call, lets go of everything and ends the connection; it waits for that as {@link ended} does. */
export interface ServedDriver extends AsyncDisposable {
  /**
   * Resolves when the connection is gone, no call runs and nothing is held. Null: the client left, or it was idle. Else why it was ended, or
   * what could not be let go of: FORBIDDEN, UNSUPPORTED, BAD_REQUEST and IO of the connection; what a driver's mount says.
   */
  readonly ended: Promise<LayerscopeError | null>;
}

/**
 * Serves the driver's methods over the stream, which it takes over, to a client that knows the secret. The driver stays its caller's: it is
 * not disposed. Images, and blobs as they came, are not served: Windows' drivers keep none. Mounts are the connection's: they are released
 * when it goes. See {@link ServedDriver.ended} for what ends it.
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
  readonly #held = new HeldThings();
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
      if (call <= this.#lastCall) throw new LayerscopeError('BAD_REQUEST', 'a call of a number that was used');
      this.#lastCall = call;
      this.#begin(call, decodeJson(frame.payload));
      return;
    }
    if (call > this.#lastCall) throw new LayerscopeError('BAD_REQUEST', `a frame of type ${type} of a call that was not begun`);
    // Of a call that has ended: the client didn't know yet when it sent this.
    this.#calls.get(call)?.take(frame);
  }

  /** What is no request is answered: it breaks nothing else. */
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
      if (this.#calls.size >= MAX_CALLS) throw new LayerscopeError('TOO_LARGE', `${MAX_CALLS} calls run already`);
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

  /** Never throws: what fails is the answer. */
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

  /** Stops all calls, waits for them, and releases what is held: also what a call took that could not be stopped. Once, for all who wait. */
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
