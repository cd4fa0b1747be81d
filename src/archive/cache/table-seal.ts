// Seals tables that lie outside the cache, in a folder that may come from a stranger. The key is in the cache folder, which is this user's
// alone, so a sealed table is one that this user's programs made.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IndexedLayer } from '../types.ts';
import { decodeIndex, encodeIndex } from './index-file.ts';
import { userKey } from './user-key.ts';

const SEAL_BYTES = 32;

/** The table of a blob, for {@link TableSeal}. */
export interface SealedFor {
  /** The blob's digest, which its bytes were found to have. */
  readonly digest: string;
  /** The blob's range of a file, as in `BlobSource`. */
  readonly cacheKey: string;
}

/** Seals tables with this user's key, and opens what it sealed. */
export class TableSeal {
  readonly #key: Uint8Array;

  private constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Seals with this user's key, which is made if `makes` is set; null if there is none. Never throws. */
  static in(cacheFolder: string, makes: boolean): TableSeal | null {
    const key = userKey(cacheFolder, makes);
    return key === null ? null : new TableSeal(key);
  }

  /** Returns the bytes of a file with this table. */
  encode({ digest, cacheKey }: SealedFor, layer: IndexedLayer): Uint8Array {
    const pieces = encodeIndex(cacheKey, { layer, blobDigest: digest });
    return Buffer.concat([this.#sealOf(digest, pieces), ...pieces]);
  }

  /** Returns the table in a file; null if it wasn't sealed with this key for this blob, or has another version. */
  decode({ digest, cacheKey }: SealedFor, bytes: Uint8Array): IndexedLayer | null {
    if (bytes.length < SEAL_BYTES) return null;
    // A copy, because columns lie at multiples of eight.
    const rest = new Uint8Array(bytes.subarray(SEAL_BYTES));
    if (!timingSafeEqual(this.#sealOf(digest, [rest]), bytes.subarray(0, SEAL_BYTES))) return null;
    return decodeIndex(cacheKey, rest.buffer)?.layer ?? null;
  }

  #sealOf(digest: string, pieces: readonly Uint8Array[]): Uint8Array {
    const hmac = createHmac('sha256', this.#key).update(`${digest}\0`);
    for (const piece of pieces) hmac.update(piece);
    return hmac.digest();
  }
}
