/**
 * Reads the loopback host's topics: Server-Sent Events from the body of a plain request, because the browser's EventSource can't send the
 * session header. Source: HTML, 9.2 Server-sent events.
 */
import { decodeUtf8 } from '#model';
import { TOPIC_NAMES, type TopicName } from './topics.ts';
import type { WebResponse, WebSurroundings } from './web-surroundings.ts';

/** Delay before reconnecting after a stream ended. */
const RETRY_MS = 1_000;

const NEWLINE = 0x0a;

type Listener = (state: unknown) => void;
type Surroundings = Pick<WebSurroundings, 'fetch' | 'wait' | 'onConnection'>;

/**
 * Subscribes to topics over one shared stream. A browser allows six connections per host; with one stream per topic, two tabs would use
 * them all.
 */
export class TopicReader {
  readonly #surroundings: Surroundings;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #listeners = new Map<TopicName, Set<Listener>>();
  readonly #latest = new Map<TopicName, unknown>();
  #stream: Stream | null = null;

  constructor(surroundings: Surroundings, headers: Readonly<Record<string, string>>) {
    this.#surroundings = surroundings;
    this.#headers = headers;
  }

  subscribe(topic: TopicName, listener: Listener): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners);
    const own: Listener = (state) => listener(state);
    listeners.add(own);
    if (this.#stream === null) {
      this.#stream = new Stream();
      void this.#run(this.#stream);
    } else if (this.#latest.has(topic)) own(this.#latest.get(topic));
    return () => {
      listeners.delete(own);
      if ([...this.#listeners.values()].some(({ size }) => size > 0)) return;
      this.#stream?.close();
      this.#stream = null;
      this.#latest.clear();
    };
  }

  /** Reads the stream, and reconnects when it ends, until closed. */
  async #run(stream: Stream): Promise<void> {
    const { fetch, wait, onConnection } = this.#surroundings;
    while (!stream.isClosed) {
      try {
        const response = await fetch(`/topics/${TOPIC_NAMES.join(',')}`, { method: 'GET', headers: { ...this.#headers } });
        await stream.read(
          response,
          () => onConnection?.(true),
          (topic, state) => this.#publish(topic, state),
        );
      } catch {
        // The host has stopped or the connection was cut; onConnection reports both.
      }
      if (stream.isClosed) return;
      onConnection?.(false);
      await wait(RETRY_MS);
    }
  }

  #publish(name: string, state: unknown): void {
    const topic = TOPIC_NAMES.find((each) => each === name);
    if (topic === undefined) return;
    this.#latest.set(topic, state);
    for (const listener of this.#listeners.get(topic) ?? []) listener(state);
  }
}

/** One connection of the reader. */
class Stream {
  isClosed = false;
  #body: { cancel(): Promise<void> } | null = null;

  close(): void {
    this.isClosed = true;
    this.#body?.cancel().catch(() => {}); // fails only if the connection has failed, which `read` reports
  }

  async read(response: WebResponse, onOpen: () => void, onState: (topic: string, state: unknown) => void): Promise<void> {
    const body = response.body?.getReader();
    if (body === undefined) return;
    this.#body = body;
    if (this.isClosed || response.status !== 200) {
      await body.cancel();
      return;
    }
    onOpen();
    const lines = new Lines();
    let topic = '';
    for (;;) {
      const { done, value } = await body.read();
      if (done || value === undefined) return;
      for (const line of lines.of(value)) {
        if (this.isClosed) return;
        if (line.startsWith('event: ')) topic = line.slice('event: '.length);
        else if (line.startsWith('data: ')) onState(topic, JSON.parse(line.slice('data: '.length)));
      }
    }
  }
}

/** Splits a stream into lines. A line with a large state arrives in many pieces. */
class Lines {
  #parts: Uint8Array[] = [];

  *of(piece: Uint8Array): Generator<string> {
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      this.#parts.push(piece.subarray(start, end));
      start = end + 1;
      const line = decodeUtf8(joined(this.#parts));
      this.#parts = [];
      if (line !== null) yield line;
    }
    if (start < piece.length) this.#parts.push(piece.slice(start));
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
