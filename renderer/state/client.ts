import { type Client, createElectronClient, createWebClient, type ElectronBridge } from '#contract';
import { findSession } from './session.ts';

declare global {
  interface Window {
    /** Set by Electron's preload; absent in a browser. */
    readonly layerscope?: ElectronBridge & {
      /** Calls the listener with the id of each command chosen in the desktop's menu. */
      onCommand(listener: (id: unknown) => void): void;
    };
  }
}

/**
 * Creates a client over Electron's bridge if there is one, else over the loopback host that served this page. A browser without a session
 * is redirected to a page with instructions; the promise then never settles.
 */
export async function openClient(onConnection: (connected: boolean) => void): Promise<Client> {
  if (window.layerscope !== undefined) return createElectronClient(window.layerscope);
  const secret = await findSession();
  if (secret === null) {
    window.location.replace('/no-session');
    return new Promise(() => {});
  }
  return createWebClient({
    secret,
    // The host must not receive cookies that other programs at this address have set.
    fetch: (url, init) => window.fetch(url, { ...init, credentials: 'omit' } as RequestInit),
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    XMLHttpRequest: window.XMLHttpRequest,
    onConnection,
  });
}
