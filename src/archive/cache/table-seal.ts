// Seals tables that are stored outside the cache, in a folder that may come from a stranger. The key is in the cache folder, which only
// this user can enter, so a sealed table was made by this user's programs.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IndexedLayer } from '../types.ts';
import { decodeIndex, encodeIndex } from './index-file.ts';
import { userKey } from './user-key.ts';

const SEAL_BYTES = 32;

/** Identifies the blob whose table {@link TableSeal} seals. */
export interface SealedFor {
  /** The blob's digest, verified against its bytes. */
  readonly digest: string;
  /** The blob's range in a file, as in `BlobSource`. */
  readonly cacheKey: string;
}

/** Seals tables with this user's key, and opens tables sealed with it. */
export class TableSeal {
  readonly #key: Uint8Array;

  private constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Creates a seal with this user's key; null if there is none. With `makes`, creates the key if necessary. Never throws. */
  static in(cacheFolder: string, makes: boolean): TableSeal | null {
    const key = userKey(cacheFolder, makes);
    return key === null ? null : new TableSeal(key);
  }

  /** Returns the bytes of a file that contains this table. */
  encode({ digest, cacheKey }: SealedFor, layer: IndexedLayer): Uint8Array {
    const pieces = encodeIndex(cacheKey, { layer, blobDigest: digest });
    return Buffer.concat([this.#sealOf(digest, pieces), ...pieces]);
  }

  /** Returns the table in a file; null if it has another version or wasn't sealed with this key for this blob. */
  decode({ digest, cacheKey }: SealedFor, bytes: Uint8Array): IndexedLayer | null {
    if (bytes.length < SEAL_BYTES) return null;
    // A copy, because columns must be aligned to eight bytes.
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
