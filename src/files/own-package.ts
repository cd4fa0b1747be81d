// Optional packages: libraries that aren't in the program's bundles. Node would search `node_modules` in every folder above the program,
// and some of these may belong to another user: in `/tmp` or `C:\`, anybody may create one. So they are loaded by path.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { displayText, LayerscopeError } from '#model';
import { placeOfOthers } from './shared-folder.ts';

/** An npm package. */
export interface OwnPackage {
  readonly name: string;
  /** Packages that this one loads by name, one from each group. They must be next to it, where Node looks first. */
  readonly parts: readonly (readonly string[])[];
}

const PROGRAM = 'layerscope';
/** Maximum number of folders between the program's own folder and any of its files. */
const MOST_LEVELS = 6;
/** Where this user has put parts for a system other than the one that npm installed for, as in tests under Wine. */
const NAMED = (process.env.NODE_PATH ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));

/**
 * Loads a package from the program's own installation, or else from `dataFolder`, where `npm --prefix` may have installed it. Null if it is
 * in neither. Throws UNSUPPORTED if another user could have written the code that would be loaded, and whatever the package throws while it
 * loads.
 */
export function loadOwnPackage(wanted: OwnPackage, dataFolder: string | null = null): unknown {
  const place = programModules().find((folder) => isWhole(folder, wanted, NAMED));
  if (place !== undefined) return load(place, wanted);
  const data = dataFolder === null ? null : path.join(dataFolder, 'node_modules');
  if (data === null || !isWhole(data, wanted, [])) return null;
  refuseForeign(path.join(data, wanted.name));
  for (const part of wanted.parts.flat()) if (existsSync(path.join(data, part))) refuseForeign(path.join(data, part));
  return load(data, wanted);
}

function load(modules: string, { name }: OwnPackage): unknown {
  const folder = path.join(modules, name);
  return createRequire(path.join(folder, 'package.json'))(folder);
}

function isWhole(modules: string, { name, parts }: OwnPackage, others: readonly string[]): boolean {
  const isIn = (folder: string, each: string): boolean => existsSync(path.join(folder, each, 'package.json'));
  const isThere = (each: string): boolean => [modules, ...others].some((folder) => isIn(folder, each));
  return isIn(modules, name) && parts.every((group) => group.some(isThere));
}

/**
 * Returns the folders where npm installs the program's packages: in the program's own folder, and next to it if the program is itself a
 * package.
 */
function programModules(): readonly string[] {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  for (let level = 0; level < MOST_LEVELS && !isProgram(folder); level++) folder = path.dirname(folder);
  if (!isProgram(folder)) return [];
  const above = path.dirname(folder);
  return [path.join(folder, 'node_modules'), ...(path.basename(above) === 'node_modules' ? [above] : [])];
}

function isProgram(folder: string): boolean {
  try {
    return (JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { name?: unknown }).name === PROGRAM;
  } catch {
    return false;
  }
}

/** Throws UNSUPPORTED if anybody but this user and root may change a folder, or replace it with another one. */
function refuseForeign(folder: string): void {
  const shared = placeOfOthers(folder);
  if (shared === null) return;
  throw new LayerscopeError('UNSUPPORTED', `${displayText(folder)} isn’t used, because another user may change ${displayText(shared)}`);
}
