import { BrowserWindow, Menu, type MenuItem, type MenuItemConstructorOptions } from 'electron';
import { COMMAND_FACTS, type CommandFacts, type CommandId, keyOf } from '#contract';

const isMac = process.platform === 'darwin';

/** The menu's actions. `open` shows the system's dialogs; all other items are the window's commands. */
export interface MenuActions {
  readonly open: (what: 'files' | 'folder') => void;
  /** Runs a command in the focused window. */
  readonly run: (id: CommandId) => void;
}

/** Electron's names for keys. Source: electronjs.org, Accelerator. */
const ACCELERATORS: Readonly<Record<string, string>> = {
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  '{': 'Shift+[',
  '}': 'Shift+]',
  ' ': 'Space',
  '+': 'Plus',
};

function acceleratorOf(command: CommandFacts): string | undefined {
  const { key, mod, alt, shift } = keyOf(command, isMac);
  // macOS would take a key without modifiers from the page, where the user may be typing.
  if (isMac && !mod && !alt) return undefined;
  const name = ACCELERATORS[key] ?? key.toUpperCase();
  return [...(mod ? ['CmdOrCtrl'] : []), ...(alt ? ['Alt'] : []), ...(shift ? ['Shift'] : []), name].join('+');
}

/** Sets the menu of all windows. */
export function setMenu({ open, run }: MenuActions, { isPackaged }: { readonly isPackaged: boolean }): void {
  const command = (id: CommandId): MenuItemConstructorOptions => {
    const facts = COMMAND_FACTS.find((known) => known.id === id) as CommandFacts;
    const accelerator = acceleratorOf(facts);
    return {
      id: `${facts.image ? 'image' : 'always'}:${id}`,
      label: facts.title,
      click: () => run(id),
      // The page handles the key; the menu only shows it.
      ...(accelerator === undefined ? {} : { accelerator, registerAccelerator: false }),
    };
  };
  const separator = { type: 'separator' } as const;
  const file: MenuItemConstructorOptions[] = [
    { label: 'Open…', accelerator: 'CmdOrCtrl+O', click: () => open('files') },
    { label: 'Open Folder…', accelerator: 'CmdOrCtrl+Shift+O', click: () => open('folder') },
    command('open-name'),
    separator,
    command('export'),
    separator,
    { role: isMac ? 'close' : 'quit' },
  ];
  const view: MenuItemConstructorOptions[] = [
    ...(['layer', 'stacked', 'compare', 'swap'] as const).map(command),
    separator,
    ...(['treemap', 'open-all', 'close-all', 'preview', 'filter'] as const).map(command),
    separator,
    ...(['library', 'details', 'waste', 'findings'] as const).map(command),
    separator,
    ...(isPackaged ? [] : ([{ role: 'reload' }, { role: 'toggleDevTools' }, separator] as const)),
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    separator,
    { role: 'togglefullscreen' },
  ];
  const go: MenuItemConstructorOptions[] = [
    ...(['back', 'forward'] as const).map(command),
    separator,
    ...(['path', 'palette'] as const).map(command),
    separator,
    ...(['newer', 'older', 'widen-newer', 'widen-older'] as const).map(command),
    separator,
    ...(['next-pane', 'previous-pane'] as const).map(command),
  ];
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(isMac ? [{ role: 'appMenu' } as const] : []),
      { role: 'fileMenu', label: 'File', submenu: file },
      {
        label: 'Edit',
        submenu: [
          { role: 'undo' },
          { role: 'redo' },
          separator,
          { role: 'cut' },
          { role: 'copy' },
          { role: 'paste' },
          { role: 'selectAll' },
          separator,
          command('copy-path'),
          command('deselect'),
        ],
      },
      { label: 'View', submenu: view },
      { label: 'Go', submenu: go },
      { role: 'windowMenu' },
      { role: 'help', label: 'Help', submenu: [command('help')] },
    ]),
  );
  refreshMenu();
}

/** Enables image commands while the focused window shows an image, as shown by its URL. */
export function refreshMenu(): void {
  const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
  const hasImage = window !== undefined && !window.webContents.isDestroyed() && window.webContents.getURL().includes('#/image/');
  const visit = (items: readonly MenuItem[]): void => {
    for (const item of items) {
      if (item.id?.startsWith('image:')) item.enabled = hasImage;
      if (item.id?.startsWith('always:')) item.enabled = window !== undefined;
      visit(item.submenu?.items ?? []);
    }
  };
  visit(Menu.getApplicationMenu()?.items ?? []);
}
