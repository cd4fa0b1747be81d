import path from 'node:path';
import { BrowserWindow, dialog, nativeTheme } from 'electron';
import { isPageUrl, PAGE_URL } from './app-protocol.ts';
import { keepPlace, readPlace } from './window-place.ts';

/**
 * Creates a sandboxed window without Node, shown once it has rendered. `preload`: path of the built preload. `placeFile`: file that stores
 * the window's position.
 */
export function createWindow(preload: string, placeFile: string, onFailure: (error: unknown) => void): BrowserWindow {
  const { isMaximized, ...bounds } = readPlace(placeFile);
  const window = new BrowserWindow({
    ...bounds,
    minWidth: 480,
    minHeight: 360,
    show: false,
    title: 'Layerscope',
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#15181c' : '#fbfaf8',
    webPreferences: {
      preload: path.resolve(preload),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });
  if (isMaximized) window.maximize();
  keepPlace(window, placeFile, onFailure);
  window.once('ready-to-show', () => window.show());
  // Navigation to about:blank can't be denied in security.ts, so the window's page is loaded again.
  window.webContents.on('did-navigate', (_event, url) => {
    if (!isPageUrl(url)) void window.loadURL(PAGE_URL).catch(() => {}); // fails if the window has been closed since
  });
  return window;
}

/** Loads the window's page. */
export async function loadPage(window: BrowserWindow): Promise<void> {
  await window.loadURL(PAGE_URL);
}

/** Shows the system's dialog; returns no paths if the user cancels. */
export async function choosePaths(window: BrowserWindow, what: 'files' | 'folder'): Promise<readonly string[]> {
  const { canceled, filePaths } = await dialog.showOpenDialog(window, {
    title: what === 'folder' ? 'Open an OCI layout or a catalog' : 'Open image archives',
    properties: what === 'folder' ? ['openDirectory'] : ['openFile', 'multiSelections'],
  });
  return canceled ? [] : filePaths;
}

/** Shows the system's dialog for a store's folder; returns null if the user cancels. */
export async function chooseHome(window: BrowserWindow): Promise<string | null> {
  const { canceled, filePaths } = await dialog.showOpenDialog(window, {
    title: 'Add a store: an OCI image layout, a folder of Windows layers, or an empty folder',
    properties: ['openDirectory', 'createDirectory'],
  });
  return canceled ? null : (filePaths[0] ?? null);
}

/** Shows the system's dialog for saving a file, which asks before replacing an existing one; returns null if the user cancels. */
export async function chooseTarget(window: BrowserWindow, name: string): Promise<string | null> {
  const { canceled, filePath } = await dialog.showSaveDialog(window, { title: 'Export', defaultPath: name });
  return canceled || filePath === undefined || filePath === '' ? null : filePath;
}
