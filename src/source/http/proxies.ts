// HTTPS_PROXY, HTTP_PROXY and NO_PROXY, as curl and Go read them: lower case first.
import { BlockList, isIP } from 'node:net';
import { LayerscopeError } from '#model';
import { hostOf, isLoopback } from './address.ts';

/** The proxies of an environment. */
export class Proxies {
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  /** Returns the proxy for an address; null for none, as for this machine. Throws USAGE if the variable isn't an http(s) URL. */
  for(url: URL): URL | null {
    const host = hostOf(url).toLowerCase();
    if (host === 'localhost' || host.endsWith('.localhost') || isLoopback(host)) return null;
    const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
    const text = this.#value(name);
    if (text === '' || isExempt(this.#value('no_proxy'), host, portOf(url))) return null;
    return parseProxy(text, name);
  }

  #value(name: string): string {
    return this.#env[name] || this.#env[name.toUpperCase()] || '';
  }
}

function parseProxy(text: string, name: string): URL {
  let url: URL | null = null;
  try {
    url = new URL(/^[a-z0-9+.-]+:\/\//i.test(text) ? text : `http://${text}`);
  } catch {
    // Reported below without the text, which may contain a password.
  }
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new LayerscopeError('USAGE', `${name.toUpperCase()} is not an http or https address`);
  return url;
}

export function portOf(url: URL): string {
  return url.port !== '' ? url.port : url.protocol === 'https:' ? '443' : '80';
}

function isExempt(list: string, host: string, port: string): boolean {
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && exempts(entry, host, port));
}

function exempts(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const [, subnet, bits] = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry) ?? [];
  if (subnet !== undefined) return isWithin(host, subnet, Number(bits));
  const [, name = entry, ofPort] = isIP(entry) === 6 ? [] : (/^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(entry) ?? []);
  if (ofPort !== undefined && ofPort !== port) return false;
  const domain = name.replace(/^\*?\./, '');
  return host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`));
}

/** Whether an address is in a subnet; names never are. */
export function isWithin(host: string, subnet: string, bits: number): boolean {
  const family = isIP(host);
  if (family === 0 || family !== isIP(subnet) || bits > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(subnet, bits, family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
