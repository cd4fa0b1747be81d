// What makes a folder a catalog, and which files of it are a table's.
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { displayText, fileError, LayerscopeError } from '#model';
import { SCHEMA_VERSION, type TableName } from './schema.ts';

/** Says that a folder is a catalog, and of which version. It is made first, and never changes. */
export const MARKER = 'catalog.json';
const KIND = 'layerscope-catalog';
const SUM_KEY = /^[0-9a-f]{128}$/;
const MOST_MARKER_BYTES = 4096;
/** In each table's folder: no rows, so that engines know the columns of a table that has nothing else. */
export const EMPTY_FILE = 'empty.parquet';

const OF_DIGEST = /^(sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})\.parquet$/;
const OF_SUBJECT = /^[0-9a-f]{32}-[0-9a-f]{32}\.parquet$/;

/** Whether a name in a table's folder is one that a catalog gives. */
export function isOwnFile(table: TableName, name: string): boolean {
  return name === EMPTY_FILE || (table === 'images' ? OF_SUBJECT : OF_DIGEST).test(name);
}

/** Returns the file's name, without its ending, for what a digest describes. */
export function digestName(digest: string): string {
  return digest.replace(':', '-');
}

/** Returns the text of a new catalog's marker. `sumKey`: what the checksums in `content` depend on, 64 bytes that no maker of images knows. */
export function markerText(sumKey: Uint8Array): string {
  return `${JSON.stringify({ kind: KIND, version: Number(SCHEMA_VERSION), sumKey: Buffer.from(sumKey).toString('hex') })}\n`;
}

/** Returns the key in a catalog's marker. `shown`: the folder in messages. Throws UNSUPPORTED if it has none; PERMISSION, IO. */
export function readSumKey(folder: string, shown: string): Uint8Array {
  const sumKey = readMarker(path.join(folder, MARKER))?.sumKey;
  if (typeof sumKey === 'string' && SUM_KEY.test(sumKey)) return Buffer.from(sumKey, 'hex');
  throw new LayerscopeError('UNSUPPORTED', `${displayText(path.join(shown, MARKER))} has no key for checksums`);
}

/** Whether the folder has a catalog's marker. `shown`: the folder in messages. Throws UNSUPPORTED for another version or another kind of marker; PERMISSION, IO. */
export function checkMarker(folder: string, shown: string = folder): boolean {
  const found = readMarker(path.join(folder, MARKER));
  if (found === undefined) return false;
  if (found?.kind !== KIND) throw new LayerscopeError('UNSUPPORTED', `${displayText(path.join(shown, MARKER))} is not a catalog’s`);
  if (found.version === Number(SCHEMA_VERSION)) return true;
  // Not `String`, which fails for an object whose `toString` is no function.
  const version = displayText((JSON.stringify(found.version) ?? 'none').slice(0, 20));
  throw new LayerscopeError(
    'UNSUPPORTED',
    `${displayText(shown)} is a catalog of version ${version}; this program knows ${SCHEMA_VERSION}`,
  );
}

/** Whether a path is a folder with a catalog's marker, of whatever version. A `catalog.json` of something else is none. */
export function looksLikeCatalog(folder: string): boolean {
  try {
    return readMarker(path.join(folder, MARKER))?.kind === KIND;
  } catch {
    return false; // opening it says why
  }
}

/** Undefined without such a file, null for one that is no marker. Throws PERMISSION, IO. */
function readMarker(file: string): Readonly<Partial<Record<'kind' | 'version' | 'sumKey', unknown>>> | null | undefined {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    return stats.isFile() && stats.size <= MOST_MARKER_BYTES ? JSON.parse(readFileSync(file, 'utf8')) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw fileError(error, file);
  }
}
