import dns from 'node:dns';
import type { Agent } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { LayerscopeError } from '#model';
import { type AddressRule, hostOf, isAllowed, isAllowedName } from './address.ts';
import type { Route, Router } from './http-client.ts';
import { http } from './node-http.ts';
import { placeOf } from './problems.ts';
import { Proxies, portOf, type SystemProxy } from './proxies.ts';
import { HostCertificates } from './tls-files.ts';
import { proxyHeaders, TunnelAgent } from './tunnel-agent.ts';

export interface NetworkOptions {
  /** Environment variables that name the proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly certificateFolders: readonly string[];
  /** Returns files with further certificate authorities for a host, in addition to those in the folders. */
  readonly authorities?: (host: string) => readonly string[];
  /** Whether the user's settings exempt a host's certificate from checks. */
  readonly isUnchecked?: (host: string) => boolean;
  /** Returns the system's proxies, for use if the environment doesn't name any. */
  readonly systemProxy?: SystemProxy | undefined;
  /** Looks up names. Defaults to the system's resolver. */
  readonly lookup?: typeof dns.lookup;
}

/** Routes to hosts on the network: directly, or through the user's proxies. Connections are kept for further requests. */
export class NetworkRouter implements Router {
  readonly #proxies: Proxies;
  readonly #certificates: HostCertificates;
  readonly #isUnchecked: (host: string) => boolean;
  readonly #lookup: typeof dns.lookup;
  /** One agent per rule: a connection made under one rule must not be reused under another. */
  readonly #agents = new Map<string, Agent>();

  constructor({
    env,
    certificateFolders,
    isUnchecked = () => false,
    authorities = () => [],
    systemProxy,
    lookup = dns.lookup,
  }: NetworkOptions) {
    this.#proxies = new Proxies(env, systemProxy);
    this.#certificates = new HostCertificates(certificateFolders, env, authorities);
    this.#isUnchecked = isUnchecked;
    this.#lookup = lookup;
  }

  async prepare(url: URL): Promise<void> {
    await this.#proxies.prepare(url);
  }

  route(url: URL, rule: AddressRule): Route {
    const host = hostOf(url);
    const place = placeOf(url);
    // Checked before any lookup: a numeric address doesn't need one, and a proxy resolves names itself.
    if (!isAllowedName(host, rule)) throw refused(place);
    const isTls = url.protocol === 'https:';
    const tls = isTls
      ? { ...this.#certificates.of(url.host), ...(this.#isUnchecked(url.host) ? { rejectUnauthorized: false } : {}) }
      : null;
    const path = `${url.pathname}${url.search}`;
    const proxy = this.#proxies.for(url);
    const shared = { place, tls, headers: {} };
    if (proxy === null) {
      const agent = this.#agent(`${url.protocol}${rule}`, () => new (isTls ? https : http).Agent({ keepAlive: true }));
      return { ...shared, agent, path, host, port: portOf(url), lookup: this.#checked(rule, place) };
    }
    if (isTls) {
      const agent = this.#agent(`proxy:${proxy.href}`, () => new TunnelAgent(proxy));
      return { ...shared, agent, path, host, port: portOf(url) };
    }
    if (proxy.protocol === 'https:')
      throw new LayerscopeError('UNSUPPORTED', `${place}: plain http through an https proxy is not supported`);
    const agent = this.#agent('http:any', () => new http.Agent({ keepAlive: true }));
    const headers = { host: url.host, ...proxyHeaders(proxy) };
    return { ...shared, headers, agent, path: `${url.origin}${path}`, host: hostOf(proxy), port: portOf(proxy) };
  }

  #agent(name: string, make: () => Agent): Agent {
    const known = this.#agents.get(name);
    if (known !== undefined) return known;
    const agent = make();
    this.#agents.set(name, agent);
    return agent;
  }

  /** Resolves a name to the addresses that the rule allows, so that the checked addresses are the ones connected to. */
  #checked(rule: AddressRule, place: string): LookupFunction {
    return (name, options, callback) => {
      this.#lookup(name, { ...options, all: true }, (error, addresses) => {
        if (error !== null) {
          callback(error, '');
          return;
        }
        const allowed = addresses.filter(({ address }) => isAllowed(address, rule));
        const [first] = allowed;
        if (first === undefined) callback(refused(place), '');
        else if (options.all) callback(null, allowed);
        else callback(null, first.address, first.family);
      });
    };
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }
}

function refused(place: string): LayerscopeError {
  return new LayerscopeError('UNREACHABLE', `${place}: refused: a server may not lead to a local or link-local address`);
}
