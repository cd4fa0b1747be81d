// The parts behind the window: the host and its services, the menu, and the program's integration with the system.
import { cpus, homedir } from 'node:os';
import path from 'node:path';
import { app, BrowserWindow, shell } from 'electron';
import { createReader } from '#archive';
import { createCatalogList, createCatalogThread } from '#catalog/browse';
import {
  cacheFolder,
  createJobs,
  createLibrary,
  createNamedImages,
  createStoreList,
  createStoreThread,
  defaultStoreHome,
  isElevated,
} from '#engine';
import { createHost } from '#host';
import { LayerscopeError } from '#model';
import { findSources } from '#source';
import { type Bridge, createBridge, grantedFile, type PageMessages } from './bridge.ts';
import { describeApp, diagnosticLines, licencesPage } from './diagnostics.ts';
import { createKeptHomes } from './kept-homes.ts';
import type { Log } from './log.ts';
import { type MenuActions, refreshMenu, setMenu } from './menu.ts';
import { CATALOG_WORKER, findSample, INDEX_WORKER, STORE_WORKER, type StartCommand } from './paths.ts';
import { createRecentFiles } from './recent-files.ts';
import { createRecentNames } from './recent-names.ts';
import { showJobs } from './show-jobs.ts';
import { showRecent } from './show-recent.ts';
import { systemProxy } from './system-proxy.ts';
import { chooseHome, choosePaths, chooseTarget } from './window.ts';

/** How long quitting waits for disposal, in ms. */
const LAST_WAIT_MS = 3_000;

/** What the main process needs from the parts behind its windows. */
export interface Program {
  readonly messages: PageMessages;
  /** Connects a window to the host. Until then, messages from its page are refused. */
  connect(window: BrowserWindow): void;
  /** Opens files in a window; returns false if there is no window. */
  openFiles(files: readonly string[]): boolean;
  openNames(names: readonly string[]): void;
  runCommands(ids: readonly StartCommand[]): void;
}

/** Creates the parts and connects them. They are disposed of when the program quits. Call once. */
export function createProgram(log: Log, onDefect: (error: unknown) => void): Program {
  const reader = createReader({ cacheFolder: cacheFolder(), workers: cpus().length, workerUrl: INDEX_WORKER });
  const jobs = createJobs({ onDefect });
  const thread = createStoreThread(STORE_WORKER);
  const catalogThread = createCatalogThread(CATALOG_WORKER);
  const library = createLibrary({ reader, jobs, onFailure: onDefect });
  let bridge: Bridge;
  const sample = findSample(process.resourcesPath);
  const version = process.env.LAYERSCOPE_VERSION ?? app.getVersion();
  let showFiles = (): void => {}; // does nothing until there is a menu
  const recentFiles = createRecentFiles(path.join(app.getPath('userData'), 'recent.json'), onDefect, () => showFiles());
  const { env, platform } = process;
  const names = createNamedImages({
    findSources: () => findSources({ env, home: homedir(), platform, offline: false, systemProxy }),
    reader,
    library,
  });
  const host = createHost({
    recentFiles,
    recentNames: createRecentNames(path.join(app.getPath('userData'), 'recent-names.json'), onDefect),
    names,
    store: createStoreList({
      home: defaultStoreHome(),
      kept: createKeptHomes(path.join(app.getPath('userData'), 'stores.json'), onDefect),
      thread,
      library,
      jobs,
    }),
    appInfo: {
      version,
      host: 'electron',
      system: process.platform,
      elevated: isElevated(),
    },
    diagnostics: () => diagnosticLines(log),
    log: (text) => {
      process.stderr.write(`${text}\n`);
      log.defect(text);
    },
    sample: sample === null ? null : grantedFile(sample),
    library,
    jobs,
    catalogs: createCatalogList({ thread: catalogThread, jobs }),
    chooseFiles: async (sender, what) => {
      const window = bridge.windowOf(sender);
      return window === null ? [] : (await choosePaths(window, what)).map(grantedFile);
    },
    chooseHome: async (sender) => {
      const window = bridge.windowOf(sender);
      return window === null ? null : chooseHome(window);
    },
    elevation: (sender) => {
      const handle = bridge.windowOf(sender)?.getNativeWindowHandle();
      return {
        executable: process.execPath,
        args: app.isPackaged ? [] : [app.getAppPath()],
        ownerWindow: handle?.length === 8 ? handle.readBigUInt64LE() : undefined,
      };
    },
    revealFolder: async (folder) => {
      const refused = await shell.openPath(folder);
      if (refused !== '') throw new LayerscopeError('IO', refused);
    },
    chooseTarget: async (sender, name) => {
      const window = bridge.windowOf(sender);
      return window === null ? null : chooseTarget(window, name);
    },
  });
  bridge = createBridge(host, (name, code) => log.code(name, code));
  showJobs(jobs, log);
  describeApp(version);

  const disposeAll = async (): Promise<void> => {
    for (const part of [jobs, catalogThread, thread, library, reader]) await part[Symbol.asyncDispose]();
  };
  let isDisposed = false;
  app.on('will-quit', (event) => {
    if (isDisposed) return;
    event.preventDefault();
    isDisposed = true;
    const late = new Promise((resolve) => setTimeout(resolve, LAST_WAIT_MS));
    // Deferred: if there is nothing to dispose of, this runs within will-quit, where app.quit() is ignored.
    void Promise.race([disposeAll().catch(onDefect), late]).then(() => setImmediate(() => app.quit()));
  });

  const openFiles = (files: readonly string[]): boolean => {
    const window = someWindow();
    const sender = window === undefined ? null : bridge.senderOf(window);
    if (sender === null) return false;
    try {
      host.request(sender, files.map(grantedFile));
    } catch (error) {
      // Too many files: only the first ones are opened.
      if (!(error instanceof LayerscopeError)) throw error;
      onDefect(error);
    }
    return true;
  };

  const licences = licencesPage();
  const actions: MenuActions = {
    open: (what) => {
      const window = someWindow();
      if (window !== undefined) choosePaths(window, what).then(openFiles, onDefect);
    },
    run: (id) => someWindow()?.webContents.send('layerscope:command', id),
    openAgain: (file) => void openFiles([file]),
    forgetRecent: () => recentFiles.forget(),
    showLogs: () => void shell.openPath(log.folder),
    showLicences: licences === null ? null : () => void shell.openPath(licences),
  };
  const runCommands = (ids: readonly StartCommand[]): void => {
    for (const id of ids) {
      if (id === 'open') actions.open('files');
      else actions.run(id);
    }
  };
  showFiles = () => {
    const recent = recentFiles.list();
    setMenu(actions, { isPackaged: app.isPackaged, recent });
    showRecent(
      recent.map((file) => file.path),
      (id) => runCommands([id]),
    );
  };
  showFiles();
  app.on('browser-window-focus', refreshMenu);
  app.on('window-all-closed', refreshMenu);
  return {
    messages: bridge,
    connect: (window) => {
      bridge.connect(window);
      window.webContents.on('did-navigate-in-page', refreshMenu);
    },
    openFiles,
    openNames: (wanted) => {
      for (const name of wanted) {
        try {
          names.open(name, null);
        } catch (error) {
          onDefect(error); // the command line should already have refused this name
        }
      }
    },
    runCommands,
  };
}

function someWindow(): BrowserWindow | undefined {
  return BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
}
