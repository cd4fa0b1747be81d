import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type KeptHomes, replaceFile, type StoreLocation } from '#engine';

/** Limits what a damaged or forged file can make the program list. */
const MOST = 100;
const DRIVERS: readonly StoreLocation['driver'][] = ['portable', 'windowsfilter', 'windowsdiff'];

/** Remembers the stores that the user added in a file. */
export function createKeptHomes(file: string, onFailure: (error: unknown) => void): KeptHomes {
  let homes = readHomes(file);
  let writing = Promise.resolve();
  return {
    list: () => homes,
    set(now) {
      homes = now.slice(0, MOST);
      const text = JSON.stringify(homes);
      writing = writing.then(() => replaceFile(file, text)).catch(onFailure);
    },
  };
}

/** Ignores a missing or malformed file. */
function readHomes(file: string): readonly StoreLocation[] {
  try {
    const kept: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(kept) ? kept.flatMap(homeOf).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

function homeOf(kept: unknown): StoreLocation[] {
  if (typeof kept !== 'object' || kept === null) return [];
  const { driver, home } = kept as Partial<Record<keyof StoreLocation, unknown>>;
  const known = DRIVERS.find((each) => each === driver);
  return known !== undefined && typeof home === 'string' && path.isAbsolute(home) ? [{ driver: known, home }] : [];
}
