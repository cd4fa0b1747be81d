// Electron's main process, which only creates the parts and connects them.
import { cpus, homedir } from 'node:os';
import path from 'node:path';
import { app, BrowserWindow, session, shell } from 'electron';
import { createReader } from '#archive';
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
import { createHost, defectText } from '#host';
import { LayerscopeError } from '#model';
import { findSources } from '#source';
import { registerAppScheme, serveRenderer } from './app-protocol.ts';
import { type Bridge, createBridge, grantedFile } from './bridge.ts';
import { describeApp, diagnosticLines, licencesPage } from './diagnostics.ts';
import { becameDriverHost } from './driver-host.ts';
import { createKeptHomes } from './kept-homes.ts';
import type { Log } from './log.ts';
import { openLog } from './log-events.ts';
import { type MenuActions, refreshMenu, setMenu } from './menu.ts';
import {
  commandsOf,
  filesOf,
  findSample,
  INDEX_WORKER,
  namesOf,
  PRELOAD,
  RENDERER_FOLDER,
  STORE_WORKER,
  type StartCommand,
} from './paths.ts';
import { createRecentFiles } from './recent-files.ts';
import { createRecentNames } from './recent-names.ts';
import { denyNames, secureContents, secureSession } from './security.ts';
import { showJobs } from './show-jobs.ts';
import { showRecent } from './show-recent.ts';
import { systemProxy } from './system-proxy.ts';
import { chooseHome, choosePaths, chooseTarget, createWindow, loadPage } from './window.ts';

/** Longest time that quitting waits for disposal. */
const LAST_WAIT_MS = 3_000;

let log: Log | null = null;

function logDefect(error: unknown): void {
  process.stderr.write(`layerscope: INTERNAL: ${error instanceof Error ? defectText(error) : String(error)}\n`);
  log?.defect(error);
}

const waitingFiles: string[] = [];
const waitingNames: string[] = [];
const waitingCommands: StartCommand[] = [];
let openNames = (names: readonly string[]): void => void waitingNames.push(...names); // until there is a library
let requestFiles = (files: readonly string[]): void => void waitingFiles.push(...files); // until a window exists

let runCommands = (ids: readonly StartCommand[]): void => void waitingCommands.push(...ids); // until a window exists

async function start(): Promise<void> {
  const own = openLog();
  log = own;
  const reader = createReader({ cacheFolder: cacheFolder(), workers: cpus().length, workerUrl: INDEX_WORKER });
  const jobs = createJobs({ onDefect: logDefect });
  const thread = createStoreThread(STORE_WORKER);
  const library = createLibrary({ reader, jobs, onFailure: logDefect });
  let bridge: Bridge;
  const sample = findSample(process.resourcesPath);
  const version = process.env.LAYERSCOPE_VERSION ?? app.getVersion();
  let showFiles = (): void => {}; // until there is a menu
  const recentFiles = createRecentFiles(path.join(app.getPath('userData'), 'recent.json'), logDefect, () => showFiles());
  const { env, platform } = process;
  const names = createNamedImages({
    findSources: () => findSources({ env, home: homedir(), platform, offline: false, systemProxy }),
    reader,
    library,
  });
  openNames = (wanted) => {
    for (const name of wanted) {
      try {
        names.open(name, null);
      } catch (error) {
        logDefect(error); // a name that the command line would have refused
      }
    }
  };
  openNames(waitingNames.splice(0));
  const host = createHost({
    recentFiles,
    recentNames: createRecentNames(path.join(app.getPath('userData'), 'recent-names.json'), logDefect),
    names,
    store: createStoreList({
      home: defaultStoreHome(),
      kept: createKeptHomes(path.join(app.getPath('userData'), 'stores.json'), logDefect),
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
    diagnostics: () => diagnosticLines(own),
    log: (text) => {
      process.stderr.write(`${text}\n`);
      own.defect(text);
    },
    sample: sample === null ? null : grantedFile(sample),
    library,
    jobs,
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
  bridge = createBridge(host, (name, code) => own.code(name, code));
  showJobs(jobs, own);
  describeApp(version);

  const disposeAll = async (): Promise<void> => {
    for (const part of [jobs, thread, library, reader]) await part[Symbol.asyncDispose]();
  };
  let isDisposed = false;
  app.on('will-quit', (event) => {
    if (isDisposed) return;
    event.preventDefault();
    isDisposed = true;
    const late = new Promise((resolve) => setTimeout(resolve, LAST_WAIT_MS));
    // Deferred, because app.quit() inside will-quit is ignored if nothing was open.
    void Promise.race([disposeAll().catch(logDefect), late]).then(() => setImmediate(() => app.quit()));
  });

  const openWindow = async (): Promise<void> => {
    const window = createWindow(PRELOAD, path.join(app.getPath('userData'), 'window.json'), logDefect);
    bridge.connect(window);
    window.webContents.on('did-navigate-in-page', refreshMenu);
    await loadPage(window);
  };

  requestFiles = (files) => {
    const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
    const sender = window === undefined ? null : bridge.senderOf(window);
    if (sender === null) waitingFiles.push(...files);
    else host.request(sender, files.map(grantedFile));
  };

  const licences = licencesPage();
  const actions: MenuActions = {
    open: (what) => {
      const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
      if (window !== undefined) choosePaths(window, what).then((files) => requestFiles(files), logDefect);
    },
    run: (id) => (BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0])?.webContents.send('layerscope:command', id),
    openAgain: (file) => requestFiles([file]),
    forgetRecent: () => recentFiles.forget(),
    showLogs: () => void shell.openPath(own.folder),
    showLicences: licences === null ? null : () => void shell.openPath(licences),
  };
  runCommands = (ids) => {
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
  await secureSession(session.defaultSession);
  await serveRenderer(RENDERER_FOLDER);
  const opening = openWindow();
  requestFiles(waitingFiles.splice(0));
  await opening;
  runCommands(waitingCommands.splice(0));

  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) openWindow().then(() => requestFiles(waitingFiles.splice(0)), logDefect);
  });
}

function main(): void {
  if (becameDriverHost(process.argv)) return;
  // A second process would share the profile's storage, so it passes its files to the first and quits.
  if (app.isPackaged && !app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  // Windows groups windows, notifications and the jump list by this name, which the installer gives the shortcut (electron-builder.yml).
  if (process.platform === 'win32') app.setAppUserModelId('org.layerscope.app');
  registerAppScheme();
  secureContents();
  denyNames();
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox(); // enableSandbox would override the switch
  const appPath = app.isPackaged ? null : path.resolve(app.getAppPath());
  waitingFiles.push(...filesOf(process.argv, process.cwd(), appPath));
  waitingNames.push(...namesOf(process.argv));
  waitingCommands.push(...commandsOf(process.argv));
  app.on('second-instance', (_event, argv, workingDirectory) => {
    requestFiles(filesOf(argv, workingDirectory, appPath));
    openNames(namesOf(argv));
    runCommands(commandsOf(argv));
    const [window] = BrowserWindow.getAllWindows();
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  app.on('open-file', (event, file) => {
    event.preventDefault();
    requestFiles([file]);
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  app
    .whenReady()
    .then(start)
    .catch((error: unknown) => {
      logDefect(error);
      app.exit(1);
    });
}

main();
