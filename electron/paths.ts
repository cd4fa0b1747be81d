import { existsSync } from 'node:fs';
import path from 'node:path';

/** The folder of main.cjs; the build puts the window and the worker beside it. */
const here = import.meta.dirname;

export const PRELOAD = path.join(here, 'preload.cjs');
export const INDEX_WORKER = path.join(here, 'index-worker.cjs');
export const STORE_WORKER = path.join(here, 'store-worker.cjs');
export const RENDERER_FOLDER = path.join(here, '..', 'renderer');

/** The sample image: in the packed app's resources, else in the repository's assets. Null where it is in neither. */
export function findSample(resourcesPath: string): string | null {
  const places = [path.join(resourcesPath, 'sample.tar')];
  for (const up of [2, 3]) places.push(path.join(here, ...Array<string>(up).fill('..'), 'assets', 'sample.tar'));
  return places.find((file) => existsSync(file)) ?? null;
}

/**
 * Files among a process's arguments: what follows the program, or in development the app's own path. Switches are Chromium's.
 * Relative ones are of `workingDirectory`.
 */
export function filesOf(argv: readonly string[], workingDirectory: string, appPath: string | null): readonly string[] {
  const own =
    appPath === null ? 0 : argv.findIndex((word) => [appPath, path.join(here, 'main.cjs')].includes(path.resolve(workingDirectory, word)));
  if (own < 0) return [];
  return argv
    .slice(own + 1)
    .filter((word) => !word.startsWith('-'))
    .map((word) => path.resolve(workingDirectory, word));
}
