import { closeSync, constants, createReadStream, openSync, readSync } from 'node:fs';
import { isatty } from 'node:tty';
import { refuseUnreadable } from '#files';
import { displayText, LayerscopeError } from '#model';

const PIECE_BYTES = 64 * 1024;
/** How often to check an empty pipe, in ms. */
const PAUSE_MS = 20;
/** How long a named pipe may be without a writer, in ms. A second is enough, because a shell opens both ends almost at once. */
const WRITER_WAIT_MS = 1000;
/** Bytes after which the reader yields to other work. */
const TURN_BYTES = 4 * 1024 * 1024;

/**
 * Reads a pipe by its path, by polling: a blocking read would keep the program from exiting. A named pipe may get its writer a moment
 * later, but one in `/dev/fd` or `/proc` without a writer ends at once. Each piece is a new buffer. Throws IO if no writer appears within
 * `waitMs`; otherwise the system's errors.
 */
export async function* readPipe(path: string, waitMs: number = WRITER_WAIT_MS): AsyncGenerator<Uint8Array> {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    refuseUnreadable(descriptor, path);
    let hasWriter = /^\/(dev|proc)\//.test(path);
    let sinceTurn = 0;
    const waitUntil = performance.now() + waitMs;
    for (;;) {
      const piece = new Uint8Array(PIECE_BYTES);
      const count = readNow(descriptor, piece);
      if (count === 0 && hasWriter) return;
      hasWriter ||= count !== 0;
      if (!hasWriter && performance.now() > waitUntil)
        throw new LayerscopeError('IO', `${displayText(path)} is a pipe that nothing writes to`);
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

/**
 * Reads a character device, such as a tape. Throws NOT_AN_IMAGE for a terminal, which would wait for input; otherwise the system's errors.
 */
export async function* readDevice(path: string): AsyncGenerator<Uint8Array> {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0));
  const isTerminal = isatty(descriptor);
  refuseUnreadable(descriptor, path);
  closeSync(descriptor);
  if (isTerminal) throw new LayerscopeError('NOT_AN_IMAGE', `${displayText(path)} is a terminal, not a file or folder`);
  yield* createReadStream(path);
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
