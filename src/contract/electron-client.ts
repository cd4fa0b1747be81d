import { createClient, openEnvelope } from './client.ts';
import type { Client, FileGrant } from './operations.ts';

/** What electron/preload.ts puts on the window as `layerscope`. It knows no operation and hands everything through. */
export interface ElectronBridge {
  /** The host's envelope. */
  request(name: string, input: unknown): Promise<unknown>;
  /** Returns the function that ends the subscription. */
  subscribe(topic: string, listener: (state: unknown) => void): () => void;
  /** An envelope with a FileGrant; for a DOM File that has a path. */
  grantDropped(file: unknown): Promise<unknown>;
}

/** The client over Electron's IPC: `createElectronClient(window.layerscope)`. */
export function createElectronClient(bridge: ElectronBridge): Client {
  return createClient({
    request: (name, input) => bridge.request(name, input),
    subscribe: (topic, listener) => bridge.subscribe(topic, listener),
    grantFile: async (file) => openEnvelope(await bridge.grantDropped(file)) as FileGrant,
  });
}
