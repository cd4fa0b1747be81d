import { ERROR_CODES, type ErrorCode, LayerscopeError } from '#model';
import type { AbortSignalLike, Client, OperationName } from './operations.ts';
import type { FileGrant } from './reports.ts';
import type { TopicName } from './topics.ts';

/** The client's end of a door. The host is trusted, so only the outer form of replies is checked. */
export interface Transport {
  /** Calls an operation and returns the host's envelope. Throws LayerscopeError if the host can't be reached. */
  request(name: OperationName, input: unknown, signal?: AbortSignalLike): Promise<unknown>;
  subscribe(topic: TopicName, listener: (state: unknown) => void): () => void;
  grantFile(file: unknown, options: GrantOptions): Promise<FileGrant>;
}

/** Progress and cancellation of an upload. */
export interface GrantOptions {
  readonly onProgress?: (sentBytes: number) => void;
  readonly signal?: AbortSignalLike;
}

const CODES: ReadonlySet<string> = new Set(ERROR_CODES);

/** Returns the value of an envelope. Throws LayerscopeError with the envelope's code, or INTERNAL for an unknown code. */
export function openEnvelope(envelope: unknown): unknown {
  const { ok, value, error } = (envelope ?? {}) as { ok?: unknown; value?: unknown; error?: { code?: unknown; message?: unknown } };
  if (ok === true) return value;
  const message = typeof error?.message === 'string' ? error.message : 'malformed reply';
  const code = typeof error?.code === 'string' && CODES.has(error.code) ? (error.code as ErrorCode) : 'INTERNAL';
  throw new LayerscopeError(code, message);
}

/** Creates the window's client over a door. Calls throw LayerscopeError; aborted ones throw CANCELLED. */
export function createClient(transport: Transport): Client {
  return {
    async call(name, input, { signal } = {}) {
      if (signal?.aborted) throw cancelled();
      const envelope = await untilAborted(transport.request(name, input, signal), signal);
      return openEnvelope(envelope) as never; // safe, because the host's handlers are typed by the same table
    },
    subscribe(topic, listener) {
      return transport.subscribe(topic, (state) => listener(state as never));
    },
    grantFile(file, options = {}) {
      return transport.grantFile(file, options);
    },
  };
}

function cancelled(): LayerscopeError {
  return new LayerscopeError('CANCELLED', 'cancelled');
}

/** Rejects with CANCELLED as soon as `signal` aborts, without waiting for `work`. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignalLike | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(cancelled());
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    const end = (): void => signal.removeEventListener('abort', onAbort);
    work.then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
  });
}
