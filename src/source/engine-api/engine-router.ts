import type { Agent } from 'node:http';
import https from 'node:https';
import { displayText, LayerscopeError } from '#model';
import { hostOf } from '../http/address.ts';
import type { Route, Router } from '../http/http-client.ts';
import { http } from '../http/node-http.ts';
import type { EngineEndpoint } from './endpoints.ts';
import { SshAgent } from './ssh-agent.ts';

/** Routes every request to one engine, through a socket, a pipe, the network or ssh. */
export class EngineRouter implements Router {
  readonly #endpoint: EngineEndpoint;
  #agent: Agent | null = null;

  constructor(endpoint: EngineEndpoint) {
    this.#endpoint = endpoint;
  }

  route(url: URL): Route {
    const { address } = this.#endpoint;
    const shared = {
      path: `${url.pathname}${url.search}`,
      headers: {},
      place: displayText(address),
      tls: null,
      host: 'localhost',
      port: '',
    };
    const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/s.exec(address) ?? [];
    if (scheme === 'unix') return { ...shared, agent: this.#plain(), socketPath: rest };
    // `//./pipe/NAME` is `\\.\pipe\NAME`.
    if (scheme === 'npipe') return { ...shared, agent: this.#plain(), socketPath: rest.replaceAll('/', '\\') };
    if (scheme === 'ssh') return { ...shared, agent: this.#ssh() };
    return this.#network(shared);
  }

  #network(shared: Omit<Route, 'agent'>): Route {
    const { address, tls } = this.#endpoint;
    const url = new URL(address.replace(/^tcp:/, 'http:'));
    const isTls = tls !== null || url.protocol === 'https:';
    const port = url.port !== '' ? url.port : isTls ? '2376' : '2375';
    const at = { ...shared, host: hostOf(url), port };
    if (!isTls) return { ...at, agent: this.#plain() };
    this.#agent ??= new https.Agent({ keepAlive: true });
    return { ...at, agent: this.#agent, tls: tls?.() ?? {} };
  }

  #plain(): Agent {
    this.#agent ??= new http.Agent({ keepAlive: true });
    return this.#agent;
  }

  #ssh(): Agent {
    const { address, engine, identity } = this.#endpoint;
    if (this.#agent === null) {
      const url = new URL(address);
      const host = hostOf(url);
      if (host === '' || host.startsWith('-')) throw new LayerscopeError('USAGE', `${displayText(address)}: not a host`);
      this.#agent = new SshAgent({ host, user: decodeURIComponent(url.username), port: url.port, command: engine, identity });
    }
    return this.#agent;
  }

  close(): void {
    this.#agent?.destroy();
  }
}
