import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CONTENT_TYPES } from '#contract';
import { LayerscopeError } from '#model';

interface StaticFile {
  readonly path: string;
  readonly type: string;
  readonly isHashed: boolean;
}

/** A folder's files by address. Listed once, so that an address is looked up and never joined to a path. */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

/** Lists a folder's files without following links. Throws NOT_FOUND if there is no index.html. */
export async function listStaticFiles(folder: string): Promise<StaticFiles> {
  const files = new Map<string, StaticFile>();
  const walk = async (under: string, address: string): Promise<void> => {
    for (const entry of await readdir(under, { withFileTypes: true })) {
      const file = path.join(under, entry.name);
      const type = CONTENT_TYPES[path.extname(entry.name).slice(1)];
      if (entry.isDirectory()) await walk(file, `${address}${entry.name}/`);
      else if (entry.isFile() && type !== undefined) {
        // The bundler puts a hash into the names of files in assets/.
        files.set(`${address}${entry.name}`, { path: file, type, isHashed: address.startsWith('/assets/') });
      }
    }
  };
  try {
    await walk(folder, '/');
  } catch (error) {
    throw new LayerscopeError('NOT_FOUND', 'the window is not built: run npm run build', { cause: error });
  }
  const page = files.get('/index.html');
  if (page === undefined) throw new LayerscopeError('NOT_FOUND', 'the window is not built: run npm run build');
  files.set('/', page);
  return files;
}

/** Sends a file, or only its headers for HEAD. Rejects if it can't be read or the connection ends. */
export async function sendFile(response: ServerResponse, { path: file, type, isHashed }: StaticFile, headOnly: boolean): Promise<void> {
  const { size } = await stat(file);
  const caching = isHashed ? 'private, max-age=31536000, immutable' : 'no-cache';
  response.writeHead(200, { 'content-type': type, 'content-length': size, 'cache-control': caching });
  if (headOnly) response.end();
  else await pipeline(createReadStream(file), response);
}
