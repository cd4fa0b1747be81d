/** The window's only connection to the program. The preload has no list of operations; names, inputs and states are passed through. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';

type Listener = (state: unknown) => void;

const listeners = new Map<number, Listener>();
let last = 0;

ipcRenderer.on('layerscope:state', (_event, number: number, state: unknown) => listeners.get(number)?.(state));
ipcRenderer.on('layerscope:refused', (_event, number: number) => void listeners.delete(number));

/** Commands that arrived before the page was ready, such as those in the program's own arguments. */
const early: unknown[] = [];
let runCommand: (id: unknown) => void = (id) => void early.push(id);
ipcRenderer.on('layerscope:command', (_event, id: unknown) => runCommand(id));

contextBridge.exposeInMainWorld('layerscope', {
  request: (name: unknown, input: unknown, call: unknown) => ipcRenderer.invoke('layerscope:request', name, input, call),
  cancel: (call: unknown) => ipcRenderer.send('layerscope:cancel', call),
  subscribe: (topic: unknown, listener: Listener) => {
    const number = ++last;
    listeners.set(number, listener);
    ipcRenderer.send('layerscope:subscribe', topic, number);
    return () => {
      if (listeners.delete(number)) ipcRenderer.send('layerscope:unsubscribe', number);
    };
  },
  // Receives ids of commands chosen in the menu.
  onCommand: (listener: (id: unknown) => void) => {
    runCommand = listener;
    for (const id of early.splice(0)) listener(id);
  },
  // A File created by the page doesn't have a path, so it gets no grant.
  grantDropped: async (file: File) => ipcRenderer.invoke('layerscope:grant', webUtils.getPathForFile(file)),
});
