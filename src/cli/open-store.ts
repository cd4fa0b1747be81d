import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { type DriverName, type GraphDriver, openDriver } from '#driver';
import { defaultStoreHome } from '#engine';
import { cacheFolder } from '#engine/cache-folder';
import { displayText, LayerscopeError } from '#model';
import type { Arguments } from './arguments.ts';
import { usageError } from './arguments.ts';

const DRIVERS: readonly DriverName[] = ['portable', 'windowsfilter', 'windowsdiff'];

/** Returns the driver and home from the options. Throws USAGE. */
export function homeOf(args: Arguments): { readonly driver: DriverName; readonly home: string } {
  const name = args.value('driver') ?? 'portable';
  const driver = DRIVERS.find((known) => known === name);
  if (driver === undefined) throw usageError(`no driver ${displayText(name)}: ${DRIVERS.join(', ')}`);
  return { driver, home: args.value('home') ?? defaultHome(driver) };
}

/** Whether opening a store makes sense: always for Windows' drivers; for the portable one if the home isn't empty or can't be read. */
export async function hasStore(args: Arguments): Promise<boolean> {
  const { driver, home } = homeOf(args);
  if (driver !== 'portable') return true;
  const names = await readdir(home).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? [] : ['?']));
  return names.length > 0;
}

/** Returns the error for a store that doesn't exist yet; only an import creates one. */
export function noStore(args: Arguments): LayerscopeError {
  return new LayerscopeError('NOT_FOUND', `no store in ${displayText(homeOf(args).home)}: layerscope store import creates one`);
}

/**
 * Opens the store. With `readsOnly`, opens it read-only if this system can't run its driver. Throws USAGE, and what {@link openDriver}
 * throws.
 */
export async function openStore(args: Arguments, readsOnly: boolean): Promise<GraphDriver> {
  const { driver, home } = homeOf(args);
  try {
    return await openDriver(driver, home, { cacheFolder: cacheFolder() });
  } catch (error) {
    if (readsOnly && driver !== 'portable' && error instanceof LayerscopeError && error.code === 'UNSUPPORTED') {
      return openDriver(driver, home, { readOnly: true });
    }
    throw error;
  }
}

function defaultHome(driver: DriverName): string {
  const { env, platform } = process;
  if (driver === 'portable') return defaultStoreHome();
  if (platform !== 'win32') throw usageError(`store needs --home FOLDER for ${driver} on this system`);
  return path.join(env.ProgramData ?? 'C:\\ProgramData', 'docker', driver);
}
