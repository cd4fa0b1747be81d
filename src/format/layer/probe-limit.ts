import { LayerscopeError } from '#model';

/**
 * Lookups that pass over at most this many slots don't count. In tables that are three quarters full, only one lookup of an ordinary name
 * in 10^8 passes over more.
 */
const FREE = 512;
/** Total number of slots that the longer lookups may pass over. Passing over so many takes tenths of a second. */
const MOST = 8_000_000;
/** Number of bytes that can be compared in the time it takes to pass over a slot. */
const BYTES_A_SLOT = 16;

/**
 * Limits the time of hash table lookups by names from an image. The hash isn't secret, so a million names could be made to start at the
 * same slot, and each would be compared with all earlier ones.
 */
export class ProbeLimit {
  #left = MOST;

  /**
   * Called after a lookup that passed over `slots` slots and compared up to `bytes` bytes at each. Throws TOO_LARGE if lookups took too
   * long in total.
   */
  passed(slots: number, bytes = 0): void {
    const spent = slots * (1 + Math.floor(bytes / BYTES_A_SLOT));
    if (spent > FREE) this.#spend(spent);
  }

  /**
   * Called for two names with the same hash whose first `bytes` bytes are equal. Throws TOO_LARGE if comparisons and lookups took too long
   * in total.
   */
  compared(bytes: number): void {
    this.#spend(Math.floor(bytes / BYTES_A_SLOT));
  }

  #spend(slots: number): void {
    this.#left -= slots;
    if (this.#left < 0) throw new LayerscopeError('TOO_LARGE', 'names that seem crafted to slow down lookups');
  }
}
