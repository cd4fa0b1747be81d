import { type Client, createElectronClient, createWebClient, type ElectronBridge, type WebSurroundings } from '#contract';

declare global {
  interface Window {
    /** Put there by Electron's preload; absent in a browser. */
    readonly layerscope?: ElectronBridge & {
      /** The listener gets the id of each command that the desktop's menu chooses. */
      onCommand(listener: (id: unknown) => void): void;
    };
  }
}

/** The client over the door that is there: Electron's bridge, else the loopback host that served this page. */
export function openClient(onConnection: (connected: boolean) => void): Client {
  if (window.layerscope !== undefined) return createElectronClient(window.layerscope);
  return createWebClient({
    fetch: (url, init) => window.fetch(url, init),
    // The same shape: the DOM's overloads are too many for the compiler to see it.
    EventSource: window.EventSource as unknown as WebSurroundings['EventSource'],
    XMLHttpRequest: window.XMLHttpRequest,
    onConnection,
  });
}
