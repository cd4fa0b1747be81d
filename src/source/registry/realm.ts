// A registry names the server that issues tokens. A server that the user didn't name gets credentials only if it clearly belongs to the
// registry, because any registry could name another registry's server.

import { isIP } from 'node:net';
import { displayText, LayerscopeError } from '#model';
import { hostOf } from '../http/address.ts';

/** Docker Hub's registry and token server. */
const HUB = { registry: 'registry-1.docker.io', realm: 'auth.docker.io' } as const;

/** Domains below which anyone can register a name, in addition to `co.uk` and the like. */
const SHARED: ReadonlySet<string> = new Set([
  'amazonaws.com',
  'amazonaws.com.cn',
  'appspot.com',
  'azurecontainer.io',
  'azurecr.cn',
  'azurecr.io',
  'azurecr.us',
  'azurewebsites.net',
  'cloudapp.net',
  'cloudfront.net',
  'duckdns.org',
  'dyndns.org',
  'firebaseapp.com',
  'fly.dev',
  'github.io',
  'gitlab.io',
  'googleapis.com',
  'herokuapp.com',
  'jfrog.io',
  'loca.lt',
  'netlify.app',
  'ngrok-free.app',
  'ngrok.app',
  'ngrok.io',
  'nip.io',
  'onrender.com',
  'pages.dev',
  'run.app',
  'sslip.io',
  'trycloudflare.com',
  'ts.net',
  'vercel.app',
  'web.app',
  'windows.net',
  'workers.dev',
]);
/** Second-level labels below a country's domain that nobody can register as their own domain: `co.uk`, `com.au`. */
const SECOND = /^(ac|co|com|edu|gob|gov|gouv|go|mil|ne|net|nom|or|org|sch|id|ltd|plc|me|in)$/;

/**
 * Returns the URL of a realm, with this program's own query. Throws UNREACHABLE if the registry at `registry` isn't allowed to name that
 * address.
 */
export function realmUrl(realm: string | undefined, registry: URL): URL {
  const place = displayText(registry.host);
  const refuse = (what: string): never => {
    throw new LayerscopeError('UNREACHABLE', `${place}: its realm ${what}`);
  };
  let url: URL;
  try {
    url = new URL(realm ?? '');
  } catch {
    return refuse('is not an address');
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && registry.protocol === 'http:')) return refuse('is not https');
  if (url.username !== '' || url.password !== '') return refuse('has a password in its address');
  return url;
}

/** Whether credentials for a registry may be sent to a realm. `allowed` are hosts that the user named. */
export function isOwnRealm(realm: URL, registry: URL, allowed: ReadonlySet<string>): boolean {
  const [host, own] = [hostOf(realm).toLowerCase(), hostOf(registry).toLowerCase()];
  if (host === own || allowed.has(host) || allowed.has(realm.host)) return true;
  if (own === HUB.registry) return host === HUB.realm;
  if (isIP(host) !== 0 || isIP(own) !== 0) return false;
  const domain = registrableDomain(own);
  return domain !== null && domain === registrableDomain(host);
}

/** Returns the domain that somebody registered: `example.com` for `a.b.example.com`; null if the whole host is a shared domain. */
export function registrableDomain(host: string): string | null {
  const labels = host.split('.');
  for (let count = labels.length; count >= 2; count--) {
    const suffix = labels.slice(-count).join('.');
    if (SHARED.has(suffix)) return labels.length > count ? labels.slice(-count - 1).join('.') : null;
  }
  const [second = '', top = ''] = labels.slice(-2);
  const size = top.length === 2 && SECOND.test(second) ? 3 : 2;
  return labels.length < size ? null : labels.slice(-size).join('.');
}
