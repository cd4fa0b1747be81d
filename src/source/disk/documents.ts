// Reads engines' files: small ones completely, within a size limit, and parts of larger ones.
import { constants, readSync } from 'node:fs';
import { type FileHandle, open, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { parseJson } from '#format/image';
import { asLayerscopeError, displayText, LayerscopeError, systemWords } from '#model';

/** Maximum size of a file in bytes: once parsed, it takes up to ten times as much memory. A file that lists a thousand images is 2 MB. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Converts a system error into one that names `what`, a path below the engine's folder. */
function diskError(error: unknown, what: string): LayerscopeError {
  if (error instanceof LayerscopeError) return error;
  if ((error as NodeJS.ErrnoException).code === 'ELOOP')
    return new LayerscopeError('PATH_ESCAPE', `${displayText(what)} is a link`, { cause: error });
  const { code, message } = asLayerscopeError(error);
  const words = { PERMISSION: 'permission denied', NOT_FOUND: 'no such file' }[code as string] ?? systemWords(error) ?? message;
  return new LayerscopeError(code, `${displayText(what)}: ${words}`, { cause: error });
}

/**
 * Opens a file, by its path below the engine's folder, and passes it to `use`; returns null if there is no such file. Throws PATH_ESCAPE if
 * the file is a link, or if a link on the path leads out of the engine's folder; PERMISSION, IO, and what `use` throws.
 */
async function withFile<T>(root: string, what: string, use: (handle: FileHandle, size: number) => T | Promise<T>): Promise<T | null> {
  try {
    const folder = await layerFolder(root, path.dirname(what));
    // Opening a pipe would block until it has a writer. Engines don't create links here, and a link could lead to any file.
    await using handle = await open(
      path.join(folder, path.basename(what)),
      constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0),
    );
    const stats = await handle.stat();
    if (!stats.isFile()) throw new LayerscopeError('IO', `${displayText(what)} is not a file`);
    return await use(handle, stats.size);
  } catch (error) {
    const converted = diskError(error, what);
    if (converted.code === 'NOT_FOUND') return null;
    throw converted;
  }
}

/**
 * Returns the bytes of a file, by its path below the engine's folder; null if there is no such file. Throws PATH_ESCAPE if the file is a
 * link, or if a link on the path leads out of the engine's folder; TOO_LARGE, PERMISSION, IO.
 */
export function readSmall(root: string, what: string, maxBytes = MAX_BYTES): Promise<Uint8Array | null> {
  return withFile(root, what, async (handle, size) => {
    if (size > maxBytes) throw new LayerscopeError('TOO_LARGE', `${displayText(what)} has more than ${maxBytes} bytes`);
    const bytes = new Uint8Array(size);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  });
}

/**
 * Calls `use` with a function that reads up to `length` bytes at an offset, fewer at the file's end. Returns null if there is no such file.
 * Throws PATH_ESCAPE, PERMISSION, IO, and what `use` throws.
 */
export function readInPlace<T>(
  root: string,
  what: string,
  use: (read: (offset: number, length: number) => Uint8Array) => T,
): Promise<T | null> {
  return withFile(root, what, ({ fd }, size) =>
    use((offset, length) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      let count = 0;
      while (count < bytes.length) {
        const read = readSync(fd, bytes, count, bytes.length - count, offset + count);
        if (read === 0) break;
        count += read;
      }
      return bytes.subarray(0, count);
    }),
  );
}

/** Returns a file's text without surrounding white space; null if there is no such file. Throws what {@link readSmall} throws. */
export async function readText(root: string, what: string): Promise<string | null> {
  const bytes = await readSmall(root, what, 1 << 20);
  return bytes === null ? null : Buffer.from(bytes).toString('utf8').trim();
}

/** Returns a JSON document; null if there is no such file. Throws BAD_MANIFEST, and what {@link readSmall} throws. */
export async function readJson(root: string, what: string, maxBytes?: number): Promise<unknown> {
  const bytes = await readSmall(root, what, maxBytes);
  return bytes === null ? null : parseJson(bytes, what);
}

/**
 * Returns the names in a folder, given by its path below the engine's folder or empty for that folder itself; none if it doesn't exist.
 * Throws PATH_ESCAPE, PERMISSION, IO.
 */
export async function namesIn(root: string, what: string): Promise<readonly string[]> {
  try {
    return await readdir(await layerFolder(root, what));
  } catch (error) {
    const converted = diskError(error, what === '' ? 'its folder' : what);
    if (converted.code === 'NOT_FOUND') return [];
    throw converted;
  }
}

/**
 * Returns the real path of a folder below the engine's folder, such as one with a layer's files. `name`: its path there. Throws PATH_ESCAPE
 * if a link leads out of the engine's folder. A missing folder isn't an error until it is opened. Names in the layer are later checked from
 * this real path, so replacing the folder with a link has no effect.
 */
export async function layerFolder(root: string, name: string): Promise<string> {
  const realRoot = await realpath(root).catch(() => root);
  const real = await realpath(path.join(root, name)).catch(() => path.join(realRoot, name));
  if (real !== realRoot && !real.startsWith(realRoot.endsWith(path.sep) ? realRoot : realRoot + path.sep))
    throw new LayerscopeError('PATH_ESCAPE', `${displayText(name)} points outside the engine's folder`);
  return real;
}
