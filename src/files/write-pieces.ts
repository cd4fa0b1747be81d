import type { FileHandle } from 'node:fs/promises';

/** Number of bytes after which the file is synced, so that little is left to sync at the end. */
const SYNC_EVERY = 32 * 1024 * 1024;

/**
 * Writes a file from its start, and syncs it along the way, but not at the end. By default, `pieces` may reuse one piece's memory for the
 * next, as most readers do. With `areKept`, a piece must stay valid until the one after the next is requested: one is then written while
 * the next is made. Returns the number of bytes. Rejects with the system's error and what `pieces` throws, but only once everything it
 * started has ended.
 */
export async function writePieces(
  handle: FileHandle,
  pieces: AsyncIterable<Uint8Array>,
  { areKept = false }: { readonly areKept?: boolean } = {},
): Promise<number> {
  let writing: Promise<void> = Promise.resolve();
  let syncing: Promise<void> | null = null;
  let unsynced = 0;
  let size = 0;
  try {
    for await (const bytes of pieces) {
      await writing;
      writing = writeAll(handle, bytes, size);
      // The next iteration reports a failure. Until then, it must not end the process as an unhandled rejection.
      writing.catch(() => {});
      if (!areKept) await writing;
      size += bytes.length;
      unsynced += bytes.length;
      if (unsynced < SYNC_EVERY || syncing !== null) continue;
      unsynced = 0;
      syncing = handle.datasync().finally(() => {
        syncing = null;
      });
      syncing.catch(() => {});
    }
    await writing;
    await syncing;
    return size;
  } catch (error) {
    await Promise.allSettled([writing, syncing]);
    throw error;
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
}
