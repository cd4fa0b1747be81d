import { type Client, createElectronClient, createWebClient, type ElectronBridge } from '#contract';
import { findSession } from './session.ts';

declare global {
  interface Window {
    /** Put there by Electron's preload; absent in a browser. */
    readonly layerscope?: ElectronBridge & {
      /** The listener gets the id of each command that the desktop's menu chooses. */
      onCommand(listener: (id: unknown) => void): void;
    };
  }
}

/**
 * The client over the door that is there: Electron's bridge, else the loopback host that served this page. A browser without a session
 * is sent to the page that says what to do; then the promise stays open.
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
    // Cookies of other programs on this address are none of the host's business.
    fetch: (url, init) => window.fetch(url, { ...init, credentials: 'omit' }),
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    XMLHttpRequest: window.XMLHttpRequest,
    onConnection,
  });
}
