import { existsSync } from 'node:fs';
import path from 'node:path';
import { readSaved, saveText } from '#engine';
import type { GrantedFile, RecentFiles } from '#host';

/** Maximum length of the list; older files are dropped. */
const MOST = 12;

/**
 * Keeps a list of recently opened files in `file`, latest first. Files that no longer exist are left out. `onChange` is called whenever the
 * list changes.
 */
export function createRecentFiles(file: string, onFailure: (error: unknown) => void, onChange: () => void): RecentFiles {
  let paths = readPaths(file);
  let writing = Promise.resolve();
  const keep = (): void => {
    const text = JSON.stringify(paths);
    writing = writing.then(() => saveText(file, text)).catch(onFailure);
    onChange();
  };
  return {
    opened(target) {
      // A temporary file isn't remembered, because it is removed when its archive is closed.
      if (target.release !== undefined) return;
      paths = [target.path, ...paths.filter((known) => known !== target.path)].slice(0, MOST);
      keep();
    },
    list: () => paths.filter((known) => existsSync(known)).map((known) => granted(known)),
    forget() {
      paths = [];
      keep();
    },
  };
}

function granted(target: string): GrantedFile {
  return { path: target, name: path.basename(target) || target };
}

/** Reads the list; empty if the file is missing or malformed. */
function readPaths(file: string): readonly string[] {
  const kept = readSaved(file);
  return Array.isArray(kept) ? kept.filter((each): each is string => typeof each === 'string' && path.isAbsolute(each)).slice(0, MOST) : [];
}
