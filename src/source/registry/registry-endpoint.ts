// A server for a repository: a registry, or a mirror. Source: OCI distribution-spec.
import { asArray, asObject, asText, parseJson } from '#format/image';
import { displayText, LayerscopeError } from '#model';
import { type AddressRule, hostOf, isLoopback } from '../http/address.ts';
import { isSamePlace, namedAddress, requestFollowing } from '../http/follow.ts';
import type { HttpClient, HttpReply } from '../http/http-client.ts';
import { Authenticator } from './authenticator.ts';
import type { CredentialSource } from './credentials.ts';
import { throttled } from './rate-limit.ts';

/** The location of a repository, and how to connect to it. */
export interface EndpointPlace {
  /** Host and port of the server. */
  readonly host: string;
  /** Path before `/v2/`; usually empty. */
  readonly path: string;
  /** Name of the repository on that server. */
  readonly name: string;
  /** The host under which credentials are stored. */
  readonly credentialHost: string;
  /** Whether plain http may be used if the server doesn't support TLS. */
  readonly mayBePlain: boolean;
  readonly isMirror: boolean;
}

export interface EndpointOptions {
  readonly client: HttpClient;
  readonly credentials: CredentialSource;
  readonly realms: ReadonlySet<string>;
}

export interface EndpointRequest {
  readonly method?: 'GET' | 'HEAD';
  readonly accept?: string;
  /** First and last byte. */
  readonly range?: readonly [first: number, last: number];
  readonly signal?: AbortSignal | undefined;
}

const MAX_ERROR_BYTES = 64 * 1024;
/** Errors of a TLS connection to a server that doesn't support TLS. */
const NO_TLS: ReadonlySet<unknown> = new Set(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ECONNRESET']);

/** Sends requests to one endpoint, with the required authorization. */
export class RegistryEndpoint {
  readonly place: EndpointPlace;
  readonly #client: HttpClient;
  readonly #access: Authenticator;
  /** Addresses of redirected blobs, by digest. Secret, so never part of a message. */
  readonly #stores = new Map<string, { readonly url: URL; readonly rule: AddressRule }>();
  #scheme: 'https' | 'http' | null = null;

  constructor(place: EndpointPlace, { client, credentials, realms }: EndpointOptions) {
    this.place = place;
    this.#client = client;
    this.#access = new Authenticator({ client, host: place.credentialHost, credentials, realms });
  }

  /**
   * Requests `/v2/NAME/PATH`, follows redirects, logs in once after a 401, waits once after a 429. Returns any other response. Throws
   * UNREACHABLE, UNAUTHORIZED, RATE_LIMITED, CANCELLED.
   */
  request(path: string, options: EndpointRequest = {}): Promise<HttpReply> {
    return this.#withScheme((origin) => this.#ask(new URL(`${origin}${this.place.path}/v2/${this.place.name}/${path}`), options));
  }

  /**
   * Requests a range of a blob. If the registry redirects to a store elsewhere, further ranges are requested from that store directly,
   * until it refuses because the signature in the address has expired. Returns any response. Throws what {@link request} throws.
   */
  async blobRange(digest: string, range: readonly [first: number, last: number], signal: AbortSignal | undefined): Promise<HttpReply> {
    const known = this.#stores.get(digest);
    if (known !== undefined) {
      const headers = { range: `bytes=${range[0]}-${range[1]}` };
      const reply = await throttled(signal, () => this.#client.request(known.url, { headers, rule: known.rule, signal }));
      if (reply.status === 200 || reply.status === 206) return reply;
      reply.discard();
      this.#stores.delete(digest);
    }
    const reply = await this.request(`blobs/${digest}`, { range, signal });
    const isElsewhere = reply.url.host !== this.place.host;
    if (isElsewhere && (reply.status === 200 || reply.status === 206)) this.#stores.set(digest, { url: reply.url, rule: reply.rule });
    return reply;
  }

  /**
   * Requests the next page named by a `Link`; null if there is none. The page must be on the server that sent the link. If that isn't this
   * endpoint, because it redirected the list, the request has no credentials. Throws what {@link request} throws.
   */
  async nextPage(reply: HttpReply, options: EndpointRequest): Promise<HttpReply | null> {
    const target = /<([^<>]*)>\s*;\s*rel="?next"?/.exec(String(reply.headers.link ?? ''))?.[1];
    if (target === undefined) return null;
    const url = namedAddress(target, reply.url, reply.place, 'link');
    if (!isSamePlace(url, reply.url)) throw new LayerscopeError('UNREACHABLE', `${reply.place}: its next page is at another host`);
    return isSamePlace(url, this.#origin) ? this.#ask(url, options) : this.#send(url, options, { rule: reply.rule });
  }

  /** The endpoint's address, whose scheme is known once it has replied. */
  get #origin(): URL {
    return new URL(`${this.#scheme ?? 'https'}://${this.place.host}`);
  }

  /** Tries https, then plain http if that is allowed and the server doesn't support https. */
  async #withScheme(ask: (origin: string) => Promise<HttpReply>): Promise<HttpReply> {
    const { host, mayBePlain } = this.place;
    const isPlainAllowed = mayBePlain || isThisMachine(host);
    if (this.#scheme === null && isPlainAllowed) {
      try {
        const reply = await ask(`https://${host}`);
        this.#scheme = 'https';
        return reply;
      } catch (error) {
        if (!speaksNoTls(error)) throw error;
        this.#scheme = 'http';
      }
    }
    return ask(`${this.#scheme ?? 'https'}://${host}`);
  }

  async #ask(url: URL, options: EndpointRequest): Promise<HttpReply> {
    const { name } = this.place;
    const reply = await this.#send(url, options);
    if (reply.status !== 401 || !isSamePlace(reply.url, url)) return reply;
    reply.discard();
    await this.#access.answer(reply, name, options.signal);
    return this.#send(url, options);
  }

  /** Sends a request, with credentials unless it goes to another server, whose addresses `elsewhere` limits. */
  #send(url: URL, { method = 'GET', accept, range, signal }: EndpointRequest, elsewhere?: { rule: AddressRule }): Promise<HttpReply> {
    return throttled(signal, () => {
      const headers: Record<string, string> = elsewhere === undefined ? { ...this.#access.header(this.place.name) } : {};
      if (accept !== undefined) headers.accept = accept;
      if (range !== undefined) headers.range = `bytes=${range[0]}-${range[1]}`;
      return requestFollowing(this.#client, url, { method, headers, signal, ...elsewhere });
    });
  }
}

/** Whether a host is this machine, for which plain http isn't a risk. */
function isThisMachine(host: string): boolean {
  const name = hostOf(new URL(`http://${host}`));
  return name === 'localhost' || name.endsWith('.localhost') || isLoopback(name);
}

function speaksNoTls(error: unknown): boolean {
  return error instanceof LayerscopeError && NO_TLS.has((error.cause as { code?: unknown } | undefined)?.code);
}

/** Returns the error for an unexpected response. `what` describes what is missing after a 404. Drops the rest of the response. */
export async function refusal(reply: HttpReply, what: string): Promise<LayerscopeError> {
  const { status, place } = reply;
  const said = await saidBy(reply);
  const words = said === '' ? '' : `: ${said}`;
  if (status === 404) return new LayerscopeError('NOT_FOUND', `${place}: ${what}`);
  if (status === 401 || status === 403) return new LayerscopeError('UNAUTHORIZED', `${place}: access denied (status ${status})${words}`);
  return new LayerscopeError('UNREACHABLE', `${place}: answered with status ${status}${words}`);
}

/** Returns the message in a registry's error, safe to print. */
async function saidBy(reply: HttpReply): Promise<string> {
  try {
    const value = asObject(parseJson(await reply.bytes(MAX_ERROR_BYTES), 'it'));
    const first = asObject(asArray(value?.errors)[0]);
    return displayText((asText(first?.message) ?? asText(first?.code) ?? '').slice(0, 200));
  } catch (error) {
    // Without a message, the status has to suffice.
    if (error instanceof LayerscopeError && error.code === 'CANCELLED') throw error;
    return '';
  }
}
