// Follows redirects explicitly: registries redirect blob downloads to other servers, at signed addresses.
import { LayerscopeError } from '#model';
import { type AddressRule, ruleOfPeer, stricter } from './address.ts';
import type { HttpClient, HttpReply, RequestOptions } from './http-client.ts';
import { placeOf } from './problems.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Whether a credential for one address may be sent to another. */
export function isSamePlace(a: URL, b: URL): boolean {
  return a.protocol === b.protocol && a.host === b.host;
}

/** Returns the rule for addresses named by a server: only a server on this machine may name others on it. */
export function ruleOf({ peer }: HttpReply): AddressRule {
  return ruleOfPeer(peer);
}

/**
 * Requests an address and follows redirects, at most five, never from https to http. `Authorization` is sent only to the same scheme, host
 * and port. Throws UNREACHABLE for other redirects, and what the request throws.
 */
export async function requestFollowing(client: HttpClient, start: URL, options: RequestOptions = {}): Promise<HttpReply> {
  let url = start;
  let { headers = {}, rule = 'any' } = options;
  for (let count = 0; ; count++) {
    const reply = await client.request(url, { ...options, headers, rule });
    const { location } = reply.headers;
    if (!REDIRECTS.has(reply.status) || location === undefined) return reply;
    reply.discard();
    if (count === MAX_REDIRECTS) throw new LayerscopeError('UNREACHABLE', `${placeOf(start)}: more than ${MAX_REDIRECTS} redirects`);
    const next = namedAddress(location, url, reply.place, 'redirect');
    if (!isSamePlace(url, next)) {
      headers = withoutCredentials(headers);
      // Once a server on this machine has redirected to another machine, that machine must not redirect back here.
      rule = stricter(rule, ruleOf(reply));
    }
    url = next;
  }
}

/**
 * Returns the address that a server names, relative to `from`, in a redirect or the like (`what`). Throws UNREACHABLE for an invalid one,
 * one with a password, one other than http and https, and one that leads from https to http.
 */
export function namedAddress(target: string, from: URL, place: string, what: string): URL {
  const refused = (why: string): LayerscopeError => new LayerscopeError('UNREACHABLE', `${place}: refused a ${what} ${why}`);
  if (!URL.canParse(target, from)) throw refused('to an invalid address');
  const url = new URL(target, from);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused('away from http');
  if (from.protocol === 'https:' && url.protocol === 'http:') throw refused('from https to http');
  if (url.username !== '' || url.password !== '') throw refused('to an address with a password');
  return url;
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));
}
