import { createHash } from 'node:crypto';
import { closeSync, openSync, renameSync, statSync, unlinkSync, utimesSync, writevSync } from 'node:fs';
import path from 'node:path';
import { isPrivateFolder, makePrivateFolder, readKept } from '../files/private-place.ts';
import type { BlobSource, IndexedBlob } from '../types.ts';
import { decodeIndex, encodeIndex } from './index-file.ts';

/** Minimum interval between updates of a file's last use. */
const TOUCH_MS = 60_000;

/** The file name for a key. */
export function cacheName(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 40);
}

/**
 * Caches indexes of blobs in a folder, one file per blob, keyed by its range of a file: path, size, times. A packed blob's index is kept
 * also under its verified digest, with a note for the range that its bytes were hashed. So another archive that states the same digest gets
 * the index only after its own bytes have been hashed; a stated digest alone isn't trusted. Several processes may share a folder: files
 * appear whole or not at all. A cache that can't be read or written is not an error: it acts as if it were empty.
 */
export class IndexCache {
  readonly #folder: string;
  readonly #temporary: () => string;
  #written = false;

  /** `temporary` returns a new path in the same file system. */
  constructor(cacheFolder: string, temporary: () => string) {
    this.#folder = path.join(cacheFolder, 'index');
    this.#temporary = temporary;
  }

  /** Whether anything was written. */
  get written(): boolean {
    return this.#written;
  }

  noteWritten(): void {
    this.#written = true;
  }

  /** The cached index of a blob; null if there is none that is valid. */
  read(blob: BlobSource): IndexedBlob | null {
    if (blob.cacheKey === '') return null;
    const digest = digestKey(blob);
    return this.#readKey(blob.cacheKey) ?? (digest !== null && this.#isNoted(blob.cacheKey, digest) ? this.#readKey(digest) : null);
  }

  /** The index cached under the blob's stated digest. It applies to this blob once its bytes are hashed; see {@link vouch}. */
  offered(blob: BlobSource): IndexedBlob | null {
    const digest = digestKey(blob);
    return digest === null ? null : this.#readKey(digest);
  }

  /** Records that a blob's bytes match its stated digest. */
  vouch(blob: BlobSource): void {
    const digest = digestKey(blob);
    if (digest !== null && blob.cacheKey !== '') this.#put(`${cacheName(blob.cacheKey)}.ok`, [noteOf(blob.cacheKey, digest)]);
  }

  #isNoted(cacheKey: string, digest: string): boolean {
    try {
      const file = path.join(this.#folder, `${cacheName(cacheKey)}.ok`);
      return isPrivateFolder(this.#folder) && noteOf(cacheKey, digest).equals(readKept(file));
    } catch {
      return false;
    }
  }

  #readKey(key: string): IndexedBlob | null {
    const file = path.join(this.#folder, `${cacheName(key)}.idx`);
    try {
      if (!isPrivateFolder(this.#folder)) return null;
      const stats = statSync(file, { throwIfNoEntry: false });
      if (stats === undefined) return null;
      const bytes = readKept(file);
      // Buffers of small files come from a shared pool and may be unaligned.
      const { buffer, byteOffset, byteLength } = bytes;
      const own = byteOffset === 0 && byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
      const found = decodeIndex(key, own as ArrayBuffer);
      // A time in the future dates from before the clock was set back, so it is updated too.
      if (found !== null && Math.abs(Date.now() - stats.mtimeMs) > TOUCH_MS) utimesSync(file, new Date(), new Date());
      return found;
    } catch {
      // Missing, unreadable or not valid JSON: the layer is read again.
      return null;
    }
  }

  /** Stores the index of a blob, replacing an earlier one. */
  write(blob: BlobSource, indexed: IndexedBlob): void {
    const digest = digestKey(blob);
    const isMeasured = digest !== null && indexed.blobDigest === blob.statedDigest;
    const key = isMeasured ? digest : blob.cacheKey;
    if (key === '') return;
    this.#put(`${cacheName(key)}.idx`, encodeIndex(key, indexed));
    if (isMeasured) this.vouch(blob);
  }

  #put(name: string, pieces: readonly Uint8Array[]): void {
    let temporary: string | null = null;
    try {
      if (!makePrivateFolder(path.dirname(this.#folder)) || !makePrivateFolder(this.#folder)) return;
      temporary = this.#temporary();
      writeAll(temporary, pieces);
      renameSync(temporary, path.join(this.#folder, name));
      this.#written = true;
    } catch {
      // A full disk or a read-only folder: nothing is cached.
      if (temporary !== null) removeQuietly(temporary);
    }
  }
}

/** Only for packed blobs: reading a plain one's headers is faster than hashing its bytes. */
function digestKey({ statedDigest, compression, length }: BlobSource): string | null {
  return statedDigest === null || compression === 'none' ? null : `digest:${statedDigest}:${length}`;
}

function noteOf(cacheKey: string, digest: string): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([cacheKey, digest]))
    .digest();
}

function writeAll(file: string, pieces: readonly Uint8Array[]): void {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    let left = pieces;
    for (let position = 0; left.length > 0; ) {
      let count = writevSync(descriptor, left as Uint8Array<ArrayBuffer>[], position);
      position += count;
      let at = 0;
      while (at < left.length && count >= (left[at] as Uint8Array).length) count -= (left[at++] as Uint8Array).length;
      left = left.slice(at);
      if (count > 0) left = [(left[0] as Uint8Array).subarray(count), ...left.slice(1)];
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Removes a file if it exists. */
export function removeQuietly(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // It didn't exist, or the whole folder is removed later.
  }
}
