// Opens blobs of the store, and ensures that digests in index.json and records never point outside `blobs`.
import { lstatSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { type BlobSource, blobInFile } from '#archive';
import { asLayerscopeError, LayerscopeError } from '#model';

/** Returns a blob as a source. Throws NOT_FOUND, PATH_ESCAPE for a link that points outside `folder`, IO if it isn't a file. */
export function storedBlob(folder: string, file: string, digest: string): BlobSource {
  try {
    if (lstatSync(file).isSymbolicLink()) refuseOutside(folder, file, digest);
    // Opening a pipe could block forever.
    if (!statSync(file).isFile()) throw new LayerscopeError('IO', `blob ${digest} is not a file`);
  } catch (error) {
    throw asLayerscopeError(error);
  }
  return blobInFile(file, digest);
}

function refuseOutside(folder: string, file: string, digest: string): void {
  const inside = path.relative(realpathSync(folder), realpathSync(file));
  if (inside.startsWith('..') || path.isAbsolute(inside))
    throw new LayerscopeError('PATH_ESCAPE', `blob ${digest} is a link that points outside the store`);
}
