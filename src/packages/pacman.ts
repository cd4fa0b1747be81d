// pacman keeps a folder for each package, `NAME-VERSION`, with the files `desc` and `files`: `%KEY%`, then values, one per line, then an
// empty line. Source: libalpm, lib/libalpm/be_local.c.
import { encodeUtf8 } from '#model';
import { type FoundPackage, FoundPackages, foundPackage, NO_FILES, withoutZeroEpoch } from './package.ts';
import { pathsOfLines } from './path-list.ts';
import type { SeenFiles } from './seen-files.ts';
import { linesOf, sizeOf, textOf } from './text.ts';

const MAX_BYTES = 32 * 1024 * 1024;
const WANTED: ReadonlySet<string> = new Set(['NAME', 'VERSION', 'BASE', 'ARCH', 'LICENSE', 'SIZE', 'FILES']);

/** Reads a folder such as `var/lib/pacman/local`. */
export async function readPacman(seen: SeenFiles, folder: string): Promise<FoundPackage[]> {
  const found = new FoundPackages();
  for (const name of seen.names(folder)) {
    await seen.rest();
    const sections = await seen.parsed(`${folder}/${name}/desc`, MAX_BYTES, parseSections);
    if (sections === null) continue;
    const paths = (await seen.parsed(`${folder}/${name}/files`, MAX_BYTES, parseFiles)) ?? NO_FILES.paths;
    found.add(alpmPackage(sections, paths));
  }
  return found.all;
}

function alpmPackage(sections: ReadonlyMap<string, readonly string[]>, paths: Uint8Array): FoundPackage | null {
  const first = (key: string): string => sections.get(key)?.[0] ?? '';
  const version = withoutZeroEpoch(first('VERSION'));
  return foundPackage('alpm', first('NAME'), version, {
    arch: first('ARCH'),
    license: (sections.get('LICENSE') ?? []).join(', '),
    source: first('BASE') || first('NAME'),
    sourceVersion: version,
    statedBytes: sizeOf(first('SIZE')),
    files: { paths, folders: NO_FILES.folders },
  });
}

/** Parses `desc` into values by key. */
function parseSections(bytes: Uint8Array): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, string[]>();
  let values: string[] | null = null;
  for (const line of linesOf(textOf(bytes))) {
    if (line.startsWith('%') && line.endsWith('%') && line.length > 2) {
      const key = line.slice(1, -1);
      values = WANTED.has(key) && !sections.has(key) ? [] : null;
      if (values !== null) sections.set(key, values);
    } else if (line !== '') values?.push(line);
  }
  return sections;
}

const FILES = encodeUtf8('%FILES%\n');

/** Parses `files` into paths as raw bytes, including folders, which end in `/`. */
function parseFiles(bytes: Uint8Array): Uint8Array {
  const start = indexOfPiece(bytes, FILES);
  if (start < 0) return NO_FILES.paths;
  let end = start + FILES.length;
  while (end < bytes.length && bytes[end] !== 0x0a) {
    const next = bytes.indexOf(0x0a, end);
    end = next < 0 ? bytes.length : next + 1;
  }
  return pathsOfLines(bytes.subarray(start + FILES.length, end));
}

/** Returns the start of the first line that begins with `piece`; -1 if there is none. */
function indexOfPiece(bytes: Uint8Array, piece: Uint8Array): number {
  for (let start = 0; start < bytes.length; ) {
    if (piece.every((byte, index) => bytes[start + index] === byte)) return start;
    const next = bytes.indexOf(0x0a, start);
    if (next < 0) return -1;
    start = next + 1;
  }
  return -1;
}
