// Electron's main process: security, the window, and requests from later launches of the program. Everything else is in program.ts. It is
// loaded only after the window is created, because loading it takes longer than the window takes to appear.
import path from 'node:path';
import { app, BrowserWindow, session } from 'electron';
import { defectText } from '#host';
import { registerAppScheme, serveRenderer } from './app-protocol.ts';
import { type PageMessages, receiveMessages } from './bridge.ts';
import { becameDriverHost } from './driver-host.ts';
import type { Log } from './log.ts';
import { openLog } from './log-events.ts';
import { commandsOf, filesOf, namesOf, PRELOAD, RENDERER_FOLDER, type StartCommand } from './paths.ts';
import type { Program } from './program.ts';
import { denyNames, secureContents, secureSession } from './security.ts';
import { createWindow, loadPage } from './window.ts';

let log: Log | null = null;

function logDefect(error: unknown): void {
  process.stderr.write(`layerscope: INTERNAL: ${error instanceof Error ? defectText(error) : String(error)}\n`);
  log?.defect(error);
}

/** Null until program.ts is loaded. */
let program: Program | null = null;
const waitingFiles: string[] = [];
const waitingNames: string[] = [];
const waitingCommands: StartCommand[] = [];

/** Opens files in a window, now or as soon as there is one. */
function openFiles(files: readonly string[]): void {
  if (program?.openFiles(files) !== true) waitingFiles.push(...files);
}

function openNames(names: readonly string[]): void {
  if (program === null) waitingNames.push(...names);
  else program.openNames(names);
}

function runCommands(ids: readonly StartCommand[]): void {
  if (program === null) waitingCommands.push(...ids);
  else program.runCommands(ids);
}

function newWindow(): BrowserWindow {
  return createWindow(PRELOAD, path.join(app.getPath('userData'), 'window.json'), logDefect);
}

async function start(): Promise<void> {
  const own = openLog();
  log = own;
  await secureSession(session.defaultSession);
  let connect = (_messages: PageMessages): void => {};
  receiveMessages(
    new Promise((resolve) => {
      connect = resolve;
    }),
  );
  let onScript = (): void => {};
  const hasScript = new Promise<void>((resolve) => {
    onScript = resolve;
  });
  await serveRenderer(RENDERER_FOLDER, onScript);
  const window = newWindow();
  const loading = loadPage(window);
  // Wait until the page has its script, so that the script can run while program.ts is loading.
  await Promise.race([hasScript, loading]);
  const { createProgram } = await import('./program.ts');
  const loaded = createProgram(own, logDefect);
  loaded.connect(window);
  connect(loaded.messages);
  program = loaded;
  loaded.openNames(waitingNames.splice(0));
  openFiles(waitingFiles.splice(0));
  await loading;
  loaded.runCommands(waitingCommands.splice(0));

  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length > 0) return;
    const another = newWindow();
    loaded.connect(another);
    loadPage(another).then(() => openFiles(waitingFiles.splice(0)), logDefect);
  });
}

function main(): void {
  if (becameDriverHost(process.argv)) return;
  // A second process would share the profile's storage, so it passes its files to the first one and quits.
  if (app.isPackaged && !app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  // Windows groups windows, notifications and the jump list by this id, which the installer also gives to the shortcut
  // (electron-builder.yml).
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
    openFiles(filesOf(argv, workingDirectory, appPath));
    openNames(namesOf(argv));
    runCommands(commandsOf(argv));
    const [window] = BrowserWindow.getAllWindows();
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  app.on('open-file', (event, file) => {
    event.preventDefault();
    openFiles([file]);
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
