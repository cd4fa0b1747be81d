// Reads small files written by the user or the administrator: settings, certificates, lists of credentials. The path may turn out to be a
// pipe, a device or a huge file.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { asLayerscopeError, displayText, LayerscopeError, systemWords } from '#model';

const MAX_BYTES = 1 << 20;
const FIRST_BYTES = 64 * 1024;
// Without these flags, opening a pipe would block until it has a writer, and a terminal could become this process's controlling terminal.
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * Reads a whole settings file; null if there is none. Follows links, because users link their settings, unless `isFound` is set. `isFound`
 * means that the program found the file in a folder chosen by the user. Whoever filled that folder may have added a link to a file that
 * they aren't allowed to read themselves. Throws TOO_LARGE if the file has more than `maxBytes`; PERMISSION; IO, including if the path
 * isn't a regular file. Messages name the file.
 */
export function readSettings(file: string, maxBytes: number = MAX_BYTES, { isFound = false } = {}): Buffer<ArrayBuffer> | null {
  try {
    const descriptor = openSync(file, isFound ? READ | (constants.O_NOFOLLOW ?? 0) : READ);
    try {
      if (!fstatSync(descriptor).isFile()) throw new LayerscopeError('IO', `${displayText(file)} is not a regular file`);
      return readToEnd(descriptor, file, maxBytes);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof LayerscopeError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ELOOP' && isFound)
      throw new LayerscopeError('IO', `${displayText(file)} is a link and is not followed`, { cause: error });
    const { code } = asLayerscopeError(error);
    if (code === 'NOT_FOUND') return null;
    // For a path with a zero byte, Node throws its own error, without a system error code. That counts as IO.
    const why = systemWords(error);
    throw new LayerscopeError(code === 'INTERNAL' ? 'IO' : code, `${displayText(file)} cannot be read${why === null ? '' : `: ${why}`}`, {
      cause: error,
    });
  }
}

/** Reads a file to its end, regardless of its stated size, which is 0 for files in /proc and may grow for any other. */
function readToEnd(descriptor: number, file: string, maxBytes: number): Buffer<ArrayBuffer> {
  let bytes = Buffer.alloc(Math.min(FIRST_BYTES, maxBytes + 1));
  let length = 0;
  for (;;) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, null);
    length += count;
    if (length > maxBytes) throw new LayerscopeError('TOO_LARGE', `${displayText(file)} has more than ${maxBytes} bytes`);
    if (count === 0) return bytes.subarray(0, length);
    if (length === bytes.length) bytes = Buffer.concat([bytes], Math.min(4 * length, maxBytes + 1));
  }
}
