import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Target } from './stale.ts';

const root = path.dirname(import.meta.dirname);
const EXECUTABLES: Partial<Record<NodeJS.Platform, string>> = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' };

/**
 * Finds the Electron runtime in ELECTRON_OVERRIDE_DIST_PATH or else in the electron package, and the build that it can run; null if there
 * is none.
 */
export function electronRuntime(): { executable: string; version: string; target: Target } | null {
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? path.join(root, 'node_modules', 'electron', 'dist');
  const executable = path.join(folder, EXECUTABLES[process.platform] ?? 'electron');
  const versionFile = path.join(folder, 'version');
  if (!existsSync(executable) || !existsSync(versionFile)) return null;
  const version = readFileSync(versionFile, 'utf8').replace(/^v/, '').trim();
  return { executable, version, target: Number.parseInt(version, 10) < 40 ? 'chrome108' : 'current' };
}
