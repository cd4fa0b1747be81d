// Sends individual requests over node:http, without automatic redirects, decoding or retries. The caller decides what to do with the
// response.
import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { formatSize, LayerscopeError, throwIfCancelled } from '#model';
import type { AddressRule } from './address.ts';
import { Gathered } from './gathered.ts';
import { Inbox } from './inbox.ts';
import { http } from './node-http.ts';
import { networkError } from './problems.ts';
import type { TlsFiles } from './tls-files.ts';

/** How long, in ms, a server may send nothing or only a trickle before it is treated as unreachable. */
const SILENCE_MS = 30_000;
/** Maximum number of interim responses (status 1xx) before the response. */
const MAX_INTERIM = 100;
const USER_AGENT = 'layerscope';

/** Where a request goes, and over which sockets. */
export interface Route {
  readonly agent: Agent;
  /** Address in the request line: a path, or the full address for a proxy. */
  readonly path: string;
  readonly host: string;
  readonly port: string;
  readonly socketPath?: string;
  readonly lookup?: LookupFunction;
  /** Null for plain http. */
  readonly tls: TlsFiles | null;
  readonly headers: Readonly<Record<string, string>>;
  /** The address as shown in messages. */
  readonly place: string;
}

/** Finds the route to an address. */
export interface Router {
  /** Does the slow part of finding a route to an address. Doesn't contact anything. Throws UNSUPPORTED. */
  prepare?(url: URL): Promise<void>;
  /** Returns the route to an address. Throws UNREACHABLE if the rule forbids the address. */
  route(url: URL, rule: AddressRule): Route;
  close(): void;
}

export interface HttpClientOptions {
  readonly router: Router;
  /** Whether to refuse every request. */
  readonly offline?: boolean;
  readonly silenceMs?: number;
}

export interface RequestOptions {
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Defaults to `any`. */
  readonly rule?: AddressRule;
  readonly signal?: AbortSignal | undefined;
  /**
   * How long, in ms, the server may send nothing; by default, as long as the client allows. Null: the response may take any time to begin.
   */
  readonly silenceMs?: number | null;
}

/** A response whose body hasn't been read. The body must be read or discarded. */
export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly url: URL;
  /** The rule that applied to the request. */
  readonly rule: AddressRule;
  /** The server as shown in messages. */
  readonly place: string;
  /** The IP address of the server; null through a proxy or a local socket. */
  readonly peer: string | null;
  /**
   * Yields the body in pieces. With `areFreed`, a piece must not be used after the next one is taken. Leaving the loop closes the
   * connection. Throws UNREACHABLE if the body is truncated, CANCELLED.
   */
  pieces(options?: { readonly areFreed?: boolean }): AsyncGenerator<Uint8Array, void, undefined>;
  /** Returns the complete body. Throws TOO_LARGE if it has more than `limit` bytes; UNREACHABLE, CANCELLED. */
  bytes(limit: number): Promise<Uint8Array>;
  /** Drops the body. If little of it is left, reads it so that the connection can be reused; otherwise, closes the connection. */
  discard(): void;
}

/** Sends requests and counts the bytes received. The caller disposes of the client, which closes its connections. */
export class HttpClient implements Disposable {
  readonly #router: Router;
  readonly #offline: boolean;
  readonly #silenceMs: number;
  #requests = 0;
  #fetchedBytes = 0;

  constructor({ router, offline = false, silenceMs = SILENCE_MS }: HttpClientOptions) {
    this.#router = router;
    this.#offline = offline;
    this.#silenceMs = silenceMs;
  }

  get requests(): number {
    return this.#requests;
  }

  /** Total size of the bodies received, in bytes. */
  get fetchedBytes(): number {
    return this.#fetchedBytes;
  }

  /** Sends a request. Throws UNREACHABLE, PERMISSION, CANCELLED; UNSUPPORTED for an encoded response, which wasn't requested. */
  async request(url: URL, options: RequestOptions = {}): Promise<HttpReply> {
    const { method = 'GET', rule = 'any', signal, body } = options;
    throwIfCancelled(signal);
    if (!this.#offline) await this.#router.prepare?.(url);
    throwIfCancelled(signal);
    const route = this.#router.route(url, rule);
    if (this.#offline) throw new LayerscopeError('UNREACHABLE', `${route.place}: not contacted, because of --offline`);
    const silenceMs = options.silenceMs === undefined ? this.#silenceMs : options.silenceMs;
    const headers: Record<string, string> = { 'user-agent': USER_AGENT, 'accept-encoding': 'identity', ...route.headers };
    for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = value;
    if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
    const { agent, path, host, port, socketPath, tls } = route;
    const lookup = route.lookup === undefined ? {} : { lookup: route.lookup };
    const target = socketPath === undefined ? { host, port } : { socketPath };
    this.#requests++;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const fail = (error: unknown): void => {
        end();
        reject(networkError(error, route.place));
      };
      let request: ClientRequest;
      try {
        request = (tls === null ? http : https).request({ ...target, ...tls, ...lookup, agent, path, method, headers });
      } catch (error) {
        reject(headerError(error, route.place));
        return;
      }
      const giveUp = (error: LayerscopeError): void => {
        request.destroy(error);
        // A request whose connection is still being made, for example through a proxy, has no error event until it is.
        fail(error);
      };
      const stop = (): void => giveUp(new LayerscopeError('CANCELLED', 'cancelled'));
      const timer = silenceMs === null ? null : setTimeout(() => giveUp(silence(route.place, silenceMs)), silenceMs);
      const end = (): void => {
        if (timer !== null) clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
      };
      signal?.addEventListener('abort', stop, { once: true });
      let interim = 0;
      request.on('information', () => {
        if (++interim > MAX_INTERIM) giveUp(new LayerscopeError('UNREACHABLE', `${route.place}: sent only interim responses`));
      });
      request.on('error', fail);
      request.on('response', (message) => {
        end();
        // Once the head of the response has arrived, errors belong to the body.
        resolve(message);
      });
      request.end(body);
    });
    const reply = new Reply(response, url, route.place, {
      rule,
      hasBody: method !== 'HEAD',
      silenceMs: silenceMs ?? this.#silenceMs,
      signal,
      onBytes: (count) => {
        this.#fetchedBytes += count;
      },
    });
    const encoding = response.headers['content-encoding'];
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      response.destroy();
      throw new LayerscopeError('UNSUPPORTED', `${route.place}: the reply is encoded, although no encoding was requested`);
    }
    return reply;
  }

  [Symbol.dispose](): void {
    this.#router.close();
  }
}

interface ReplyOptions {
  readonly rule: AddressRule;
  readonly hasBody: boolean;
  readonly silenceMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (count: number) => void;
}

/** If at most this many bytes of a discarded body are left, they are read so that the connection can be reused. */
const SMALL_REST = 64 * 1024;

class Reply implements HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly url: URL;
  readonly rule: AddressRule;
  readonly place: string;
  readonly peer: string | null;
  readonly #message: IncomingMessage;
  readonly #options: ReplyOptions;

  constructor(message: IncomingMessage, url: URL, place: string, options: ReplyOptions) {
    this.#message = message;
    this.#options = options;
    this.status = message.statusCode ?? 0;
    this.headers = message.headers;
    this.url = url;
    this.rule = options.rule;
    this.place = place;
    this.peer = message.socket.remoteAddress ?? null;
    // A dropped response may still fail, but nobody waits for it.
    message.on('error', () => undefined);
  }

  async *pieces(options: { readonly areFreed?: boolean } = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const { silenceMs, signal, onBytes } = this.#options;
    const message = this.#message;
    const patience = new Patience(silenceMs, () => message.destroy(silence(this.place, silenceMs)));
    const stop = (): void => void message.destroy(new LayerscopeError('CANCELLED', 'cancelled'));
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
    const inbox = new Inbox(message, options);
    try {
      for (;;) {
        const piece = signal?.aborted ? undefined : inbox.take();
        if (piece !== undefined) {
          onBytes(piece.length);
          yield piece;
        } else if (inbox.isOver) {
          if (inbox.failure !== null) throw inbox.failure;
          if (!message.complete) throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
          return;
        } else {
          patience.wait();
          await inbox.change();
          patience.received(inbox.waitingBytes);
        }
      }
    } catch (error) {
      throw networkError(error, this.place);
    } finally {
      patience.end();
      signal?.removeEventListener('abort', stop);
      if (!message.complete) message.destroy();
    }
  }

  async bytes(limit: number): Promise<Uint8Array> {
    const gathered = new Gathered();
    let count = 0;
    for await (const piece of this.pieces()) {
      count += piece.length;
      if (count > limit) throw new LayerscopeError('TOO_LARGE', `${this.place}: the reply has more than ${formatSize(limit)}`);
      gathered.add(piece);
    }
    return gathered.bytes();
  }

  discard(): void {
    const length = Number(this.headers['content-length'] ?? Number.NaN);
    if (!this.#options.hasBody || length <= SMALL_REST) this.#message.resume();
    else this.#message.destroy();
  }
}

/** A server that sends fewer bytes than this during `silenceMs` of waiting is treated as silent. */
const DRIP_BYTES = 1024;

/** Measures how long a response keeps its reader waiting, excluding the reader's own time. */
class Patience {
  readonly #silenceMs: number;
  readonly #end: () => void;
  #timer: NodeJS.Timeout | null = null;
  #since = 0;
  #waitedMs = 0;
  #bytes = 0;

  /** `end` is called once the reader has waited too long. */
  constructor(silenceMs: number, end: () => void) {
    this.#silenceMs = silenceMs;
    this.#end = end;
  }

  wait(): void {
    this.#since = performance.now();
    this.#timer = setTimeout(this.#end, Math.max(1, this.#silenceMs - this.#waitedMs));
  }

  received(bytes: number): void {
    this.end();
    this.#bytes += bytes;
    if (this.#bytes >= DRIP_BYTES) {
      this.#bytes = 0;
      this.#waitedMs = 0;
    } else this.#waitedMs += performance.now() - this.#since;
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function silence(place: string, ms: number): LayerscopeError {
  return new LayerscopeError('UNREACHABLE', `${place}: sent nothing, or almost nothing, for ${Math.round(ms / 1000)} s`);
}

/** Converts Node's error for control characters in a header, for example in a token from a malicious server. */
function headerError(error: unknown, place: string): LayerscopeError {
  const { code } = error as { code?: unknown };
  if (code !== 'ERR_INVALID_CHAR' && code !== 'ERR_UNESCAPED_CHARACTERS') return networkError(error, place);
  return new LayerscopeError('UNREACHABLE', `${place}: a name or token contains characters not allowed in a request`, { cause: error });
}
