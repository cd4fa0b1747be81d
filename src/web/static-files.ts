import { readdir, readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { CONTENT_TYPES } from '#contract';
import { LayerscopeError } from '#model';

interface StaticFile {
  readonly type: string;
  readonly isHashed: boolean;
  /**
   * Returns the content, which is read once and cached, so that requests from strangers don't open files. Rejects with the system's error.
   */
  read(): Promise<Buffer>;
}

/** A folder's files by address. Listed once, so that addresses are looked up and never joined to a path. */
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
        // The bundler puts a hash into the names of the files in assets/.
        files.set(`${address}${entry.name}`, { type, isHashed: address.startsWith('/assets/'), read: readOnce(file) });
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

function readOnce(file: string): () => Promise<Buffer> {
  let content: Promise<Buffer> | null = null;
  return () => {
    content ??= readFile(file).catch((error: unknown) => {
      content = null;
      throw error;
    });
    return content;
  };
}

/** Sends a file, or only its headers for HEAD. Rejects if it can't be read. */
export async function sendFile(response: ServerResponse, { type, isHashed, read }: StaticFile, headOnly: boolean): Promise<void> {
  const content = await read();
  const caching = isHashed ? 'private, max-age=31536000, immutable' : 'no-cache';
  response.writeHead(200, { 'content-type': type, 'content-length': content.length, 'cache-control': caching });
  response.end(headOnly ? undefined : content);
}
