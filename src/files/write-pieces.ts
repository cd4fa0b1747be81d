import type { FileHandle } from 'node:fs/promises';

/** How much is written before the disk is asked to take it, so that little is left to sync at the end. */
const SYNC_EVERY = 32 * 1024 * 1024;

/**
 * Writes a file from its start, and syncs it on the way, but not at the end. A piece's memory may be used again for the next piece, as most
 * readers do. With `areKept`, for pieces that keep theirs until the piece after the next is taken, one is written while the next is made.
 * Returns the number of bytes. Rejects with the system's error and what `pieces` throws, never before everything it started has ended.
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
      // The next turn reports a failure. Until then it must not end the process as an unhandled rejection.
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
