// Copies blobs byte for byte and verifies their digests while doing so.
import { type FileHandle, open } from 'node:fs/promises';
import { asLayerscopeError, LayerscopeError, throwIfCancelled } from '#model';
import type { BlobSource } from '../types.ts';
import { algorithmOf, Digester } from './digest.ts';
import { openBlob } from './source-file.ts';

const CHUNK = 4 * 1024 * 1024;
/** Data is synced while copying continues, so that little is left to wait for at the end. */
const SYNC_EVERY = 8 * CHUNK;

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes copied since the last call. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

export interface CopiedBlob {
  /** Computed with the algorithm of the stated digest; sha256 if none is stated. */
  readonly digest: string;
  readonly size: number;
}

/**
 * Copies a blob durably into a new file. Throws DIGEST_MISMATCH at the end if the content doesn't match the stated digest; IO, CANCELLED.
 * After an error, the caller removes the file.
 */
export async function copyBlob(source: BlobSource, target: string, options: CopyOptions = {}): Promise<CopiedBlob> {
  const { file, start, length } = openBlob(source);
  using _file = file;
  const digester = new Digester(algorithmOf(source.statedDigest));
  await using handle = await open(target, 'wx').catch((error: unknown) => {
    throw asLayerscopeError(error);
  });
  // One buffer is written while the other is filled and hashed.
  const buffers = [new Uint8Array(Math.min(CHUNK, length)), new Uint8Array(Math.min(CHUNK, length))] as const;
  let writing: Promise<unknown> = Promise.resolve();
  let syncing: Promise<unknown> | null = null;
  let unsynced = 0;
  let at = 0;
  try {
    for (let turn = 0; at < length; turn ^= 1) {
      throwIfCancelled(options.signal);
      const buffer = turn === 0 ? buffers[0] : buffers[1];
      const count = file.read(buffer, start + at, Math.min(buffer.length, length - at));
      if (count === 0) throw new LayerscopeError('IO', `${source.path} ended while it was being read`);
      const bytes = buffer.subarray(0, count);
      await writing;
      writing = writeAll(handle, bytes, at);
      // The next turn's await reports a failure; until then it must not end the process as an unhandled rejection.
      writing.catch(() => {});
      digester.update(bytes);
      at += count;
      unsynced += count;
      options.onProgress?.(count);
      if (unsynced >= SYNC_EVERY && syncing === null) {
        unsynced = 0;
        syncing = handle.datasync().finally(() => {
          syncing = null;
        });
        syncing.catch(() => {});
      }
    }
    await writing;
    await syncing;
    await handle.sync();
  } catch (error) {
    await Promise.allSettled([writing, syncing]);
    throw asLayerscopeError(error);
  }
  const digest = digester.finish();
  // Content that matches the stated digest is right even if the file was touched.
  if (source.statedDigest === null) file.refuseChanged();
  if (source.statedDigest !== null && digest !== source.statedDigest) refuseContent(source.statedDigest, digest);
  return { digest, size: at };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
}

/** Yields a blob's bytes as stored. Throws DIGEST_MISMATCH after the last of them if they don't match the stated digest; IO, CANCELLED. */
export async function* readBlob(source: BlobSource, options: CopyOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
  const { file, start, length } = openBlob(source);
  using _file = file;
  const digester = new Digester(algorithmOf(source.statedDigest));
  for (let at = 0; at < length; ) {
    throwIfCancelled(options.signal);
    const buffer = new Uint8Array(Math.min(CHUNK, length - at));
    const count = file.read(buffer, start + at);
    if (count === 0) throw new LayerscopeError('IO', `${source.path} ended while it was being read`);
    const bytes = buffer.subarray(0, count);
    digester.update(bytes);
    at += count;
    options.onProgress?.(count);
    yield bytes;
  }
  const digest = digester.finish();
  // Content that matches the stated digest is right even if the file was touched.
  if (source.statedDigest === null) file.refuseChanged();
  if (source.statedDigest !== null && digest !== source.statedDigest) refuseContent(source.statedDigest, digest);
}

function refuseContent(stated: string, found: string): never {
  throw new LayerscopeError('DIGEST_MISMATCH', `blob ${stated}: its content hashes to ${found}`);
}
