import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LayerscopeError } from '#model';

const EXECUTABLES: Partial<Record<NodeJS.Platform, string>> = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' };
/** The oldest version that can run the bundles in dist/electron; older runtimes need those built for Chrome 108. */
const FIRST_CURRENT_VERSION = 40;

export interface ElectronRuntime {
  readonly executable: string;
  readonly version: string;
  /** Which build the runtime can run. */
  readonly target: 'current' | 'chrome108';
}

/** Returns the folder of this program's package.json, whether this code runs from source or bundled in dist. */
export function packageFolder(from: string = import.meta.dirname): string {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json');
    if (existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }).name === 'layerscope') return folder;
    if (folder === path.dirname(folder)) return path.resolve(from, '..', '..');
  }
}

/** Finds the runtime in ELECTRON_OVERRIDE_DIST_PATH, or else the one in the electron package; null if there is neither. */
export function findElectronRuntime(root: string, environment: NodeJS.ProcessEnv = process.env): ElectronRuntime | null {
  const folder = environment.ELECTRON_OVERRIDE_DIST_PATH || path.join(root, 'node_modules', 'electron', 'dist');
  const executable = path.join(folder, EXECUTABLES[process.platform] ?? 'electron');
  const versionFile = path.join(folder, 'version');
  if (!existsSync(executable) || !existsSync(versionFile)) return null;
  const version = readFileSync(versionFile, 'utf8').trim().replace(/^v/, '');
  return { executable, version, target: Number.parseInt(version, 10) < FIRST_CURRENT_VERSION ? 'chrome108' : 'current' };
}

/** Path of the window's program in a package, relative to the folder of the command line. */
const PACKAGED_WINDOWS: Partial<Record<NodeJS.Platform, string>> = { darwin: '../../MacOS/Layerscope', win32: '../../Layerscope.exe' };

/**
 * Finds the window's program if `root` is the folder of the command line in a package of the whole program; otherwise null. For an
 * AppImage, returns the AppImage file: this process's mount of it ends with the process.
 */
export function findPackagedWindow(
  root: string,
  environment: NodeJS.ProcessEnv = process.env,
  system: NodeJS.Platform = process.platform,
): string | null {
  if (path.basename(root) !== 'cli') return null;
  const program = path.join(root, PACKAGED_WINDOWS[system] ?? '../../bin/layerscope');
  if (!existsSync(program)) return null;
  return environment.APPIMAGE !== undefined && existsSync(environment.APPIMAGE) ? environment.APPIMAGE : program;
}

/** Whether a window can be shown: Linux needs an X or Wayland display. */
export function hasDisplay(environment: NodeJS.ProcessEnv = process.env, system: NodeJS.Platform = process.platform): boolean {
  return system !== 'linux' || Boolean(environment.DISPLAY) || Boolean(environment.WAYLAND_DISPLAY);
}

/**
 * Returns Chromium's switches for the sandbox. On Linux, Chromium can't sandbox root, so root must ask for a window without a sandbox;
 * otherwise throws USAGE. `uid`: null if the system has no user ids.
 */
export function sandboxSwitches(
  noSandbox: boolean,
  uid: number | null = process.getuid?.() ?? null,
  system: NodeJS.Platform = process.platform,
): readonly string[] {
  if (noSandbox) return ['--no-sandbox'];
  if (uid !== 0 || system !== 'linux') return [];
  throw new LayerscopeError(
    'USAGE',
    'root gets no sandbox for the window: run layerscope as another user, use layerscope serve, or type --no-sandbox to go without',
  );
}
