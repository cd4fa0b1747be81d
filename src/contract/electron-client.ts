import { createClient, openEnvelope } from './client.ts';
import type { Client } from './operations.ts';
import type { FileGrant } from './reports.ts';

/** What electron/preload.ts puts on the window as `layerscope`. It knows no operation and hands everything through. */
export interface ElectronBridge {
  /** The host's envelope. `call` names it to {@link cancel}: a whole number unlike that of any call under way. */
  request(name: string, input: unknown, call?: number): Promise<unknown>;
  /** Stops the host's work on a call; one that has ended is passed over. */
  cancel(call: number): void;
  /** Returns the function that ends the subscription. */
  subscribe(topic: string, listener: (state: unknown) => void): () => void;
  /** An envelope with a FileGrant; for a DOM File that has a path. */
  grantDropped(file: unknown): Promise<unknown>;
}

/** The client over Electron's IPC: `createElectronClient(window.layerscope)`. */
export function createElectronClient(bridge: ElectronBridge): Client {
  let last = 0;
  return createClient({
    async request(name, input, signal) {
      const call = ++last;
      const cancel = (): void => bridge.cancel(call);
      signal?.addEventListener('abort', cancel);
      try {
        return await bridge.request(name, input, call);
      } finally {
        signal?.removeEventListener('abort', cancel);
      }
    },
    subscribe: (topic, listener) => bridge.subscribe(topic, listener),
    grantFile: async (file) => openEnvelope(await bridge.grantDropped(file)) as FileGrant,
  });
}
