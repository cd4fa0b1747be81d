// An attacker's tools against the running program: the page's own bridge, the raw ipcRenderer, and listeners on this machine.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { ElectronApplication } from '@playwright/test';
import { expect, type LayerscopeWindow } from './window.ts';

export interface Reply {
  readonly ok: boolean;
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** The preload's functions for the page. */
export interface Bridge {
  request(name: unknown, input: unknown): Promise<Reply>;
  subscribe(topic: unknown, listener: (state: unknown) => void): () => void;
  grantDropped(file: unknown): Promise<Reply>;
}

/** The raw ipcRenderer, as available to a page that broke out of its context. */
export interface Raw {
  invoke(channel: string, ...args: unknown[]): Promise<unknown>;
  send(channel: string, ...args: unknown[]): void;
  /** Messages received on the program's channels: the channel, then its arguments. */
  heard(): readonly (readonly unknown[])[];
}

export type Attacked = Window & { readonly layerscope: Bridge; readonly raw: Raw };

/** Returns Electron's main process. Throws in a browser. */
export function mainOf({ electron }: LayerscopeWindow): ElectronApplication {
  if (electron === null) throw new Error('this spec is about Electron');
  return electron;
}

/** Returns the window's address and text, as the main process sees them, because Playwright keeps waiting for a refused navigation. */
export async function shown(win: LayerscopeWindow): Promise<{ readonly url: string; readonly text: string }> {
  return mainOf(win).evaluate(async ({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents;
    // A page that is loading has no text.
    const text: unknown = await contents?.executeJavaScript('document.body.innerText').catch(() => '');
    return { url: contents?.getURL() ?? '', text: String(text) };
  });
}

/** Checks that the user's window still shows its image and responds. */
export async function expectAtWork(win: LayerscopeWindow): Promise<void> {
  await expect.poll(async () => (await shown(win)).text).toContain('web-api:1.4');
  const answered = await win.page.evaluate(() => (window as unknown as Attacked).layerscope.request('app.info', {}));
  expect(answered.ok).toBe(true);
}

const RAW_PRELOAD = `
const { contextBridge, ipcRenderer } = require('electron');
const heard = [];
for (const channel of ['layerscope:state', 'layerscope:refused']) ipcRenderer.on(channel, (_event, ...args) => heard.push([channel, ...args]));
contextBridge.exposeInMainWorld('raw', {
  invoke: (channel, ...args) => ipcRenderer.invoke(channel, ...args),
  send: (channel, ...args) => ipcRenderer.send(channel, ...args),
  heard: () => heard,
});`;

/** Exposes the raw ipcRenderer to pages loaded from now on, and reloads the window's page. */
export async function giveRaw(win: LayerscopeWindow): Promise<void> {
  const preload = await win.write('raw-preload.cjs', RAW_PRELOAD);
  await mainOf(win).evaluate(({ session }, filePath) => {
    const { defaultSession } = session;
    if (typeof defaultSession.registerPreloadScript === 'function') defaultSession.registerPreloadScript({ type: 'frame', filePath });
    else defaultSession.setPreloads([...defaultSession.getPreloads(), filePath]);
  }, preload);
  await win.page.reload();
  await expect(win.page.getByText('web-api:1.4').first()).toBeVisible();
}

/** Opens a window that doesn't belong to the program, exposes the raw ipcRenderer to it, and runs a script in it. */
export async function inForeignWindow(win: LayerscopeWindow, url: string, script: string): Promise<unknown> {
  const preload = await win.write('raw-preload.cjs', RAW_PRELOAD);
  return mainOf(win).evaluate(
    async ({ BrowserWindow }, asked) => {
      const window = new BrowserWindow({ show: false, webPreferences: { preload: asked.preload, sandbox: true, contextIsolation: true } });
      try {
        // The window's page has no session here and navigates elsewhere before it has loaded.
        await window.loadURL(asked.url).catch((error: { code?: string }) => {
          if (error.code !== 'ERR_ABORTED') throw error;
        });
        return (await window.webContents.executeJavaScript(asked.script)) as unknown;
      } finally {
        window.destroy();
      }
    },
    { preload, url, script },
  );
}

/** Ports on this machine that record connections and packets. */
export interface Ears extends AsyncDisposable {
  readonly port: number;
  readonly heard: readonly string[];
}

export async function listen(): Promise<Ears> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    heard.push('connection');
    socket.on('data', (bytes) => heard.push(String(bytes).split('\r\n')[0] ?? ''));
    socket.on('error', () => {}); // closed by the other side
    socket.end('HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\ncontent-length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const packets = createSocket('udp4', (bytes) => heard.push(`packet of ${bytes.length} bytes`));
  await new Promise<void>((resolve) => packets.bind(port, '127.0.0.1', resolve));
  return {
    port,
    heard,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => packets.close(resolve));
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
