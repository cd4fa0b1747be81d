import { readSaved, saveText } from '#engine';
import { type RecentNames, withName } from '#host';

/** Maximum length of the list, even if the file is damaged or forged. */
const MOST = 12;
const MAX_LENGTH = 1_024;

/** Keeps a list of recently opened images' names in `file`, latest first. The images aren't opened until the user chooses one. */
export function createRecentNames(file: string, onFailure: (error: unknown) => void): RecentNames {
  let names = readNames(file);
  let writing = Promise.resolve();
  const set = (now: readonly string[]): void => {
    names = now;
    const text = JSON.stringify(names);
    writing = writing.then(() => saveText(file, text)).catch(onFailure);
  };
  return { list: () => names, opened: (name) => set(withName(names, name)), forget: () => set([]) };
}

/** Reads the list; empty if the file is missing or malformed. */
function readNames(file: string): readonly string[] {
  const kept = readSaved(file);
  const isName = (each: unknown): each is string => typeof each === 'string' && each !== '' && each.length <= MAX_LENGTH;
  return Array.isArray(kept) ? kept.filter(isName).slice(0, MOST) : [];
}
