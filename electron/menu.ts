import { BrowserWindow, Menu, type MenuItem, type MenuItemConstructorOptions } from 'electron';
import { COMMAND_FACTS, type CommandFacts, type CommandId, keyOf } from '#contract';

const isMac = process.platform === 'darwin';

/** The menu's own: what the system's dialogs do. Everything else of it is the window's commands, by the table that its keys come from. */
export interface MenuActions {
  readonly open: (what: 'files' | 'folder') => void;
  /** Tells the focused window to do what its key would. */
  readonly run: (id: CommandId) => void;
}

/** Electron's names of keys. Source: electronjs.org, Accelerator. */
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
  // A key by itself belongs to the page, where it may be a letter of a text; macOS would take it away from there.
  if (isMac && !mod && !alt) return undefined;
  const name = ACCELERATORS[key] ?? key.toUpperCase();
  return [...(mod ? ['CmdOrCtrl'] : []), ...(alt ? ['Alt'] : []), ...(shift ? ['Shift'] : []), name].join('+');
}

/** The menu of every window. */
export function setMenu({ open, run }: MenuActions, { isPackaged }: { readonly isPackaged: boolean }): void {
  const command = (id: CommandId): MenuItemConstructorOptions => {
    const facts = COMMAND_FACTS.find((known) => known.id === id) as CommandFacts;
    const accelerator = acceleratorOf(facts);
    return {
      id: `${facts.image ? 'image' : 'always'}:${id}`,
      label: facts.title,
      click: () => run(id),
      // The page hears the key itself: here it is only shown.
      ...(accelerator === undefined ? {} : { accelerator, registerAccelerator: false }),
    };
  };
  const separator = { type: 'separator' } as const;
  const file: MenuItemConstructorOptions[] = [
    { label: 'Open…', accelerator: 'CmdOrCtrl+O', click: () => open('files') },
    { label: 'Open Folder…', accelerator: 'CmdOrCtrl+Shift+O', click: () => open('folder') },
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

/** What asks for an image can be chosen while the focused window shows one: its address says so. */
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
