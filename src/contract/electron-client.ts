import { createClient, openEnvelope } from './client.ts';
import type { Client } from './operations.ts';
import type { FileGrant } from './reports.ts';

/** The API that electron/preload.ts exposes as `window.layerscope`. The API has no list of operations; every call is passed through. */
export interface ElectronBridge {
  /**
   * Calls an operation and returns the host's envelope. `call`, an integer unique among pending calls, identifies the call to
   * {@link cancel}.
   */
  request(name: string, input: unknown, call?: number): Promise<unknown>;
  /** Stops the host's work on a call; does nothing if the call has ended. */
  cancel(call: number): void;
  /** Subscribes to a topic. Returns a function that unsubscribes. */
  subscribe(topic: string, listener: (state: unknown) => void): () => void;
  /** Returns an envelope with a FileGrant for a DOM File that has a path. */
  grantDropped(file: unknown): Promise<unknown>;
}

/** Creates the client over Electron's IPC: `createElectronClient(window.layerscope)`. */
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
