// A log as written before Windows 8.1:
//
//   0    the hive's base block, one sector of 512 bytes, of type 1 or 2
//   512  "DIRT", then a bitmap with a bit for each page of 512 bytes of the bins, bit 0 of byte 0 first
//   next sector: the pages whose bits are set, in order
import { BASE, BASE_BLOCK_BYTES, BASE_SECTOR_BYTES } from './base-block.ts';
import { type Log, maxBytesAfter, restoreBase, withRoom } from './log.ts';
import type { ProblemList } from './problems.ts';

const SIGNATURE = 0x5452_4944;
const BITMAP = BASE_SECTOR_BYTES + 4;
const PAGE = 512;
/** Offset of a timestamp in the first bin. It is used instead of the base block's if the base block is damaged. */
const BIN_WRITTEN = 20;

/** Whether the log is at least as new as the hive. */
export function isOldLogCurrent(hive: DataView, isBaseRight: boolean, { view }: Log): boolean {
  if (view.byteLength < BITMAP || view.getUint32(BASE_SECTOR_BYTES, true) !== SIGNATURE) return false;
  const at = isBaseRight ? BASE.written : BASE_BLOCK_BYTES + BIN_WRITTEN;
  return at + 8 > hive.byteLength || view.getBigUint64(BASE.written, true) >= hive.getBigUint64(at, true);
}

/** Applies a log. Returns the recovered hive and its sequence number; null if the log states an impossible size of bins. */
export function applyOldLog(
  hive: Uint8Array,
  isBaseRight: boolean,
  log: Log,
  problems: ProblemList,
): { readonly bytes: Uint8Array; readonly sequence: number } | null {
  const { view, bytes: logBytes } = log;
  const binsBytes = view.getUint32(BASE.binsBytes, true);
  if (BASE_BLOCK_BYTES + binsBytes > maxBytesAfter(hive, [log])) return null;
  const bytes = withRoom(hive, binsBytes);
  if (!isBaseRight) restoreBase(bytes, log);
  const pages = Math.floor(binsBytes / PAGE);
  let at = BASE_SECTOR_BYTES + Math.ceil((4 + Math.floor(pages / 8)) / PAGE) * PAGE;
  for (let page = 0; page < pages; page++) {
    const octet = logBytes[BITMAP + (page >> 3)] ?? 0;
    if (octet === 0) {
      page |= 7;
      continue;
    }
    if (((octet >> (page & 7)) & 1) === 0) continue;
    if (at + PAGE > logBytes.length) {
      problems.add(null, 'log-short', 'the log has fewer pages than its bitmap');
      break;
    }
    bytes.set(logBytes.subarray(at, at + PAGE), BASE_BLOCK_BYTES + page * PAGE);
    at += PAGE;
  }
  const base = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sequence = Math.max(base.getUint32(BASE.primarySequence, true), view.getUint32(BASE.primarySequence, true));
  base.setUint32(BASE.binsBytes, binsBytes, true);
  return { bytes, sequence };
}
