import { existsSync } from 'node:fs';
import path from 'node:path';

/** Folder of main.cjs; the build puts the window and the workers next to it. */
const here = import.meta.dirname;

export const PRELOAD = path.join(here, 'preload.cjs');
export const INDEX_WORKER = path.join(here, 'index-worker.cjs');
export const STORE_WORKER = path.join(here, 'store-worker.cjs');
export const CATALOG_WORKER = path.join(here, 'catalog-worker.cjs');
export const RENDERER_FOLDER = path.join(here, '..', 'renderer');

/** Finds the sample image in the packed app's resources or the repository's assets; null if it is in neither. */
export function findSample(resourcesPath: string): string | null {
  const places = [path.join(resourcesPath, 'sample.tar')];
  for (const up of [2, 3]) places.push(path.join(here, ...Array<string>(up).fill('..'), 'assets', 'sample.tar'));
  return places.find((file) => existsSync(file)) ?? null;
}

/**
 * Returns the files among a process's arguments: those after the program or, in development, after the app's path. Leaves out switches,
 * which are Chromium's. Relative paths are resolved against `workingDirectory`.
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

const NAME_SWITCH = '--image-name=';

/** Returns the image names among a process's arguments, as passed by `layerscope open`. */
export function namesOf(argv: readonly string[]): readonly string[] {
  return argv.filter((word) => word.startsWith(NAME_SWITCH)).map((word) => word.slice(NAME_SWITCH.length));
}

/** Commands of the window that can be given at startup. */
const START_COMMANDS = ['open', 'open-name'] as const;
export type StartCommand = (typeof START_COMMANDS)[number];

/** Prefix of the switch that names a command to run at startup. */
export const COMMAND_SWITCH = '--command=';

/** Returns the commands among a process's arguments, as passed by the program's entries in the desktop's menus; ignores unknown ones. */
export function commandsOf(argv: readonly string[]): readonly StartCommand[] {
  return START_COMMANDS.filter((id) => argv.includes(`${COMMAND_SWITCH}${id}`));
}
