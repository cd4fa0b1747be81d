import path from 'node:path';
import { type KeptHomes, readSaved, type StoreLocation, saveText } from '#engine';

/** Maximum length of the list, even if the file is damaged or forged. */
const MOST = 100;
const DRIVERS: readonly StoreLocation['driver'][] = ['portable', 'windowsfilter', 'windowsdiff'];

/** Keeps the user's list of stores in `file`. */
export function createKeptHomes(file: string, onFailure: (error: unknown) => void): KeptHomes {
  let homes = readHomes(file);
  let writing = Promise.resolve();
  return {
    list: () => homes,
    set(now) {
      homes = now.slice(0, MOST);
      const text = JSON.stringify(homes);
      writing = writing.then(() => saveText(file, text)).catch(onFailure);
    },
  };
}

/** Reads the list; empty if the file is missing or malformed. */
function readHomes(file: string): readonly StoreLocation[] {
  const kept = readSaved(file);
  return Array.isArray(kept) ? kept.flatMap(homeOf).slice(0, MOST) : [];
}

function homeOf(kept: unknown): StoreLocation[] {
  if (typeof kept !== 'object' || kept === null) return [];
  const { driver, home } = kept as Partial<Record<keyof StoreLocation, unknown>>;
  const known = DRIVERS.find((each) => each === driver);
  return known !== undefined && typeof home === 'string' && path.isAbsolute(home) ? [{ driver: known, home }] : [];
}
