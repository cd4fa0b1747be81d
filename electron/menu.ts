import { Menu, type MenuItemConstructorOptions } from 'electron';

/** The system's usual menus, and File > Open. */
export function setMenu(open: (what: 'files' | 'folder') => void, { isPackaged }: { readonly isPackaged: boolean }): void {
  const isMac = process.platform === 'darwin';
  const file: MenuItemConstructorOptions[] = [
    { label: 'Open…', accelerator: 'CmdOrCtrl+O', click: () => open('files') },
    { label: 'Open Folder…', accelerator: 'CmdOrCtrl+Shift+O', click: () => open('folder') },
    { type: 'separator' },
    { role: isMac ? 'close' : 'quit' },
  ];
  const view: MenuItemConstructorOptions[] = [
    ...(isPackaged ? [] : ([{ role: 'reload' }, { role: 'toggleDevTools' }, { type: 'separator' }] as MenuItemConstructorOptions[])),
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { type: 'separator' },
    { role: 'togglefullscreen' },
  ];
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(isMac ? [{ role: 'appMenu' } as const] : []),
      { role: 'fileMenu', label: 'File', submenu: file },
      { role: 'editMenu' },
      { label: 'View', submenu: view },
      { role: 'windowMenu' },
    ]),
  );
}
