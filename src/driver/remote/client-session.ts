// The client's side of a connection: its calls by number.
import { asLayerscopeError, LayerscopeError } from '#model';
import type { FrameChannel } from './channel.ts';
import type { Check, Checked } from './checks.ts';
import { type CallPlan, ClientCall } from './client-call.ts';
import type { Frame } from './frames.ts';
import { decodeItems } from './items.ts';
import { type InputOf, ITEMS, type Method } from './protocol.ts';

type ItemOf<M extends keyof typeof ITEMS> = Checked<(typeof ITEMS)[M]>;

export class ClientSession {
  readonly #channel: FrameChannel;
  readonly #calls = new Map<number, ClientCall>();
  #lastCall = 0;
  /** Why no more calls can be made; null while the session is open. */
  #over: LayerscopeError | null = null;
  #goodbye: Promise<void> | null = null;

  constructor(channel: FrameChannel) {
    this.#channel = channel;
    void channel.closed.then((error) => {
      this.#over ??= lost(error);
      for (const call of this.#calls.values()) call.lose(this.#over);
      this.#calls.clear();
    });
  }

  /** Whether the driver was disposed, which released everything it held. */
  get isDisposed(): boolean {
    return this.#goodbye !== null;
  }

  take(frame: Frame): void {
    const call = this.#calls.get(frame.call);
    if (call === undefined) throw new LayerscopeError('BAD_REQUEST', `a frame of type ${frame.type} for a call that is not running`);
    if (call.take(frame)) this.#calls.delete(frame.call);
  }

  /** Begins a call. Throws IO if the connection is lost or the driver was disposed. */
  begin<M extends Method>(method: M, input: InputOf<M>, plan: CallPlan = {}): ClientCall {
    if (this.#over !== null) throw this.#over;
    // The connection may be cut before `closed` resolves.
    if (this.#channel.isOver) throw lost(null);
    const id = ++this.#lastCall;
    const call = new ClientCall(this.#channel, id, method, plan);
    this.#calls.set(id, call);
    try {
      call.begin(input);
    } catch (error) {
      this.#calls.delete(id);
      throw error;
    }
    return call;
  }

  /** Makes a call whose reply is one value. */
  async ask<M extends Method, T>(method: M, input: InputOf<M>, parse: Check<T>, plan: CallPlan = {}): Promise<T> {
    return parse(await this.begin(method, input, plan).reply, method);
  }

  /** Makes a call whose reply is a list. Errors are thrown while the list is read. */
  items<M extends keyof typeof ITEMS>(method: M, input: InputOf<M>, plan: CallPlan = {}): AsyncGenerator<ItemOf<M>, void, undefined> {
    const check = ITEMS[method] as Check<ItemOf<M>>;
    return decodeItems(this.bytes(method, input, plan), (value) => check(value, method));
  }

  /** Makes a call whose reply is bytes; the call begins with the first read. */
  async *bytes<M extends Method>(method: M, input: InputOf<M>, plan: CallPlan = {}): AsyncGenerator<Uint8Array, void, undefined> {
    yield* this.begin(method, input, plan).bytes();
  }

  /**
   * Makes the server stop all calls and release everything, then ends the connection. Runs once. Throws the server's first release error.
   */
  goodbye(): Promise<void> {
    this.#goodbye ??= this.#sayGoodbye();
    return this.#goodbye;
  }

  async #sayGoodbye(): Promise<void> {
    if (this.#over !== null || this.#channel.isOver) return;
    const call = this.begin('goodbye', {});
    this.#over = new LayerscopeError('IO', 'the driver is closed');
    try {
      await call.reply;
    } catch (error) {
      // If the connection is lost, the server has nothing left to release.
      if (!call.isLost) throw error;
    } finally {
      this.#channel.cut(null);
      await this.#channel.closed;
    }
  }
}

function lost(error: LayerscopeError | null): LayerscopeError {
  if (error === null) return new LayerscopeError('IO', "the driver's process has ended");
  const { code, message } = asLayerscopeError(error);
  return new LayerscopeError(code === 'BAD_REQUEST' ? code : 'IO', `the driver's process has ended: ${message}`, { cause: error });
}
