// The client's side of a connection: calls by their numbers.
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
  /** Why nothing can be asked any more. */
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

  /** Whether the driver was disposed here: what it held is released then. */
  get isDisposed(): boolean {
    return this.#goodbye !== null;
  }

  take(frame: Frame): void {
    const call = this.#calls.get(frame.call);
    if (call === undefined) throw new LayerscopeError('BAD_REQUEST', `a frame of type ${frame.type} of a call that does not run`);
    if (call.take(frame)) this.#calls.delete(frame.call);
  }

  /** Begins a call. IO: the connection is gone, or the driver was disposed. */
  begin<M extends Method>(method: M, input: InputOf<M>, plan: CallPlan = {}): ClientCall {
    if (this.#over !== null) throw this.#over;
    // The connection may be cut and its end not told yet.
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

  /** A call whose answer is one value. */
  async ask<M extends Method, T>(method: M, input: InputOf<M>, parse: Check<T>, plan: CallPlan = {}): Promise<T> {
    return parse(await this.begin(method, input, plan).reply, method);
  }

  /** A call whose answer is a list. Errors come while it is read. */
  items<M extends keyof typeof ITEMS>(method: M, input: InputOf<M>, plan: CallPlan = {}): AsyncGenerator<ItemOf<M>, void, undefined> {
    const check = ITEMS[method] as Check<ItemOf<M>>;
    return decodeItems(this.bytes(method, input, plan), (value) => check(value, method));
  }

  /** A call whose answer is bytes, begun when they are read. */
  async *bytes<M extends Method>(method: M, input: InputOf<M>, plan: CallPlan = {}): AsyncGenerator<Uint8Array, void, undefined> {
    yield* this.begin(method, input, plan).bytes();
  }

  /** The server stops all calls and lets go of everything; then the connection is ended. Once. Throws what could not be let go of. */
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
      // A server that is gone holds nothing that it could be asked to let go of.
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
