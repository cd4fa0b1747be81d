// HTTPS_PROXY, HTTP_PROXY and NO_PROXY, read as by curl and Go: the lower-case names take precedence. If none is set, the system's proxies
// are used, if the host program can query them.
import { BlockList, isIP } from 'node:net';
import { LayerscopeError } from '#model';
import { hostOf, isLoopback } from './address.ts';

/**
 * Returns the system's proxies for an address, in the form of a PAC file's results: `PROXY host:port; DIRECT`. The address has no path.
 */
export type SystemProxy = (address: string) => Promise<string>;

/** The proxies of an environment, or of the system. */
export class Proxies {
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #system: SystemProxy | null;
  /** The system's results by origin. */
  readonly #known = new Map<string, URL | null>();

  constructor(env: Readonly<Record<string, string | undefined>>, system: SystemProxy | null = null) {
    this.#env = env;
    this.#system = system;
  }

  /**
   * Queries the system for an address's proxy, if that can matter. Throws UNSUPPORTED if the system has only unsupported kinds of proxies.
   */
  async prepare(url: URL): Promise<void> {
    if (this.#system === null || this.#known.has(url.origin) || !this.#isSystems(url)) return;
    this.#known.set(url.origin, parseResults(await this.#system(`${url.origin}/`)));
  }

  /**
   * Returns the proxy for an address; null if there is none, as is always the case for this machine. Throws USAGE if the environment
   * variable isn't an http(s) URL. The system's proxies are known only for addresses passed to {@link prepare}.
   */
  for(url: URL): URL | null {
    if (this.#isDirect(url)) return null;
    if (this.#isSystems(url)) return this.#known.get(url.origin) ?? null;
    const name = variableOf(url);
    const text = this.#value(name);
    return text === '' ? null : parseProxy(text, name.toUpperCase());
  }

  /** Whether no proxy is used, whatever the settings. */
  #isDirect(url: URL): boolean {
    const host = hostOf(url).toLowerCase();
    const isHere = host === 'localhost' || host.endsWith('.localhost') || isLoopback(host);
    return isHere || isExempt(this.#value('no_proxy'), host, portOf(url));
  }

  /** Whether the system's proxy applies to an address. It doesn't if the user has set a variable for any proxy. */
  #isSystems(url: URL): boolean {
    return this.#system !== null && !this.#isDirect(url) && this.#value('https_proxy') === '' && this.#value('http_proxy') === '';
  }

  #value(name: string): string {
    return this.#env[name] || this.#env[name.toUpperCase()] || '';
  }
}

function variableOf(url: URL): string {
  return url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
}

/** Returns the first supported proxy; null for none. */
function parseResults(text: string): URL | null {
  const results = text.split(';').map((each) => each.trim());
  for (const result of results) {
    const [, kind = '', place = ''] = /^(\w+)(?:\s+(\S+))?$/.exec(result) ?? [];
    if (kind.toUpperCase() === 'DIRECT') return null;
    const scheme = { PROXY: 'http', HTTP: 'http', HTTPS: 'https' }[kind.toUpperCase()];
    if (scheme !== undefined && place !== '') return parseProxy(`${scheme}://${place}`, 'the system’s proxy');
  }
  if (results.every((each) => each === '')) return null;
  throw new LayerscopeError('UNSUPPORTED', 'the system’s proxy is not a supported kind: set HTTPS_PROXY to an http or https proxy');
}

function parseProxy(text: string, name: string): URL {
  let url: URL | null = null;
  try {
    url = new URL(/^[a-z0-9+.-]+:\/\//i.test(text) ? text : `http://${text}`);
  } catch {
    // Reported below without the text, which may contain a password.
  }
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new LayerscopeError('USAGE', `${name} is not an http or https address`);
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

/** Whether an address is in a subnet; always false for names. */
export function isWithin(host: string, subnet: string, bits: number): boolean {
  const family = isIP(host);
  if (family === 0 || family !== isIP(subnet) || bits > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(subnet, bits, family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
