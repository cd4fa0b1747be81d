import { type FoundPackage, FoundPackages, foundPackage, NO_FILES } from '../package.ts';
import { pathsOfLines } from '../path-list.ts';
import type { SeenFiles } from '../seen-files.ts';
import { isFileName } from './debian.ts';
import { parseOpkgStatus } from './status.ts';

const MAX_BYTES = 32 * 1024 * 1024;

/** Reads an opkg folder, such as `usr/lib/opkg`. */
export async function readOpkg(seen: SeenFiles, folder: string): Promise<FoundPackage[]> {
  const found = new FoundPackages();
  for (const stanza of (await seen.parsed(`${folder}/status`, MAX_BYTES, parseOpkgStatus)) ?? []) {
    await seen.rest();
    const list = `${folder}/info/${stanza.name}.list`;
    const paths = (isFileName(stanza.name) ? await seen.parsed(list, MAX_BYTES, listPaths) : null) ?? NO_FILES.paths;
    found.add(foundPackage('opkg', stanza.name, stanza.version, { ...stanza, files: { paths, folders: NO_FILES.folders } }));
  }
  return found.all;
}

/** Each line is a path, which newer versions follow with a tab and the file's mode. */
function listPaths(bytes: Uint8Array): Uint8Array {
  const paths = bytes.slice();
  let inMode = false;
  for (let at = 0; at < paths.length; at++) {
    if (paths[at] === 0x0a) inMode = false;
    else if (paths[at] === 0x09) inMode = true;
    if (inMode) paths[at] = 0;
  }
  return pathsOfLines(paths);
}
