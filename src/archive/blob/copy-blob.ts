// Blobs as they lie, byte for byte, their digests checked on the way.
import { type FileHandle, open } from 'node:fs/promises';
import { asLayerscopeError, LayerscopeError, throwIfCancelled } from '#model';
import type { BlobSource } from '../types.ts';
import { algorithmOf, Digester } from './digest.ts';
import { openBlob } from './source-file.ts';

const CHUNK = 4 * 1024 * 1024;
/** The disk is given its work while the rest is still copied: what is left to wait for at the end is little. */
const SYNC_EVERY = 8 * CHUNK;

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes that were copied since the last call. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

export interface CopiedBlob {
  /** As measured, by the algorithm of the stated one; sha256 where none is stated. */
  readonly digest: string;
  readonly size: number;
}

/**
 * Copies a blob into a file that isn't there yet, durably. Throws DIGEST_MISMATCH where a digest is stated and isn't met, once all was copied;
 * IO, CANCELLED: the file is then the caller's to remove.
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
      if (count === 0) throw new LayerscopeError('IO', `${source.path} ended while it was read`);
      const bytes = buffer.subarray(0, count);
      await writing;
      writing = writeAll(handle, bytes, at);
      // Told by the next turn's await; a failure in between must not end the process.
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
  // What has the stated digest is right, whatever was done to the file.
  if (source.statedDigest === null) file.refuseChanged();
  if (source.statedDigest !== null && digest !== source.statedDigest) refuseContent(source.statedDigest, digest);
  return { digest, size: at };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
}

/** A blob's bytes as they lie. Throws DIGEST_MISMATCH after the last of them where a digest is stated and isn't met; IO, CANCELLED. */
export async function* readBlob(source: BlobSource, options: CopyOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
  const { file, start, length } = openBlob(source);
  using _file = file;
  const digester = new Digester(algorithmOf(source.statedDigest));
  for (let at = 0; at < length; ) {
    throwIfCancelled(options.signal);
    const buffer = new Uint8Array(Math.min(CHUNK, length - at));
    const count = file.read(buffer, start + at);
    if (count === 0) throw new LayerscopeError('IO', `${source.path} ended while it was read`);
    const bytes = buffer.subarray(0, count);
    digester.update(bytes);
    at += count;
    options.onProgress?.(count);
    yield bytes;
  }
  const digest = digester.finish();
  // What has the stated digest is right, whatever was done to the file.
  if (source.statedDigest === null) file.refuseChanged();
  if (source.statedDigest !== null && digest !== source.statedDigest) refuseContent(source.statedDigest, digest);
}

function refuseContent(stated: string, found: string): never {
  throw new LayerscopeError('DIGEST_MISMATCH', `blob ${stated}: its content is ${found}`);
}
