import { closeSync, constants, openSync, readSync } from 'node:fs';

const PIECE_BYTES = 64 * 1024;
/** How often to check an empty pipe, in ms. */
const PAUSE_MS = 20;
/** Bytes after which the reader yields to other work. */
const TURN_BYTES = 4 * 1024 * 1024;

/**
 * Reads a pipe by its path, by polling: a blocking read would keep the program from exiting. A named pipe may get its writer later, but one
 * in `/dev/fd` or `/proc` without a writer ends at once. Each piece is a new buffer. Throws the system's errors.
 */
export async function* readPipe(path: string): AsyncGenerator<Uint8Array> {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    let hasWriter = /^\/(dev|proc)\//.test(path);
    let sinceTurn = 0;
    for (;;) {
      const piece = new Uint8Array(PIECE_BYTES);
      const count = readNow(descriptor, piece);
      if (count === 0 && hasWriter) return;
      hasWriter ||= count !== 0;
      if (count !== null && count > 0) {
        yield piece.subarray(0, count);
        sinceTurn += count;
      }
      if (count === null || count === 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      else if (sinceTurn > TURN_BYTES) {
        sinceTurn = 0;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Returns how many bytes were read; 0 if there is no writer, null if the writer has written nothing yet. */
function readNow(descriptor: number, piece: Uint8Array): number | null {
  try {
    return readSync(descriptor, piece);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return null;
    throw error;
  }
}
