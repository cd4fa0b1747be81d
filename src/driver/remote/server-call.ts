// The server's side of one call.
import { LayerscopeError } from '#model';
import type { TarSource } from '../driver.ts';
import type { FrameChannel } from './channel.ts';
import { Inflow, Outflow } from './flow.ts';
import { decodeCount, decodeJson, FRAME, type Frame } from './frames.ts';
import { type CallEvent, type Method, parseError, sendsData, takesData } from './protocol.ts';
import type { MethodCall } from './server-methods.ts';

export class ServerCall implements MethodCall {
  readonly out: Outflow;
  readonly tar: TarSource;
  readonly #id: number;
  readonly #channel: FrameChannel;
  readonly #method: Method;
  readonly #in: Inflow;
  readonly #abort = new AbortController();

  constructor(channel: FrameChannel, id: number, method: Method) {
    this.#channel = channel;
    this.#id = id;
    this.#method = method;
    this.out = new Outflow(channel, id);
    const inflow = new Inflow(channel, id);
    this.#in = inflow;
    this.tar = {
      async *[Symbol.asyncIterator]() {
        // Grant no credit until the driver reads: if the driver refuses the call, the client never reads its tar.
        inflow.open();
        for (let bytes = await inflow.take(); bytes !== null; bytes = await inflow.take()) yield bytes;
      },
    };
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  emit(event: CallEvent): void {
    this.#channel.sendJson(FRAME.event, this.#id, event);
  }

  /** Handles a later frame of this call. Throws BAD_REQUEST for a frame that the method doesn't allow. */
  take({ type, payload }: Frame): void {
    const takes = takesData(this.#method);
    if (type === FRAME.cancel) this.cancel();
    else if (type === FRAME.credit && sendsData(this.#method)) this.out.grant(decodeCount(payload));
    else if (type === FRAME.data && takes) this.#in.push(payload);
    else if (type === FRAME.end && takes) this.#in.end();
    else if (type === FRAME.error && takes) this.#in.fail(parseError(decodeJson(payload)));
    else throw new LayerscopeError('BAD_REQUEST', `a frame of type ${type} that ${this.#method} does not have`);
  }

  /** Aborts the driver's signal, and wakes anything that waits for the client. */
  cancel(): void {
    this.#abort.abort();
    this.out.stop();
    this.#in.cut(new LayerscopeError('CANCELLED', 'cancelled'));
  }
}
