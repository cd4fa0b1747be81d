// Copies blobs byte for byte and verifies their digests while doing so.
import { open } from 'node:fs/promises';
import { writePieces } from '#files';
import { asLayerscopeError, LayerscopeError, throwIfCancelled } from '#model';
import type { BlobSource } from '../types.ts';
import { algorithmOf, Digester } from './digest.ts';
import { DigesterBeside } from './digest-beside.ts';
import { openPlace } from './open-place.ts';

const CHUNK = 4 * 1024 * 1024;
/** Size of the chunks that are yielded. The caller owns each chunk, so smaller chunks leave less garbage. */
const READ_CHUNK = 1024 * 1024;
/** Minimum size of blobs that are hashed on a separate thread. Starting a thread takes as long as hashing tens of megabytes. */
const BESIDE_BYTES = 64 * 1024 * 1024;

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes copied since the last call. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

export interface CopiedBlob {
  /** Computed with the algorithm of the stated digest, or sha256 if none is stated. */
  readonly digest: string;
  readonly size: number;
}

/**
 * Copies a blob durably into a new file. Throws DIGEST_MISMATCH at the end if the content doesn't match the stated digest; IO, CANCELLED.
 * After an error, the caller removes the file.
 */
export async function copyBlob(source: BlobSource, target: string, options: CopyOptions = {}): Promise<CopiedBlob> {
  const { file, start, length } = await openPlace(source, options.signal);
  using _file = file;
  const digester = new Digester(algorithmOf(source.statedDigest));
  await using handle = await open(target, 'wx').catch((error: unknown) => {
    throw asLayerscopeError(error);
  });
  // One buffer is written while the other is filled and hashed.
  const buffers = [new Uint8Array(Math.min(CHUNK, length)), new Uint8Array(Math.min(CHUNK, length))] as const;
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0, turn = 0; at < length; turn ^= 1) {
      throwIfCancelled(options.signal);
      const buffer = turn === 0 ? buffers[0] : buffers[1];
      const count = file.read(buffer, start + at, Math.min(buffer.length, length - at));
      if (count === 0) throw new LayerscopeError('IO', `${source.path} ended while it was being read`);
      const bytes = buffer.subarray(0, count);
      digester.update(bytes);
      at += count;
      yield bytes;
      options.onProgress?.(count);
    }
  };
  let size: number;
  try {
    size = await writePieces(handle, pieces(), { areKept: true });
    await handle.sync();
  } catch (error) {
    throw asLayerscopeError(error);
  }
  const digest = digester.finish();
  // Content that matches the stated digest is right even if the file was modified meanwhile. Without a digest, it may be a mix.
  if (source.statedDigest === null) file.refuseChanged();
  if (source.statedDigest !== null && digest !== source.statedDigest) refuseContent(source.statedDigest, digest);
  return { digest, size };
}

/**
 * Yields a blob's bytes as stored. The next chunk is read while the caller writes the current one; the chunks of a large blob are hashed on
 * another thread. The caller may keep a chunk, but must not change it. Throws DIGEST_MISMATCH after the last chunk if the bytes don't match
 * the stated digest; IO, CANCELLED.
 */
export async function* readBlob(source: BlobSource, options: CopyOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
  const { file, start, length } = await openPlace(source, options.signal);
  using _file = file;
  const algorithm = algorithmOf(source.statedDigest);
  using beside = length >= BESIDE_BYTES ? new DigesterBeside(algorithm) : null;
  const digester = beside === null ? new Digester(algorithm) : null;
  let at = 0;
  let isStopped = false;
  const readNext = async (): Promise<Uint8Array | null> => {
    if (isStopped || at >= length) return null;
    throwIfCancelled(options.signal);
    const buffer = newChunk(Math.min(READ_CHUNK, length - at), beside !== null);
    const count = file.read(buffer, start + at);
    if (count === 0) throw new LayerscopeError('IO', `${source.path} ended while it was being read`);
    const bytes = buffer.subarray(0, count);
    at += count;
    digester?.update(bytes);
    await beside?.update(bytes as Uint8Array<SharedArrayBuffer>);
    return bytes;
  };
  try {
    for (let bytes = await readNext(); bytes !== null; ) {
      options.onProgress?.(bytes.length);
      const next = soon(readNext);
      yield bytes;
      bytes = await next;
    }
  } finally {
    // If the caller stops early, the file is closed before the next chunk would be read.
    isStopped = true;
  }
  const digest = beside === null ? (digester as Digester).finish() : await beside.finish();
  // Content that matches the stated digest is right even if the file was modified meanwhile. Without a digest, it may be a mix.
  if (source.statedDigest === null) file.refuseChanged();
  if (source.statedDigest !== null && digest !== source.statedDigest) refuseContent(source.statedDigest, digest);
}

function newChunk(length: number, isShared: boolean): Uint8Array {
  return isShared ? new Uint8Array(new SharedArrayBuffer(length)) : Buffer.allocUnsafeSlow(length);
}

/** Runs `work` after pending callbacks, such as those that start the caller's write. The promise rejects if `work` throws. */
function soon<T>(work: () => Promise<T>): Promise<T> {
  const done = new Promise<void>((resolve) => setImmediate(resolve)).then(work);
  done.catch(() => {});
  return done;
}

function refuseContent(stated: string, found: string): never {
  throw new LayerscopeError('DIGEST_MISMATCH', `blob ${stated}: its content hashes to ${found}`);
}

/** Reads at most `length` bytes of a blob as stored, from `first`; fewer at its end. The digest isn't checked. Throws IO, CANCELLED. */
export async function readBlobPart(source: BlobSource, first: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
  const { file, start, length: end } = await openPlace(source, signal);
  using _file = file;
  const bytes = new Uint8Array(Math.max(0, Math.min(length, end - first)));
  const count = file.read(bytes, start + first);
  file.refuseChanged();
  return bytes.subarray(0, count);
}
