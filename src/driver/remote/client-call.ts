// One call that the client waits for.
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
  /** The answer's value, or its error; a break of the connection too. Whoever started the call may leave it alone. */
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
  /** What failed on this side, and is told instead of the server's answer to it. */
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

  /** Sends the request. TOO_LARGE: it fits into no frame. */
  begin(input: unknown): void {
    const isCancelled = this.#plan.signal?.aborted === true;
    this.#channel.sendJson(FRAME.request, this.#id, { method: this.#method, input, isCancelled });
    if (sendsData(this.#method)) this.#in.open();
    if (isCancelled) {
      // The server knows: it is its answer that is told, as it may have another reason to refuse.
      this.#isCancelled = true;
      this.#out.stop();
    }
    this.#plan.signal?.addEventListener('abort', this.#onAbort);
  }

  /** A frame of this call; true: it was the last one. BAD_REQUEST: none that its method has. */
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
    else if (type === FRAME.event) this.#tell(parseEvent(decodeJson(payload)));
    else throw new LayerscopeError('BAD_REQUEST', `a frame of type ${type} that ${this.#method} does not have`);
    return false;
  }

  #tell(event: CallEvent): void {
    if (this.#failed !== null) return;
    try {
      this.#plan.onEvent?.(event);
    } catch (error) {
      // As where the driver runs here: what its listener throws fails the call.
      this.#failed = { error };
      this.cancel();
    }
  }

  #settle(): void {
    this.#isSettled = true;
    this.#out.stop();
    // What has come and isn't read yet is cancelled as well.
    if (!sendsData(this.#method)) this.#plan.signal?.removeEventListener('abort', this.#onAbort);
  }

  /** Whether the connection went before the answer came. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** The connection is gone. */
  lose(error: LayerscopeError): void {
    if (this.#isSettled) return;
    this.#isLost = true;
    this.#settle();
    this.#in.cut(error);
    this.#reject(error);
  }

  /** Asks the server to stop; the call ends with its answer. What has come and wasn't read is dropped. */
  cancel(): void {
    this.#in.cut(new LayerscopeError('CANCELLED', 'cancelled'));
    if (this.#isSettled || this.#isCancelled) return;
    this.#isCancelled = true;
    this.#out.stop();
    this.#channel.send(FRAME.cancel, this.#id);
  }

  /** The data of the answer. Its errors come while it is read; stopping to read cancels and waits until the server has let go. */
  async *bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    let isTold = false;
    try {
      for (let bytes = await this.#in.take(); bytes !== null; bytes = await this.#in.take()) yield bytes;
      isTold = true;
    } catch (error) {
      isTold = true;
      throw error;
    } finally {
      this.#plan.signal?.removeEventListener('abort', this.#onAbort);
      this.cancel();
      const failed = await this.#failure();
      // Told here only where nothing was: the server could not let go of what it read.
      if (!isTold && failed !== null) await Promise.reject(failed);
    }
  }

  /** What the call failed with, but for being cancelled or cut off: who stopped it need not be told. */
  async #failure(): Promise<unknown> {
    try {
      await this.reply;
      return null;
    } catch (error) {
      return error instanceof LayerscopeError && (error.code === 'CANCELLED' || this.#isLost) ? null : error;
    }
  }

  /** Sends the tar as the server asks for it. Gives the answer; what the tar's source threw is thrown as it is. */
  async sendTar(tar: TarSource): Promise<unknown> {
    // Not waited for: a source that gives nothing must not keep a call that has ended.
    void this.#pump(tar);
    return this.reply;
  }

  /** Never throws. */
  async #pump(tar: TarSource): Promise<void> {
    // A driver that refuses the call reads nothing of its tar.
    if (!(await this.#out.ready())) return;
    try {
      for await (const bytes of tar) {
        if (this.#out.isStopped || !(await this.#out.send(bytes)) || !(await this.#out.ready())) return;
      }
      if (!this.#out.isStopped) this.#channel.send(FRAME.end, this.#id);
    } catch (error) {
      // After the call's end, or where it was cancelled, that is what is told.
      if (this.#out.isStopped) return;
      this.#failed = { error };
      this.#out.stop();
      this.#channel.sendJson(FRAME.error, this.#id, wireError(asLayerscopeError(error)));
    }
  }
}
