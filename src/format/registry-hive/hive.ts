import { formatSize, LayerscopeError, plural } from '#model';
import { BASE_BLOCK_BYTES, type BaseBlock, hasRegfSignature, MAX_HIVE_BYTES, parseBaseBlock } from './base-block.ts';
import { hex, ProblemList } from './problems.ts';
import { isDirty, type Recovery, recoverHive } from './recover.ts';

/** An open hive. */
export interface Hive {
  /** The whole file, after recovery. */
  readonly bytes: Uint8Array;
  /** Number of bytes in the file and its logs. A recovered hive may have more; the additional ones are zeros. */
  readonly storedBytes: number;
  readonly view: DataView;
  readonly base: BaseBlock;
  /** Whether changes are missing, or may be missing, from the original file. */
  readonly dirty: boolean;
  /** Null if the hive wasn't dirty or no log applies. */
  readonly recovered: Recovery | null;
  /** Whether the hive's records state how they combine with those in the hives below. If not, the bits for that have no meaning. */
  readonly layered: boolean;
  /** The position in `bytes` where the hive's bins end. */
  readonly end: number;
  /** Problems of the file as a whole; code that reads keys adds more to a separate list. */
  readonly problems: ProblemList;
}

const LAYERED_FLAG = 2;
const LAYERED_MINOR = 6;
const OLDEST_MINOR = 3;
const BIN_HEAD = 32;
const BIN_SIGNATURE = 0x6e69_6268;
const BIN = 4096;

/** Whether a file that starts with these bytes is a hive. */
export function isHive(bytes: Uint8Array): boolean {
  return hasRegfSignature(bytes);
}

/** Whether a file with these bytes would be dirty when opened, so that its logs are needed. */
export function needsLogs(bytes: Uint8Array): boolean {
  return bytes.length >= BASE_BLOCK_BYTES && isDirty(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/**
 * Opens a hive. Keeps `bytes`, which must not change. If the hive is dirty, `logs` are applied to a copy, in the order LOG1, LOG2, LOG.
 * Throws DAMAGED if the file isn't a hive or its base block is incomplete; UNSUPPORTED for hives from Windows NT 3.x; TOO_LARGE.
 */
export function openHive(bytes: Uint8Array, logs: readonly Uint8Array[] = []): Hive {
  if (bytes.length > MAX_HIVE_BYTES) throw new LayerscopeError('TOO_LARGE', `a registry hive of ${formatSize(bytes.length)}`);
  if (!hasRegfSignature(bytes)) throw new LayerscopeError('DAMAGED', 'not a registry hive: it does not begin with regf', { offset: 0 });
  if (bytes.length < BASE_BLOCK_BYTES)
    throw new LayerscopeError('DAMAGED', `the registry hive is cut off after ${plural(bytes.length, 'byte')}`);
  const problems = new ProblemList();
  const dirty = needsLogs(bytes);
  const recovered = dirty && logs.length > 0 ? recoverHive(bytes, logs, problems) : null;
  const whole = recovered?.bytes ?? bytes;
  const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  const base = parseBaseBlock(view);
  if (base.major === 1 && base.minor < OLDEST_MINOR)
    throw new LayerscopeError('UNSUPPORTED', `a registry hive of version ${base.major}.${base.minor}, which Windows NT 3.x wrote`);
  return {
    bytes: whole,
    storedBytes: Math.min(whole.length, bytes.length + (recovered === null ? 0 : logs.reduce((sum, log) => sum + log.length, 0))),
    view,
    base,
    dirty,
    recovered: recovered?.recovery ?? null,
    layered: (base.flags & LAYERED_FLAG) !== 0 && base.major === 1 && base.minor >= LAYERED_MINOR,
    end: endOfBins(view, base, problems),
    problems,
  };
}

/** Returns the position where the hive's bins end. Bins after those that the base block counts are also part of the hive. */
function endOfBins(view: DataView, { binsBytes }: BaseBlock, problems: ProblemList): number {
  const stated = BASE_BLOCK_BYTES + binsBytes;
  if (stated > view.byteLength) {
    problems.add(
      null,
      'bins-missing',
      `the base block states ${binsBytes} bytes of bins, the file has ${view.byteLength - BASE_BLOCK_BYTES}`,
    );
    return view.byteLength;
  }
  let end = stated;
  for (let size = followingBin(view, end); size > 0; size = followingBin(view, end)) end += size;
  if (end !== stated)
    problems.add(null, 'bins-stated', `the base block states ${binsBytes} bytes of bins, the file has ${end - BASE_BLOCK_BYTES}`);
  return end;
}

/** Returns the size of the valid bin at a position; 0 if there is none. */
function followingBin(view: DataView, at: number): number {
  if (at + BIN_HEAD > view.byteLength || view.getUint32(at, true) !== BIN_SIGNATURE) return 0;
  if (view.getUint32(at + 4, true) !== at - BASE_BLOCK_BYTES) return 0;
  const size = view.getUint32(at + 8, true);
  return size % BIN === 0 && size <= view.byteLength - at ? size : 0;
}

/** Reports bins and cells whose own sizes are wrong. Keys may still be readable, because records refer to each other by offset. */
export function checkBins({ view, end }: Hive, problems: ProblemList): void {
  for (let at = BASE_BLOCK_BYTES; at + BIN_HEAD <= end; ) {
    const fault = binFault(view, at);
    if (fault !== null) {
      problems.add(null, 'bin-damaged', `bin ${hex(at - BASE_BLOCK_BYTES)} has ${fault}`);
      return;
    }
    const binEnd = at + view.getUint32(at + 8, true);
    for (let cell = at + BIN_HEAD; cell + 4 <= binEnd; ) {
      const length = Math.abs(view.getInt32(cell, true));
      if (length === 0 || length % 8 !== 0 || cell + length > binEnd) {
        problems.add(null, 'cell-damaged', `cell ${hex(cell - BASE_BLOCK_BYTES)} has a wrong size`);
        break;
      }
      cell += length;
    }
    at = binEnd;
  }
}

function binFault(view: DataView, at: number): string | null {
  if (view.getUint32(at, true) !== BIN_SIGNATURE) return 'no signature';
  const size = view.getUint32(at + 8, true);
  return size < BIN || size % BIN !== 0 || at + size > view.byteLength ? 'a wrong size' : null;
}
