import { LayerscopeError } from '#model';
import { checkCount, type FoundPackage } from '../package.ts';
import { bdbBlobs, isBdb } from './bdb.ts';
import { parseRpmHeader } from './header.ts';
import { isNdb, ndbBlobs } from './ndb.ts';
import { isSqlite, SqliteFile } from './sqlite.ts';

/**
 * Yields the packages of an rpm database in any format. `log`: the write-ahead log next to an SQLite database. Throws DAMAGED, TOO_LARGE,
 * or UNSUPPORTED if it isn't a database; packages yielded before that are valid.
 */
export function* rpmPackages(bytes: Uint8Array, log: Uint8Array | null): Generator<FoundPackage> {
  let count = 0;
  for (const blob of blobsOf(bytes, log)) {
    const found = parseRpmHeader(blob);
    if (found === null) continue;
    checkCount(++count);
    yield found;
  }
}

function blobsOf(bytes: Uint8Array, log: Uint8Array | null): Generator<Uint8Array> {
  if (isSqlite(bytes)) return sqliteBlobs(bytes, log);
  if (isNdb(bytes)) return ndbBlobs(bytes);
  if (isBdb(bytes)) return bdbBlobs(bytes);
  throw new LayerscopeError('UNSUPPORTED', 'not an rpm database of a known kind');
}

/** The table is `Packages(hnum, blob)`. */
function* sqliteBlobs(bytes: Uint8Array, log: Uint8Array | null): Generator<Uint8Array> {
  for (const [, blob] of new SqliteFile(bytes, log).table('Packages')) if (blob instanceof Uint8Array) yield blob;
}
