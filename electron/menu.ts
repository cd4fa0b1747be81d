import { BrowserWindow, Menu, type MenuItem, type MenuItemConstructorOptions } from 'electron';
import { COMMAND_FACTS, COPY_DIAGNOSTICS, type CommandFacts, type CommandId, keyOf } from '#contract';
import type { GrantedFile } from '#host';
import { displayText } from '#model';

const isMac = process.platform === 'darwin';

/** What the menu's items do. `open` shows the system's dialog for files or a folder. */
export interface MenuActions {
  readonly open: (what: 'files' | 'folder') => void;
  /** Runs a command in the focused window. */
  readonly run: (id: CommandId | typeof COPY_DIAGNOSTICS) => void;
  /** Opens a file from the list of recent files. */
  readonly openAgain: (file: string) => void;
  readonly forgetRecent: () => void;
  /** Shows the log's folder in the file manager. */
  readonly showLogs: () => void;
  /** Shows the page of licences; null if there is none. */
  readonly showLicences: (() => void) | null;
}

interface MenuState {
  readonly isPackaged: boolean;
  /** Recent files, latest first. */
  readonly recent: readonly GrantedFile[];
}

/** Escapes a file's name for a menu, where `&` marks an access key. */
function menuText(name: string): string {
  const text = displayText(name);
  return (text.length > 60 ? `${text.slice(0, 59)}…` : text).replaceAll('&', '&&');
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
  // macOS would take a key without modifiers away from the page, where the user may be typing.
  if (isMac && !mod && !alt) return undefined;
  const name = ACCELERATORS[key] ?? key.toUpperCase();
  return [...(mod ? ['CmdOrCtrl'] : []), ...(alt ? ['Alt'] : []), ...(shift ? ['Shift'] : []), name].join('+');
}

/** Sets the menu of all windows. */
export function setMenu(actions: MenuActions, { isPackaged, recent }: MenuState): void {
  const { open, run } = actions;
  const command = (id: CommandId): MenuItemConstructorOptions => {
    const facts = COMMAND_FACTS.find((known) => known.id === id) as CommandFacts;
    const accelerator = acceleratorOf(facts);
    return {
      id: `${facts.image ? 'image' : 'always'}:${id}`,
      label: facts.title,
      click: () => run(id),
      // The page handles the key; the menu only displays it.
      ...(accelerator === undefined ? {} : { accelerator, registerAccelerator: false }),
    };
  };
  const separator = { type: 'separator' } as const;
  const file: MenuItemConstructorOptions[] = [
    { label: 'Open…', accelerator: 'CmdOrCtrl+O', click: () => open('files') },
    { label: 'Open Folder…', accelerator: 'CmdOrCtrl+Shift+O', click: () => open('folder') },
    command('open-name'),
    {
      label: 'Open Recent',
      enabled: recent.length > 0,
      submenu: [
        ...recent.map((file) => ({
          label: menuText(file.name),
          toolTip: displayText(file.path),
          click: () => actions.openAgain(file.path),
        })),
        separator,
        { label: 'Clear Recent Files', click: actions.forgetRecent },
      ],
    },
    separator,
    command('export'),
    separator,
    ...(isMac ? [] : [command('settings'), separator]),
    { role: isMac ? 'close' : 'quit' },
  ];
  const view: MenuItemConstructorOptions[] = [
    ...(['image', 'layer', 'stacked', 'compare', 'swap'] as const).map(command),
    separator,
    ...(['treemap', 'breakdown', 'packages', 'registry'] as const).map(command),
    separator,
    ...(['open-all', 'close-all', 'preview', 'filter'] as const).map(command),
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
  const help: MenuItemConstructorOptions[] = [
    command('help'),
    separator,
    { label: 'Licences', enabled: actions.showLicences !== null, click: () => actions.showLicences?.() },
    { label: 'Show Logs', click: actions.showLogs },
    { label: 'Copy Diagnostics', id: 'always:diagnostics', click: () => run(COPY_DIAGNOSTICS) },
    ...(isMac ? [] : [separator, { role: 'about', label: 'About Layerscope' } as const]),
  ];
  // On macOS, About, Settings and Quit are in the application menu.
  const appMenu: MenuItemConstructorOptions[] = [
    { role: 'about' },
    separator,
    command('settings'),
    separator,
    { role: 'services' },
    separator,
    ...(['hide', 'hideOthers', 'unhide'] as const).map((role) => ({ role })),
    separator,
    { role: 'quit' },
  ];
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(isMac ? [{ role: 'appMenu', submenu: appMenu } as const] : []),
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
      { role: 'help', label: 'Help', submenu: help },
    ]),
  );
  refreshMenu();
}

/** Enables the commands for images only while the focused window shows an image. The window's URL says whether it does. */
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
