import type { ClientRequest } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { LayerscopeError } from '#model';
import { hostOf } from './address.ts';
import { http } from './node-http.ts';
import { networkError, placeOf } from './problems.ts';
import { portOf } from './proxies.ts';

/** How long, in ms, a proxy may take to connect, however often it sends a byte. */
const CONNECT_MS = 30_000;

type Connected = (error: Error | null, stream: Duplex) => void;

/** Returns `Proxy-Authorization` for a proxy address with credentials, otherwise nothing. */
export function proxyHeaders(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Makes TLS connections through a proxy: CONNECT first, then the handshake with the host itself. */
export class TunnelAgent extends https.Agent {
  readonly #proxy: URL;
  readonly #connectMs: number;
  readonly #connecting = new Set<ClientRequest>();

  constructor(proxy: URL, connectMs = CONNECT_MS) {
    super({ keepAlive: true });
    this.#proxy = proxy;
    this.#connectMs = connectMs;
  }

  override destroy(): void {
    for (const connect of this.#connecting) connect.destroy();
    super.destroy();
  }

  override createConnection(options: https.RequestOptions, callback?: Connected): Duplex | null | undefined {
    const target = `${formatHost(String(options.host))}:${String(options.port)}`;
    const place = `the proxy ${placeOf(this.#proxy)}`;
    const connect = (this.#proxy.protocol === 'https:' ? https : http).request({
      host: hostOf(this.#proxy),
      port: portOf(this.#proxy),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...proxyHeaders(this.#proxy) },
      agent: false,
    });
    this.#connecting.add(connect);
    const deadline = setTimeout(() => connect.destroy(new LayerscopeError('UNREACHABLE', `${place}: does not respond`)), this.#connectMs);
    connect.on('close', () => {
      clearTimeout(deadline);
      this.#connecting.delete(connect);
    });
    const fail = (error: unknown): void => callback?.(networkError(error, place), undefined as unknown as Duplex);
    connect.on('error', fail);
    connect.on('connect', ({ statusCode }, socket, head) => {
      clearTimeout(deadline);
      this.#connecting.delete(connect);
      if (statusCode !== 200 || head.length > 0) {
        socket.destroy();
        fail(new LayerscopeError('UNREACHABLE', `${place}: refuses to connect to ${target} (status ${String(statusCode)})`));
        return;
      }
      const secure = tls.connect({ ...(options as tls.ConnectionOptions), socket });
      callback?.(null, secure);
    });
    connect.end();
    return undefined;
  }
}

function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
