// Authenticates to one registry: chooses the Authorization header of requests for a repository, and handles a 401. Source: distribution
// docs, "Token authentication" (spec/auth/token.md, oauth.md).
import { asObject, asText, parseJson } from '#format/image';
import { displayText, LayerscopeError } from '#model';
import { ruleOf } from '../http/follow.ts';
import type { HttpClient, HttpReply } from '../http/http-client.ts';
import { placeOf } from '../http/problems.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Credentials } from './credential-helper.ts';
import type { CredentialSource } from './credentials.ts';
import { throttled } from './rate-limit.ts';
import { isOwnRealm, realmUrl } from './realm.ts';

const MAX_TOKEN_BYTES = 1024 * 1024;
/** Source: token.md: "For compatibility with older clients, a token should never be returned with less than 60 seconds to live." */
const DEFAULT_LIFE_S = 60;
/** A token is renewed at most this long before it expires. */
const MARGIN_MS = 10_000;

interface Kept {
  readonly header: string;
  readonly untilMs: number;
}

export interface AuthenticatorOptions {
  readonly client: HttpClient;
  /** The host as in references. */
  readonly host: string;
  readonly credentials: CredentialSource;
  /** Hosts that may get the credentials although they don't belong to the registry. */
  readonly realms: ReadonlySet<string>;
}

/** Keeps a token for each repository, in memory only. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /** Returns the header for a repository, if one is known. */
  header(name: string): Record<string, string> {
    const kept = this.#kept.get(name);
    return kept === undefined || kept.untilMs <= Date.now() ? {} : { authorization: kept.header };
  }

  /** Gets a new header after a 401. Throws UNAUTHORIZED if access is denied, and the errors of requesting a token. */
  async answer(reply: HttpReply, name: string, signal: AbortSignal | undefined): Promise<void> {
    const challenges = parseChallenges(reply.headers['www-authenticate']);
    const registry = new URL(reply.url.origin);
    const credentials = await this.#options.credentials.find(this.#options.host, name, signal);
    const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
    if (bearer !== undefined) {
      this.#kept.set(name, await this.#token(bearer, registry, name, credentials, reply, signal));
      return;
    }
    const isBasic = challenges.some(({ scheme }) => scheme === 'basic');
    if (!isBasic) throw new LayerscopeError('UNAUTHORIZED', `${reply.place}: access denied, and its way of logging in is not supported`);
    if (credentials === null || credentials.identityToken !== null)
      throw new LayerscopeError(
        'UNAUTHORIZED',
        `${reply.place}: asks for a user and a password, but there are none for ${this.#shownHost}`,
      );
    this.#kept.set(name, { header: basic(credentials), untilMs: Number.POSITIVE_INFINITY });
  }

  get #shownHost(): string {
    return displayText(this.#options.host);
  }

  async #token(
    { parameters }: Challenge,
    registry: URL,
    name: string,
    credentials: Credentials | null,
    reply: HttpReply,
    signal: AbortSignal | undefined,
  ): Promise<Kept> {
    const url = realmUrl(parameters.get('realm'), registry);
    if (credentials !== null && !isOwnRealm(url, registry, this.#options.realms)) {
      throw new LayerscopeError(
        'UNAUTHORIZED',
        `${placeOf(registry)}: its realm ${placeOf(url)} doesn’t belong to it, so the credentials are not sent there: allow it with --realm ${placeOf(url)}`,
      );
    }
    const service = parameters.get('service');
    // Requests the scope that is needed, regardless of what the registry suggests.
    const scope = `repository:${name}:pull`;
    const rule = ruleOf(reply);
    const identityToken = credentials?.identityToken ?? null;
    const { client } = this.#options;
    const token = await throttled(signal, () => {
      if (identityToken !== null) {
        const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'layerscope', scope, refresh_token: identityToken });
        if (service !== undefined) form.set('service', service);
        const headers = { 'content-type': 'application/x-www-form-urlencoded' };
        return client.request(url, { method: 'POST', headers, body: form.toString(), rule, signal });
      }
      const asked = new URL(url);
      if (service !== undefined) asked.searchParams.set('service', service);
      asked.searchParams.set('scope', scope);
      const headers: Record<string, string> = credentials === null ? {} : { authorization: basic(credentials) };
      return client.request(asked, { headers, rule, signal });
    });
    return readToken(token, placeOf(registry));
  }
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Reads a token server's response. Doesn't follow redirects, which would forward the credentials. */
async function readToken(reply: HttpReply, registry: string): Promise<Kept> {
  if (reply.status !== 200) {
    reply.discard();
    if (reply.status === 401 || reply.status === 403)
      throw new LayerscopeError('UNAUTHORIZED', `${registry}: ${reply.place} refuses to issue a token (status ${reply.status})`);
    throw new LayerscopeError('UNREACHABLE', `${registry}: ${reply.place} didn't issue a token (status ${reply.status})`);
  }
  const bytes = await reply.bytes(MAX_TOKEN_BYTES);
  let value: ReturnType<typeof asObject>;
  try {
    value = asObject(parseJson(bytes, 'it'));
  } catch {
    // The parser's error is dropped: its message would quote text that may be a token.
    value = null;
  }
  const token = asText(value?.token) ?? asText(value?.access_token);
  if (token === null || !/^[\x21-\x7e]+$/.test(token))
    throw new LayerscopeError('UNREACHABLE', `${registry}: ${reply.place} didn't issue a token`);
  const life = typeof value?.expires_in === 'number' && value.expires_in > 0 ? value.expires_in : DEFAULT_LIFE_S;
  return { header: `Bearer ${token}`, untilMs: Date.now() + life * 1000 - Math.min(MARGIN_MS, life * 500) };
}
