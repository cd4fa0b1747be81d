import { createHash } from 'node:crypto';
import { closeSync, openSync, renameSync, statSync, unlinkSync, utimesSync, writevSync } from 'node:fs';
import path from 'node:path';
import { isPrivateFolder, makePrivateFolder, readKept } from '../files/private-place.ts';
import type { BlobSource, IndexedBlob } from '../types.ts';
import { decodeIndex, encodeIndex } from './index-file.ts';

/** A use is noted at most so often. */
const TOUCH_MS = 60_000;

/** File name of what is kept under a key. */
export function cacheName(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 40);
}

/**
 * Indexes of blobs in a folder, a file each, under the range of the file that the blob is: path, size, times. What a packed blob's digest was
 * measured to be is kept under the digest, and the range has a note that its bytes were hashed: another archive that states the digest has
 * the index for hashing its own bytes, and not for the word alone. Several processes may use one folder: files appear whole or not at all.
 * A cache that can't be read or written is no error: it is as if it were empty.
 */
export class IndexCache {
  readonly #folder: string;
  readonly #temporary: () => string;
  #written = false;

  /** `temporary`: a new path in the same file system. */
  constructor(cacheFolder: string, temporary: () => string) {
    this.#folder = path.join(cacheFolder, 'index');
    this.#temporary = temporary;
  }

  /** Was anything put in? */
  get written(): boolean {
    return this.#written;
  }

  noteWritten(): void {
    this.#written = true;
  }

  /** Null where there is none that can be used. */
  read(blob: BlobSource): IndexedBlob | null {
    if (blob.cacheKey === '') return null;
    const digest = digestKey(blob);
    return this.#readKey(blob.cacheKey) ?? (digest !== null && this.#isNoted(blob.cacheKey, digest) ? this.#readKey(digest) : null);
  }

  /** What another file's bytes of the stated digest were: this one's too once they were hashed, see {@link vouch}. */
  offered(blob: BlobSource): IndexedBlob | null {
    const digest = digestKey(blob);
    return digest === null ? null : this.#readKey(digest);
  }

  /** Notes that a blob's bytes are what its stated digest says. */
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
      // Small files come out of a shared pool, perhaps unaligned.
      const { buffer, byteOffset, byteLength } = bytes;
      const own = byteOffset === 0 && byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
      const found = decodeIndex(key, own as ArrayBuffer);
      // One that lies in the future was used before the clock was set back.
      if (found !== null && Math.abs(Date.now() - stats.mtimeMs) > TOUCH_MS) utimesSync(file, new Date(), new Date());
      return found;
    } catch {
      // Gone meanwhile, no permission, or JSON that isn't: the layer is read again.
      return null;
    }
  }

  /** Keeps what was read of a blob; replaces what was there. */
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
      // A full disk, a read-only folder: nothing is kept.
      if (temporary !== null) removeQuietly(temporary);
    }
  }
}

/** Of a packed blob: a plain one's headers are read sooner than its bytes are hashed. */
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

/** Removes a file that is perhaps gone already. */
export function removeQuietly(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // It wasn't there, or the whole folder is removed later.
  }
}
