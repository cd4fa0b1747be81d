import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { createServer, type Plugin, type ProxyOptions, type ViteDevServer } from 'vite';
import { CONTENT_SECURITY_POLICY } from '#contract';

const root = path.dirname(path.dirname(import.meta.dirname));
const SHARED = `${path.join(root, 'src').replaceAll('\\', '/')}/`;
const RELOAD = 'layerscope:host';

export interface DevPage {
  readonly server: ViteDevServer;
  readonly port: number;
  /** Navigates every open page to `url`; called after the host has been restarted. */
  show(url: string): void;
}

/** Returns the product's policy, relaxed as far as Vite needs: a nonce for the scripts and styles that it injects, and its socket. */
function devPolicy(nonce: string, port: number): string {
  return CONTENT_SECURITY_POLICY.replace("script-src 'self'", `script-src 'self' 'nonce-${nonce}'`)
    .replace("style-src 'self'", `style-src 'self' 'nonce-${nonce}'`)
    .replace("connect-src 'self'", `connect-src 'self' ws://127.0.0.1:${port}`);
}

/** Returns a plugin with the page's side of {@link DevPage.show}. */
function followHost(): Plugin {
  return {
    name: 'layerscope-follow-host',
    apply: 'serve',
    // The host runs the shared code too, so a change restarts the host and then reloads the page. A hot update would reach the page while
    // there is no host.
    hotUpdate: ({ file }) => (file.startsWith(SHARED) ? [] : undefined),
    transformIndexHtml: () => [
      {
        tag: 'script',
        attrs: { type: 'module' },
        children: [
          "import { createHotContext } from '/@vite/client';",
          `createHotContext('/@layerscope-follow-host').on('${RELOAD}', ({ url }) => {`,
          '  location.replace(url);',
          '  location.reload();',
          '});',
        ].join('\n'),
        injectTo: 'head',
      },
    ],
  };
}

/**
 * Forwards the page's calls to the host as if the host had served the page. Requests from other pages keep their origin, so that the host
 * refuses them; Vite refuses other host names.
 */
function toHost(hostPort: number): ProxyOptions {
  return {
    target: `http://127.0.0.1:${hostPort}`,
    changeOrigin: true,
    configure: (proxy) => {
      proxy.on('proxyReq', (outgoing, { headers }) => {
        if (headers.origin === `http://${headers.host}`) outgoing.setHeader('origin', `http://127.0.0.1:${hostPort}`);
      });
    },
  };
}

/**
 * Starts Vite's server for the renderer, on a loopback address. `hostPort`: port of the loopback host behind it; null for Electron, which
 * has the bridge.
 */
export async function startPage({ port, hostPort, target }: { port: number; hostPort: number | null; target: string }): Promise<DevPage> {
  const nonce = randomBytes(16).toString('base64');
  const proxy = hostPort === null ? undefined : toHost(hostPort);
  const server = await createServer({
    configFile: path.join(root, 'vite.config.ts'),
    base: '/',
    cacheDir: path.join(root, 'out', 'dev', 'vite'),
    clearScreen: false,
    plugins: [followHost()],
    oxc: { target },
    html: { cspNonce: nonce },
    server: {
      host: '127.0.0.1',
      port,
      strictPort: true,
      cors: false,
      hmr: { host: '127.0.0.1', protocol: 'ws', clientPort: port },
      headers: { 'content-security-policy': devPolicy(nonce, port), 'x-content-type-options': 'nosniff' },
      fs: { allow: [path.join(root, 'renderer'), path.join(root, 'src'), path.join(root, 'node_modules'), path.join(root, 'out', 'dev')] },
      ...(proxy === undefined
        ? {}
        : { proxy: { '^/(call|topics|uploads|downloads)/': proxy, '^/(session|no-session|session\\.css)$': proxy } }),
    },
  });
  await server.listen();
  return { server, port, show: (url) => server.ws.send({ type: 'custom', event: RELOAD, data: { url } }) };
}
