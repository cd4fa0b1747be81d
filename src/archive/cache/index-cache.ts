import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, statSync, unlinkSync, utimesSync, writevSync } from 'node:fs';
import path from 'node:path';
import { replaceFileSync } from '#files';
import type { BlobCheckpoint } from '../blob/checkpoint.ts';
import { isPrivateFolder, makePrivateFolder, readKept } from '../files/private-place.ts';
import type { BlobSource, IndexedBlob } from '../types.ts';
import { decodeCheckpoints, encodeCheckpoints } from './checkpoint-file.ts';
import { decodeIndex, encodeIndex } from './index-file.ts';

/** Minimum interval between updates of a file's last use. */
const TOUCH_MS = 60_000;
/** Length of the checksum before a report, in bytes. */
const REPORT_HEAD = 32;

/** Returns the file name for a key. */
export function cacheName(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 40);
}

/**
 * Caches indexes of blobs in a folder, one file per blob, keyed by the blob's range in a file (path, size, times). The index of a packed
 * blob is also stored under its verified digest, and a note for the range records that its bytes were hashed. So another archive that
 * states the same digest gets the index only after its own bytes have been hashed; a stated digest alone isn't trusted. Several processes
 * may share a folder: files are written atomically. A cache that can't be read or written is not an error: it acts as if it were empty.
 */
export class IndexCache {
  readonly #folder: string;
  readonly #temporary: () => string;
  readonly #sumKey: () => Uint8Array;
  #sumsName: string | null = null;
  #newBytes = 0;

  /**
   * `temporary` returns a new path in the same file system. `sumKey` returns the key of the checksums in the indexes; those made with
   * another key aren't used.
   */
  constructor(cacheFolder: string, { temporary, sumKey }: { readonly temporary: () => string; readonly sumKey: () => Uint8Array }) {
    this.#folder = path.join(cacheFolder, 'index');
    this.#temporary = temporary;
    this.#sumKey = sumKey;
  }

  /** Adds what identifies the key of checksums to the key of an index, because an index contains checksums made with that key. */
  #keyOf(key: string): string {
    this.#sumsName ??= createHash('sha256').update(this.#sumKey()).digest('hex').slice(0, 16);
    return `${this.#sumsName}:${key}`;
  }

  /** Returns the number of bytes written since the last call. */
  takeNewBytes(): number {
    const bytes = this.#newBytes;
    this.#newBytes = 0;
    return bytes;
  }

  /** Counts what a worker wrote for a blob. */
  noteWritten(blob: BlobSource): void {
    for (const key of [blob.cacheKey, digestKey(blob)]) {
      if (!key) continue;
      for (const name of [`${cacheName(this.#keyOf(key))}.idx`, `${cacheName(key)}.ckp`])
        this.#newBytes += sizeOf(path.join(this.#folder, name));
    }
  }

  /** Returns the cached index of a blob; null if there is no valid one. */
  read(blob: BlobSource): IndexedBlob | null {
    if (blob.cacheKey === '') return null;
    const digest = digestKey(blob);
    return this.#readKey(blob.cacheKey) ?? (digest !== null && this.#isNoted(blob.cacheKey, digest) ? this.#readKey(digest) : null);
  }

  /**
   * Returns the index cached under the blob's stated digest. The index is valid for this blob only once its bytes have been hashed; see
   * {@link vouch}.
   */
  offered(blob: BlobSource): IndexedBlob | null {
    const digest = digestKey(blob);
    return digest === null ? null : this.#readKey(digest);
  }

  /**
   * Returns the cached table that was made from a layer's table of contents. The TOC's digest is part of the key, because the manifest that
   * vouched for it doesn't vouch for any other TOC of the same layer.
   */
  readToc(blob: BlobSource, tocDigest: string): IndexedBlob | null {
    const key = tocKey(blob, tocDigest);
    return key === null ? null : this.#readKey(key);
  }

  /** Stores a table that was made from a layer's table of contents. */
  writeToc(blob: BlobSource, tocDigest: string, indexed: IndexedBlob): void {
    const key = tocKey(blob, tocDigest);
    if (key !== null) this.#putIndex(key, indexed);
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

  #readKey(plainKey: string): IndexedBlob | null {
    const key = this.#keyOf(plainKey);
    const file = path.join(this.#folder, `${cacheName(key)}.idx`);
    try {
      if (!isPrivateFolder(this.#folder)) return null;
      const stats = statSync(file, { throwIfNoEntry: false });
      if (stats === undefined) return null;
      const bytes = readKept(file);
      // Columns must be aligned. Buffers of small files come from a shared pool and may not be, so those are copied.
      const { buffer, byteOffset, byteLength } = bytes;
      const own = byteOffset === 0 && byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
      const found = decodeIndex(key, own as ArrayBuffer);
      // A time in the future dates from before the clock was set back; it is updated too.
      if (found !== null && Math.abs(Date.now() - stats.mtimeMs) > TOUCH_MS) utimesSync(file, new Date(), new Date());
      return found;
    } catch {
      // The file is missing, unreadable or not valid, so the layer is read again.
      return null;
    }
  }

  /** Stores the index of a blob and replaces any earlier one. */
  write(blob: BlobSource, indexed: IndexedBlob): void {
    const digest = digestKey(blob);
    const isMeasured = digest !== null && indexed.blobDigest === blob.statedDigest;
    const key = isMeasured ? digest : blob.cacheKey;
    if (key === '') return;
    this.#putIndex(key, indexed);
    if (isMeasured) this.vouch(blob);
  }

  /** Returns the cached checkpoints of a blob; null if there are no valid ones. */
  readCheckpoints(blob: BlobSource): readonly BlobCheckpoint[] | null {
    const digest = digestKey(blob);
    const isVouched = digest !== null && (digest === blob.cacheKey || this.#isNoted(blob.cacheKey, digest));
    for (const key of [blob.cacheKey, ...(isVouched ? [digest] : [])]) {
      const file = path.join(this.#folder, `${cacheName(key)}.ckp`);
      try {
        if (key === '' || !isPrivateFolder(this.#folder) || !existsSync(file)) continue;
        const found = decodeCheckpoints(key, readKept(file));
        if (found === null) continue;
        utimesSync(file, new Date(), new Date());
        return found;
      } catch {
        // The file is missing or unreadable, so the blob is unpacked from its beginning.
      }
    }
    return null;
  }

  /** Stores the checkpoints of a blob next to the index that {@link write} stores. */
  writeCheckpoints(blob: BlobSource, { blobDigest }: Pick<IndexedBlob, 'blobDigest'>, checkpoints: readonly BlobCheckpoint[]): void {
    const digest = digestKey(blob);
    const key = digest !== null && blobDigest === blob.statedDigest ? digest : blob.cacheKey;
    if (key !== '' && checkpoints.length > 0) this.#put(`${cacheName(key)}.ckp`, encodeCheckpoints(key, checkpoints));
  }

  /** Returns the report cached under this key; null if there is none. */
  readReport(key: string): string | null {
    const file = path.join(this.#folder, `${cacheName(key)}.rep`);
    try {
      if (!isPrivateFolder(this.#folder) || !existsSync(file)) return null;
      const bytes = readKept(file);
      const text = bytes.subarray(REPORT_HEAD);
      if (!reportSum(key, text).equals(bytes.subarray(0, REPORT_HEAD))) return null;
      utimesSync(file, new Date(), new Date());
      return text.toString('utf8');
    } catch {
      return null;
    }
  }

  /** Caches a report under a key that identifies everything it was made from. */
  writeReport(key: string, report: string): void {
    const text = Buffer.from(report, 'utf8');
    this.#put(`${cacheName(key)}.rep`, [reportSum(key, text), text]);
  }

  #putIndex(plainKey: string, indexed: IndexedBlob): void {
    const key = this.#keyOf(plainKey);
    this.#put(`${cacheName(key)}.idx`, encodeIndex(key, indexed));
  }

  #put(name: string, pieces: readonly Uint8Array[]): void {
    try {
      if (!makePrivateFolder(path.dirname(this.#folder)) || !makePrivateFolder(this.#folder)) return;
      replaceFileSync(path.join(this.#folder, name), (unfinished) => writeAll(unfinished, pieces), this.#temporary());
      for (const piece of pieces) this.#newBytes += piece.length;
    } catch {
      // The disk is full or the folder is read-only, so nothing is cached.
    }
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0;
  }
}

/** Returns the key of a packed blob by its digest. Null for a plain blob, because reading its headers is faster than hashing it. */
function digestKey({ statedDigest, compression, length }: BlobSource): string | null {
  return statedDigest === null || compression === 'none' ? null : `digest:${statedDigest}:${length}`;
}

function tocKey({ statedDigest, length }: BlobSource, tocDigest: string): string | null {
  return statedDigest === null ? null : `toc:${statedDigest}:${length}:${tocDigest}`;
}

function noteOf(cacheKey: string, digest: string): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([cacheKey, digest]))
    .digest();
}

/** Returns the checksum stored before a report. It detects damaged files, and the unlikely case of two keys with the same file name. */
function reportSum(key: string, text: Uint8Array): Buffer {
  return createHash('sha256').update(key).update('\0').update(text).digest();
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
    // The file didn't exist, or the folder will be removed with everything in it.
  }
}
