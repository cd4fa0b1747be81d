// What makes a folder a catalog, and which files belong to its tables.
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { displayText, fileError, LayerscopeError } from '#model';
import { SCHEMA_VERSION, type TableName } from './schema.ts';

/** Marks a folder as a catalog and states its version. It is created first, and never changes. */
export const MARKER = 'catalog.json';
const KIND = 'layerscope-catalog';
const SUM_KEY = /^[0-9a-f]{128}$/;
const MOST_MARKER_BYTES = 4096;
/** A file without rows in each table's folder, so that query engines know the columns of an otherwise empty table. */
export const EMPTY_FILE = 'empty.parquet';

const OF_DIGEST = /^(sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})\.parquet$/;
const OF_SUBJECT = /^[0-9a-f]{32}-[0-9a-f]{32}\.parquet$/;

/** Whether a catalog could have given this name to a file in a table's folder. */
export function isOwnFile(table: TableName, name: string): boolean {
  return name === EMPTY_FILE || (table === 'images' ? OF_SUBJECT : OF_DIGEST).test(name);
}

/** Returns the name, without extension, of the files about the layer or image with this digest. */
export function digestName(digest: string): string {
  return digest.replace(':', '-');
}

/**
 * Returns the content of a new catalog's marker. `sumKey`: key of the checksums in `content`, 64 bytes that nobody who makes images can
 * know.
 */
export function markerText(sumKey: Uint8Array): string {
  return `${JSON.stringify({ kind: KIND, version: Number(SCHEMA_VERSION), sumKey: Buffer.from(sumKey).toString('hex') })}\n`;
}

/** Returns the key in a catalog's marker. `shown`: the folder's name in messages. Throws UNSUPPORTED if there is no key; PERMISSION, IO. */
export function readSumKey(folder: string, shown: string): Uint8Array {
  const sumKey = readMarker(path.join(folder, MARKER))?.sumKey;
  if (typeof sumKey === 'string' && SUM_KEY.test(sumKey)) return Buffer.from(sumKey, 'hex');
  throw new LayerscopeError('UNSUPPORTED', `${displayText(path.join(shown, MARKER))} has no key for checksums`);
}

/**
 * Whether the folder has a catalog's marker. `shown`: the folder's name in messages. Throws UNSUPPORTED if the catalog has another version,
 * or if the file isn't a catalog's marker; PERMISSION, IO.
 */
export function checkMarker(folder: string, shown: string = folder): boolean {
  const found = readMarker(path.join(folder, MARKER));
  if (found === undefined) return false;
  if (found?.kind !== KIND) throw new LayerscopeError('UNSUPPORTED', `${displayText(path.join(shown, MARKER))} is not a catalog’s`);
  if (found.version === Number(SCHEMA_VERSION)) return true;
  // Not `String`, which throws for an object whose `toString` isn't a function.
  const version = displayText((JSON.stringify(found.version) ?? 'none').slice(0, 20));
  throw new LayerscopeError(
    'UNSUPPORTED',
    `${displayText(shown)} is a catalog with version ${version}; this program supports ${SCHEMA_VERSION}`,
  );
}

/** Whether a path is a folder with a catalog's marker, of any version. A `catalog.json` of another program doesn't count. */
export function looksLikeCatalog(folder: string): boolean {
  try {
    return readMarker(path.join(folder, MARKER))?.kind === KIND;
  } catch {
    return false; // opening the catalog reports the error
  }
}

/** Parses a folder's marker file. Returns undefined if there is no such file, null if it isn't a marker. Throws PERMISSION, IO. */
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
