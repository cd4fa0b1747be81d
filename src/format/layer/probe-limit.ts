import { LayerscopeError } from '#model';

/** Slots that one lookup passes over at most if names are what they are. With tables three quarters full, one in 10^8 lookups takes more. */
const FREE = 512;
/** What longer lookups may pass over in all: tenths of a second. */
const MOST = 8_000_000;
/** Bytes that are compared in the time in which a slot is passed over. */
const BYTES_A_SLOT = 16;

/**
 * Bounds the time of lookups in a hash table by names from an image. The hash is no secret, so names can be made that all begin to look at
 * the same slot: each of a million would be compared with all before it.
 */
export class ProbeLimit {
  #left = MOST;

  /**
   * Called after a lookup: `slots` were passed over, and up to `bytes` bytes compared at each. Throws TOO_LARGE if lookups took too long in
   * all.
   */
  passed(slots: number, bytes = 0): void {
    const spent = slots * (1 + Math.floor(bytes / BYTES_A_SLOT));
    if (spent > FREE) this.#spend(spent);
  }

  /** Called for two names of the same hash, after that many equal bytes. Throws TOO_LARGE as well. */
  compared(bytes: number): void {
    this.#spend(Math.floor(bytes / BYTES_A_SLOT));
  }

  #spend(slots: number): void {
    this.#left -= slots;
    if (this.#left < 0) throw new LayerscopeError('TOO_LARGE', 'names that were made to take long to look up');
  }
}
