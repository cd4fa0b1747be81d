import { BASE, BASE_BLOCK_BYTES, BASE_SECTOR_BYTES, MAX_HIVE_BYTES } from './base-block.ts';

/** A log's bytes. Its first sector is a valid base block. */
export interface Log {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/**
 * Maximum growth of a hive per byte of its logs. A log contains most pages of the bins that it adds; the missing ones become zeros, so a
 * limit is needed to keep a small log from adding mostly zeros.
 */
const GROWTH_PER_LOG_BYTE = 64;
const MIN_GROWTH = 1 << 20;

/** Returns the maximum size that a hive may have after its logs are applied. */
export function maxBytesAfter(hive: Uint8Array, logs: readonly Log[]): number {
  const logBytes = logs.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return Math.min(MAX_HIVE_BYTES, hive.length + Math.max(MIN_GROWTH, logBytes * GROWTH_PER_LOG_BYTE));
}

/** Returns a copy of a hive with space for bins of this total size. */
export function withRoom(hive: Uint8Array, binsBytes: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(Math.max(hive.length, BASE_BLOCK_BYTES + binsBytes));
  copy.set(hive);
  return copy;
}

/** Replaces a damaged base block with a log's copy of it. */
export function restoreBase(hive: Uint8Array, { bytes }: Log): void {
  hive.set(bytes.subarray(0, BASE_SECTOR_BYTES));
  hive.fill(0, BASE.type, BASE.type + 4);
}
