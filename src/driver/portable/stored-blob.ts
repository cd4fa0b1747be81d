// A blob of the store as a file to be read: what index.json and the records name never leads out of `blobs`.
import { lstatSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { type BlobSource, blobInFile } from '#archive';
import { asLayerscopeError, LayerscopeError } from '#model';

/** Throws NOT_FOUND, PATH_ESCAPE for a link that leads out of the folder, IO for what is no file. */
export function storedBlob(folder: string, file: string, digest: string): BlobSource {
  try {
    if (lstatSync(file).isSymbolicLink()) refuseOutside(folder, file, digest);
    // A pipe would never answer.
    if (!statSync(file).isFile()) throw new LayerscopeError('IO', `blob ${digest} is no file`);
  } catch (error) {
    throw asLayerscopeError(error);
  }
  return blobInFile(file, digest);
}

function refuseOutside(folder: string, file: string, digest: string): void {
  const inside = path.relative(realpathSync(folder), realpathSync(file));
  if (inside.startsWith('..') || path.isAbsolute(inside))
    throw new LayerscopeError('PATH_ESCAPE', `blob ${digest} is a link that leads out of the store`);
}
