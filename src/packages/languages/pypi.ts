// Python packages are described by a folder `NAME-VERSION.dist-info` with METADATA and RECORD, by an older `NAME.egg-info` folder with
// PKG-INFO, or by a single file with that name. Source: packaging.python.org, Recording installed projects.
import { LayerscopeError } from '#model';
import { type FoundPackage, foundPackage, type OwnedFiles } from '../package.ts';
import { PathListBuilder, pathIn } from '../path-list.ts';
import { linesOf, textOf } from '../text.ts';

/** Maximum length of a license. Some packages put the whole text of the license into the field. */
const MAX_LICENSE = 200;
/** Maximum number of files in a package: the largest have some ten thousand, but a 32 MiB list may name millions. */
export const MAX_PATHS = 500_000;

/** Parses the fields of METADATA that are needed. The description after the first empty line isn't read. */
export function parsePythonMetadata(bytes: Uint8Array): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of linesOf(textOf(bytes))) {
    if (line === '') break;
    const colon = line.indexOf(':');
    if (colon <= 0 || line[0] === ' ' || line[0] === '\t') continue;
    const name = line.slice(0, colon).toLowerCase();
    if (!fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}

/** Returns the name under which packages are compared. Source: PEP 503. */
export function normalizedName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

export function pythonPackage(fields: ReadonlyMap<string, string>, files: OwnedFiles): FoundPackage | null {
  const license = fields.get('license-expression') ?? fields.get('license') ?? null;
  const isKnown = license !== null && license.toUpperCase() !== 'UNKNOWN';
  return foundPackage('pypi', fields.get('name') ?? '', fields.get('version') ?? '', {
    license: isKnown ? license.slice(0, MAX_LICENSE) : null,
    files,
  });
}

/** Parses a RECORD, a CSV file with path, checksum and size. Paths are relative to the folder that contains the dist-info. */
export function parseRecord(bytes: Uint8Array): readonly string[] {
  const paths: string[] = [];
  for (const line of linesOf(textOf(bytes))) {
    const path = line.startsWith('"') ? quoted(line) : line.slice(0, line.includes(',') ? line.indexOf(',') : undefined);
    if (path !== '') paths.push(path);
    if (paths.length > MAX_PATHS) throw new LayerscopeError('TOO_LARGE', `a package lists more than ${MAX_PATHS} files`);
  }
  return paths;
}

/** Parses the first field of a CSV line if it is quoted; quotes inside are doubled. */
function quoted(line: string): string {
  let text = '';
  for (let at = 1; at < line.length; ) {
    const end = line.indexOf('"', at);
    if (end < 0) return text + line.slice(at);
    text += line.slice(at, end);
    if (line[end + 1] !== '"') return text;
    text += '"';
    at = end + 2;
  }
  return text;
}

/** Converts paths relative to a folder to a path list. */
export function pathsFrom(folder: Uint8Array, paths: readonly string[]): Uint8Array {
  const list = new PathListBuilder();
  for (const path of paths) if (!path.includes('\0')) list.add(pathIn(folder, path));
  return list.finish();
}

/**
 * Returns the files of a package in `folder` that has no list of files: its description, and the modules and packages named in
 * `top_level.txt`.
 */
export function ownedByNames(folder: Uint8Array, description: Uint8Array, names: readonly string[]): OwnedFiles {
  const paths = new PathListBuilder();
  const folders = new PathListBuilder();
  paths.add(description);
  folders.add(description);
  for (const name of names) {
    if (!/^[\p{L}\p{N}_]+(?:\/[\p{L}\p{N}_]+)*$/u.test(name)) continue;
    paths.add(pathIn(folder, `${name}.py`));
    folders.add(pathIn(folder, name));
  }
  return { paths: paths.finish(), folders: folders.finish() };
}
