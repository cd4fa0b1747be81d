import { LayerscopeError } from '#model';
import { createClient, type GrantOptions, openEnvelope } from './client.ts';
import { type Client, type FileGrant, TOPIC_NAMES, type TopicName } from './operations.ts';
import { decodeWire } from './wire-codec.ts';

/** What the client needs of a page: pass the window's own. Minimal forms, since a pure room knows no DOM. */
export interface WebSurroundings {
  readonly fetch: (url: string, init: WebRequest) => Promise<WebResponse>;
  readonly EventSource: new (url: string) => EventSourceLike;
  /** For uploads: fetch tells no progress. */
  readonly XMLHttpRequest: new () => UploadRequest;
  /** Told when the host stops answering, and when it answers again. */
  readonly onConnection?: (connected: boolean) => void;
}

export interface WebRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface WebResponse {
  readonly headers: { get(name: string): string | null };
  arrayBuffer(): Promise<ArrayBuffer>;
  json(): Promise<unknown>;
}

export interface EventSourceLike {
  addEventListener(type: string, listener: (event: never) => void): void;
  close(): void;
}

export interface UploadRequest {
  readonly upload: { addEventListener(type: 'progress', listener: (event: { readonly loaded: number }) => void): void };
  readonly responseText: string;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  addEventListener(type: 'load' | 'error' | 'abort', listener: () => void): void;
  send(body: never): void;
  abort(): void;
}

/** The client over the loopback host, for a page that the host itself served: its cookie is the session. */
export function createWebClient(surroundings: WebSurroundings): Client {
  const topics = new TopicStream(surroundings);
  const request = async (name: string, input: unknown): Promise<unknown> => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(input) };
    let response: WebResponse;
    try {
      response = await surroundings.fetch(`/call/${name}`, init);
    } catch (error) {
      throw new LayerscopeError('IO', 'the program that serves this page does not answer', { cause: error });
    }
    if (response.headers.get('content-type')?.startsWith('application/json')) return response.json();
    return decodeWire(new Uint8Array(await response.arrayBuffer()));
  };
  return createClient({
    request: (name, input) => request(name, input),
    subscribe: (topic, listener) => topics.subscribe(topic, listener),
    async grantFile(file, options) {
      const { name, size } = (file ?? {}) as { name?: unknown; size?: unknown };
      if (typeof name !== 'string' || typeof size !== 'number') throw new LayerscopeError('BAD_REQUEST', 'not a file');
      const grant = openEnvelope(await request('files.expect', { name, sizeBytes: size })) as FileGrant;
      await upload(surroundings, grant, file, options);
      return grant;
    },
  });
}

function upload(surroundings: WebSurroundings, grant: FileGrant, file: unknown, { onProgress, signal }: GrantOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new surroundings.XMLHttpRequest();
    const onAbort = (): void => request.abort();
    const end = (settle: () => void): void => {
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    request.open('PUT', `/uploads/${grant.grant}`);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.addEventListener('progress', ({ loaded }) => onProgress?.(loaded));
    request.addEventListener('load', () =>
      end(() => {
        try {
          openEnvelope(JSON.parse(request.responseText));
          resolve();
        } catch (error) {
          reject(
            error instanceof LayerscopeError ? error : new LayerscopeError('INTERNAL', 'the reply has no known form', { cause: error }),
          );
        }
      }),
    );
    request.addEventListener('error', () => end(() => reject(new LayerscopeError('IO', 'the upload was cut off'))));
    request.addEventListener('abort', () => end(() => reject(new LayerscopeError('CANCELLED', 'cancelled'))));
    if (signal?.aborted) {
      reject(new LayerscopeError('CANCELLED', 'cancelled'));
      return;
    }
    signal?.addEventListener('abort', onAbort);
    request.send(file as never);
  });
}

/** One stream for all topics: a browser keeps six connections a host, and each open tab would take three of them. */
class TopicStream {
  readonly #surroundings: WebSurroundings;
  readonly #listeners = new Map<TopicName, Set<(state: unknown) => void>>();
  readonly #latest = new Map<TopicName, unknown>();
  #source: EventSourceLike | null = null;

  constructor(surroundings: WebSurroundings) {
    this.#surroundings = surroundings;
  }

  subscribe(topic: TopicName, listener: (state: unknown) => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners);
    const own = (state: unknown): void => listener(state);
    listeners.add(own);
    if (this.#source === null) this.#open();
    else if (this.#latest.has(topic)) own(this.#latest.get(topic));
    return () => {
      listeners.delete(own);
      if ([...this.#listeners.values()].some(({ size }) => size > 0)) return;
      this.#source?.close();
      this.#source = null;
      this.#latest.clear();
    };
  }

  #open(): void {
    const source = new this.#surroundings.EventSource(`/topics/${TOPIC_NAMES.join(',')}`);
    this.#source = source;
    for (const topic of TOPIC_NAMES) {
      source.addEventListener(topic, ({ data }: { data: string }) => {
        if (this.#source !== source) return;
        const state: unknown = JSON.parse(data);
        this.#latest.set(topic, state);
        for (const listener of this.#listeners.get(topic) ?? []) listener(state);
      });
    }
    source.addEventListener('open', () => this.#surroundings.onConnection?.(true));
    source.addEventListener('error', () => this.#surroundings.onConnection?.(false));
  }
}
