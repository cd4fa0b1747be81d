import path from 'node:path';
import { type BrowserWindow, type IpcMainEvent, type IpcMainInvokeEvent, ipcMain, type WebContents, type WebFrameMain } from 'electron';
import type { Envelope, TopicName } from '#contract';
import type { GrantedFile, Host, Sender } from '#host';
import { LayerscopeError } from '#model';
import { isPageUrl } from './app-protocol.ts';
import { isOwnFrame } from './security.ts';

/** Messages that a window's page can send. */
export interface PageMessages {
  request(event: IpcMainInvokeEvent, name: unknown, input: unknown, call: unknown): Promise<Envelope<unknown>>;
  cancel(event: IpcMainEvent, call: unknown): void;
  /** Only the preload can send this. It gets the path from a file that the user dropped; the page itself can't name a path. */
  grant(event: IpcMainInvokeEvent, file: unknown): Promise<Envelope<unknown>>;
  subscribe(event: IpcMainEvent, topic: unknown, number: unknown): void;
  unsubscribe(event: IpcMainEvent, number: unknown): void;
}

/** The host's connection to pages over Electron's IPC. Each window is a sender, bound to its page. */
export interface Bridge extends PageMessages {
  /** Admits a window until it closes. */
  connect(window: BrowserWindow): void;
  senderOf(window: BrowserWindow): Sender | null;
  windowOf(sender: Sender): BrowserWindow | null;
}

interface Connected {
  readonly window: BrowserWindow;
  readonly sender: Sender;
  /** Subscriptions, by the number that the preload gave them. */
  readonly subscriptions: Map<number, () => void>;
  /** Pending calls, by the number that the page gave them. */
  readonly calls: Map<number, AbortController>;
}

const MAX_SUBSCRIPTIONS = 64;
const MAX_CALLS = 4_096;

/** Describes a file for a grant. */
export function grantedFile(file: string): GrantedFile {
  return { path: file, name: path.basename(file) || file };
}

/** Matches an operation's name that is safe to log. */
const NAME = /^[a-z]{1,20}\.[a-z-]{1,20}$/;

/** Receives the pages' messages and queues them until the bridge exists. Call once, before a page is loaded. */
export function receiveMessages(bridge: Promise<PageMessages>): void {
  ipcMain.handle('layerscope:request', async (event, ...words) => (await bridge).request(event, words[0], words[1], words[2]));
  ipcMain.handle('layerscope:grant', async (event, file: unknown) => (await bridge).grant(event, file));
  ipcMain.on('layerscope:cancel', async (event, call: unknown) => (await bridge).cancel(event, call));
  ipcMain.on('layerscope:subscribe', async (event, topic: unknown, number: unknown) => (await bridge).subscribe(event, topic, number));
  ipcMain.on('layerscope:unsubscribe', async (event, number: unknown) => (await bridge).unsubscribe(event, number));
}

/** Creates the bridge. `onRefused` receives the operation and error code of each failed call. */
export function createBridge(host: Host, onRefused: (name: string, code: string) => void): Bridge {
  const windows = new Map<WebContents, Connected>();

  const find = (contents: WebContents, frame: WebFrameMain | null): Connected => {
    const connected = windows.get(contents);
    if (connected === undefined || !isOwnFrame(contents, frame)) {
      throw new LayerscopeError('FORBIDDEN', 'the sender is not a window of this program');
    }
    return connected;
  };

  /** Ends the calls and subscriptions of a page that no longer exists. */
  const endPage = ({ subscriptions, calls }: Connected): void => {
    for (const end of subscriptions.values()) end();
    subscriptions.clear();
    for (const call of calls.values()) call.abort();
    calls.clear();
  };

  const handle = async ({ sender, calls }: Connected, name: unknown, input: unknown, call: unknown): Promise<Envelope<unknown>> => {
    if (call === undefined) return host.handle(sender, name, input); // a call without a number can't be cancelled
    if (!Number.isSafeInteger(call) || calls.has(call as number) || calls.size >= MAX_CALLS) {
      throw new LayerscopeError('BAD_REQUEST', 'malformed call');
    }
    const control = new AbortController();
    calls.set(call as number, control);
    try {
      return await host.handle(sender, name, input, { signal: control.signal });
    } finally {
      // A reloaded page restarts its numbering, so this number may now belong to a newer call.
      if (calls.get(call as number) === control) calls.delete(call as number);
    }
  };

  const answer = async (event: IpcMainInvokeEvent, name: unknown, input: unknown, call: unknown): Promise<Envelope<unknown>> => {
    try {
      return await handle(find(event.sender, event.senderFrame), name, input, call);
    } catch (error) {
      return host.refuse(error);
    }
  };

  return {
    async request(event, name, input, call) {
      const envelope = await answer(event, name, input, call);
      if (!envelope.ok && envelope.error.code !== 'CANCELLED')
        onRefused(typeof name === 'string' && NAME.test(name) ? name : 'call', envelope.error.code);
      return envelope;
    },
    cancel({ sender, senderFrame }, call) {
      if (!isOwnFrame(sender, senderFrame)) return;
      windows
        .get(sender)
        ?.calls.get(call as number)
        ?.abort();
    },
    async grant(event, file) {
      try {
        const { sender } = find(event.sender, event.senderFrame);
        if (typeof file !== 'string' || !path.isAbsolute(file)) throw new LayerscopeError('BAD_REQUEST', 'the file is not on this disk');
        return { ok: true, value: host.grants.give(sender, grantedFile(file)) };
      } catch (error) {
        return host.refuse(error);
      }
    },
    subscribe(event, topic, number) {
      try {
        const { sender, subscriptions } = find(event.sender, event.senderFrame);
        if (!Number.isSafeInteger(number) || subscriptions.has(number as number) || subscriptions.size >= MAX_SUBSCRIPTIONS) {
          throw new LayerscopeError('BAD_REQUEST', 'malformed subscription');
        }
        // The host checks the topic.
        const end = host.subscribe(sender, topic as TopicName, (state) => {
          if (!event.sender.isDestroyed()) event.sender.send('layerscope:state', number, state);
        });
        subscriptions.set(number as number, end);
      } catch (error) {
        if (!event.sender.isDestroyed()) event.sender.send('layerscope:refused', number, host.refuse(error));
      }
    },
    unsubscribe({ sender, senderFrame }, number) {
      const subscriptions = windows.get(sender)?.subscriptions;
      if (subscriptions === undefined || !isOwnFrame(sender, senderFrame)) return; // a page can only end its own subscriptions
      subscriptions.get(number as number)?.();
      subscriptions.delete(number as number);
    },
    connect(window) {
      const { webContents } = window;
      const connected: Connected = { window, sender: host.admit(), subscriptions: new Map(), calls: new Map() };
      windows.set(webContents, connected);
      // A new document ends the old page's calls and subscriptions. did-start-navigation also reports navigations that are denied later, so
      // it counts only for the page's own URL.
      webContents.on('did-start-navigation', (_event, url, isInPlace, isMainFrame) => {
        if (isMainFrame && !isInPlace && isPageUrl(url)) endPage(connected);
      });
      webContents.on('did-navigate', (_event, url) => {
        if (!isPageUrl(url)) endPage(connected);
      });
      webContents.on('render-process-gone', () => endPage(connected));
      window.once('closed', () => {
        endPage(connected);
        windows.delete(webContents);
        void host.dismiss(connected.sender);
      });
    },
    senderOf: (window) => [...windows.values()].find((each) => each.window === window)?.sender ?? null,
    windowOf: (sender) => [...windows.values()].find((each) => each.sender === sender)?.window ?? null,
  };
}
