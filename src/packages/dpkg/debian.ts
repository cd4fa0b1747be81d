// dpkg's database is a folder: `status` has a stanza for each package, and `info/NAME.list` or `info/NAME:ARCH.list` lists its files, one
// path per line. Images without dpkg (distroless) have a stanza in `status.d/NAME` instead, and list files only in `status.d/NAME.md5sums`.
// In that list each path follows a checksum and has no leading slash, and configuration files are missing. Source: deb-conffiles(5), dpkg's
// lib/dpkg/db-fsys-files.c.
import { type FoundPackage, FoundPackages, foundPackage, NO_FILES, type OwnedFiles } from '../package.ts';
import { pathsOfLines } from '../path-list.ts';
import type { SeenFiles } from '../seen-files.ts';
import { divertedPaths, parseDiversions } from './diversions.ts';
import { parseDpkgStatus, type Stanza } from './status.ts';

/** Maximum sizes of the database's files, in bytes. */
const MAX_STATUS_BYTES = 64 * 1024 * 1024;
const MAX_LIST_BYTES = 32 * 1024 * 1024;
/** Length of an MD5 sum in hex and two spaces. */
const SUM_PREFIX = 34;
const SUMS = '.md5sums';

/** Reads a dpkg folder, such as `var/lib/dpkg`. */
export async function readDpkg(seen: SeenFiles, folder: string): Promise<FoundPackage[]> {
  const stanzas = (await seen.parsed(`${folder}/status`, MAX_STATUS_BYTES, parseDpkgStatus)) ?? [];
  const diversions = await seen.parsed(`${folder}/diversions`, MAX_LIST_BYTES, parseDiversions);
  const found = new FoundPackages();
  for (const stanza of stanzas) {
    await seen.rest();
    const listed = await pathsIn(seen, `${folder}/info`, stanza);
    const paths = diversions === null ? listed : divertedPaths(listed, stanza.name, diversions);
    add(found, stanza, { paths, folders: NO_FILES.folders });
  }
  return found.all;
}

async function pathsIn(seen: SeenFiles, info: string, { name, arch }: Stanza): Promise<Uint8Array> {
  if (!isFileName(name)) return NO_FILES.paths;
  const stems = arch === null || !isFileName(arch) ? [name] : [`${name}:${arch}`, name];
  for (const stem of stems) {
    if (seen.has(`${info}/${stem}.list`)) return (await seen.parsed(`${info}/${stem}.list`, MAX_LIST_BYTES, listPaths)) ?? NO_FILES.paths;
  }
  for (const stem of stems) {
    if (seen.has(`${info}/${stem}${SUMS}`))
      return (await seen.parsed(`${info}/${stem}${SUMS}`, MAX_LIST_BYTES, sumPaths)) ?? NO_FILES.paths;
  }
  return NO_FILES.paths;
}

/** Reads a `status.d` folder. */
export async function readStatusFolder(seen: SeenFiles, folder: string): Promise<FoundPackage[]> {
  const found = new FoundPackages();
  for (const name of seen.names(folder)) {
    if (name.endsWith(SUMS)) continue;
    await seen.rest();
    const stanzas = (await seen.parsed(`${folder}/${name}`, MAX_STATUS_BYTES, parseDpkgStatus)) ?? [];
    const paths = (await seen.parsed(`${folder}/${name}${SUMS}`, MAX_LIST_BYTES, sumPaths)) ?? NO_FILES.paths;
    for (const [index, stanza] of stanzas.entries()) add(found, stanza, index === 0 ? { paths, folders: NO_FILES.folders } : NO_FILES);
  }
  return found.all;
}

function add(found: FoundPackages, stanza: Stanza, files: OwnedFiles): void {
  // Only opkg's stanzas state a license.
  found.add(foundPackage('deb', stanza.name, stanza.version, { ...stanza, license: null, files }));
}

function listPaths(bytes: Uint8Array): Uint8Array {
  return pathsOfLines(bytes);
}

function sumPaths(bytes: Uint8Array): Uint8Array {
  return pathsOfLines(bytes, SUM_PREFIX);
}

/** Whether a package's name can be part of a file name in the database. */
export function isFileName(name: string): boolean {
  return name !== '' && !name.includes('/') && name !== '.' && name !== '..';
}
