// The client's side of one call.
import { asLayerscopeError, LayerscopeError } from '#model';
import type { TarSource } from '../driver.ts';
import type { FrameChannel } from './channel.ts';
import { Inflow, Outflow } from './flow.ts';
import { decodeCount, decodeJson, FRAME, type Frame } from './frames.ts';
import { type CallEvent, type Method, parseError, parseEvent, sendsData, takesData, wireError } from './protocol.ts';

export interface CallPlan {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: CallEvent) => void) | undefined;
}

export class ClientCall {
  /** Settles with the server's reply or error, or the error that broke the connection. May be left unhandled. */
  readonly reply: Promise<unknown>;
  readonly #channel: FrameChannel;
  readonly #id: number;
  readonly #method: Method;
  readonly #plan: CallPlan;
  readonly #in: Inflow;
  readonly #out: Outflow;
  readonly #onAbort = (): void => this.cancel();
  #resolve: (value: unknown) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #isSettled = false;
  #isLost = false;
  #isCancelled = false;
  /** An error on this side, which takes precedence over the server's reply. */
  #failed: { readonly error: unknown } | null = null;

  constructor(channel: FrameChannel, id: number, method: Method, plan: CallPlan) {
    this.#channel = channel;
    this.#id = id;
    this.#method = method;
    this.#plan = plan;
    this.#in = new Inflow(channel, id);
    this.#out = new Outflow(channel, id);
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.reply.catch(() => {});
  }

  /** Sends the request. Throws TOO_LARGE if the request doesn't fit into a frame. */
  begin(input: unknown): void {
    const isCancelled = this.#plan.signal?.aborted === true;
    this.#channel.sendJson(FRAME.request, this.#id, { method: this.#method, input, isCancelled });
    if (sendsData(this.#method)) this.#in.open();
    if (isCancelled) {
      // The request was sent anyway, because the server may have another reason to refuse it. The request says `isCancelled`, so no cancel
      // frame is needed.
      this.#isCancelled = true;
      this.#out.stop();
    }
    this.#plan.signal?.addEventListener('abort', this.#onAbort);
  }

  /** Handles a frame of this call; returns true for the last one. Throws BAD_REQUEST for a frame that the method doesn't allow. */
  take({ type, payload }: Frame): boolean {
    if (type === FRAME.reply) {
      const value = decodeJson(payload);
      this.#settle();
      this.#in.end();
      if (this.#failed === null) this.#resolve(value);
      else this.#reject(this.#failed.error);
      return true;
    }
    if (type === FRAME.error) {
      const error = parseError(decodeJson(payload));
      this.#settle();
      this.#in.fail(this.#failed?.error ?? error);
      this.#reject(this.#failed?.error ?? error);
      return true;
    }
    if (type === FRAME.data && sendsData(this.#method)) this.#in.push(payload);
    else if (type === FRAME.credit && takesData(this.#method)) this.#out.grant(decodeCount(payload));
    else if (type === FRAME.event) this.#emit(parseEvent(decodeJson(payload)));
    else throw new LayerscopeError('BAD_REQUEST', `a frame of type ${type} that ${this.#method} does not have`);
    return false;
  }

  #emit(event: CallEvent): void {
    if (this.#failed !== null) return;
    try {
      this.#plan.onEvent?.(event);
    } catch (error) {
      // As with a local driver, a listener that throws fails the call.
      this.#failed = { error };
      this.cancel();
    }
  }

  #settle(): void {
    this.#isSettled = true;
    this.#out.stop();
    // If the reply is data, the signal can still cancel the call until that data has been read.
    if (!sendsData(this.#method)) this.#plan.signal?.removeEventListener('abort', this.#onAbort);
  }

  /** Whether the connection was lost before the reply. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Fails the call because the connection is lost. */
  lose(error: LayerscopeError): void {
    if (this.#isSettled) return;
    this.#isLost = true;
    this.#settle();
    this.#in.cut(error);
    this.#reject(error);
  }

  /** Asks the server to stop; the call ends with the server's reply. Drops data that was received but not read. */
  cancel(): void {
    this.#in.cut(new LayerscopeError('CANCELLED', 'cancelled'));
    if (this.#isSettled || this.#isCancelled) return;
    this.#isCancelled = true;
    this.#out.stop();
    this.#channel.send(FRAME.cancel, this.#id);
  }

  /** Reads the reply's data and errors. If the consumer stops reading, cancels the call and waits until the server has released it. */
  async *bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    let isReported = false;
    try {
      for (let bytes = await this.#in.take(); bytes !== null; bytes = await this.#in.take()) yield bytes;
      isReported = true;
    } catch (error) {
      isReported = true;
      throw error;
    } finally {
      this.#plan.signal?.removeEventListener('abort', this.#onAbort);
      this.cancel();
      const failed = await this.#failure();
      // The consumer stopped reading, but the server failed to release the call.
      if (!isReported && failed !== null) await Promise.reject(failed);
    }
  }

  /**
   * Returns the call's error, or null; also null for a cancellation or a lost connection, which don't matter to a consumer that stopped.
   */
  async #failure(): Promise<unknown> {
    try {
      await this.reply;
      return null;
    } catch (error) {
      return error instanceof LayerscopeError && (error.code === 'CANCELLED' || this.#isLost) ? null : error;
    }
  }

  /** Sends the tar at the server's pace. Returns the reply; rethrows an error of the tar's source unchanged. */
  async sendTar(tar: TarSource): Promise<unknown> {
    // Not awaited: a source that stalls must not hold up a call that has ended.
    void this.#pump(tar);
    return this.reply;
  }

  /** Sends the tar's bytes. Never throws. */
  async #pump(tar: TarSource): Promise<void> {
    // Wait until the driver asks for the tar, which it never does if it refuses the call.
    if (!(await this.#out.ready())) return;
    try {
      for await (const bytes of tar) {
        if (this.#out.isStopped || !(await this.#out.send(bytes)) || !(await this.#out.ready())) return;
      }
      if (!this.#out.isStopped) this.#channel.send(FRAME.end, this.#id);
    } catch (error) {
      // The call has ended or was cancelled, which takes precedence.
      if (this.#out.isStopped) return;
      this.#failed = { error };
      this.#out.stop();
      this.#channel.sendJson(FRAME.error, this.#id, wireError(asLayerscopeError(error)));
    }
  }
}
