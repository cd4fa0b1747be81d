import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync, unlinkSync, utimesSync, writevSync } from 'node:fs';
import path from 'node:path';
import { decodeIndex, encodeIndex } from './index-file.ts';
import type { IndexedBlob } from './index-layer.ts';
import type { BlobSource } from './types.ts';

/** A use is noted at most so often. */
const TOUCH_MS = 60_000;

/** File name of what is kept under a key. */
export function cacheName(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 40);
}

/**
 * Indexes of blobs in a folder, a file each. What a blob's own digest was measured to be is kept under the digest, for every archive that
 * states it; what wasn't measured under the file that it lies in. Several processes may use one folder: files appear whole or not at all.
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
    for (const key of [digestKey(blob), blob.cacheKey]) {
      const found = key === null || key === '' ? null : this.#readKey(key);
      if (found !== null) return found;
    }
    return null;
  }

  #readKey(key: string): IndexedBlob | null {
    const file = path.join(this.#folder, `${cacheName(key)}.idx`);
    try {
      const stats = statSync(file, { throwIfNoEntry: false });
      if (stats === undefined) return null;
      const bytes = readFileSync(file);
      // Small files come out of a shared pool, perhaps unaligned.
      const { buffer, byteOffset, byteLength } = bytes;
      const own = byteOffset === 0 && byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
      const found = decodeIndex(key, own as ArrayBuffer);
      if (found !== null && Date.now() - stats.mtimeMs > TOUCH_MS) utimesSync(file, new Date(), new Date());
      return found;
    } catch {
      // Gone meanwhile, no permission, or JSON that isn't: the layer is read again.
      return null;
    }
  }

  /** Keeps what was read of a blob; replaces what was there. */
  write(blob: BlobSource, indexed: IndexedBlob): void {
    const measured = digestKey(blob) !== null && indexed.blobDigest === blob.statedDigest;
    const key = measured ? digestKey(blob) : blob.cacheKey;
    if (key === null || key === '') return;
    const pieces = encodeIndex(key, indexed);
    let temporary: string | null = null;
    try {
      mkdirSync(this.#folder, { recursive: true });
      temporary = this.#temporary();
      writeAll(temporary, pieces);
      renameSync(temporary, path.join(this.#folder, `${cacheName(key)}.idx`));
      this.#written = true;
    } catch {
      // A full disk, a read-only folder: nothing is kept.
      if (temporary !== null) removeQuietly(temporary);
    }
  }
}

function digestKey(blob: BlobSource): string | null {
  return blob.statedDigest === null ? null : `digest:${blob.statedDigest}:${blob.length}`;
}

function writeAll(file: string, pieces: readonly Uint8Array[]): void {
  const descriptor = openSync(file, 'wx');
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
