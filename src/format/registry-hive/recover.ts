import { BASE, BASE_SECTOR_BYTES, baseChecksum, hasRegfSignature, isChecksumRight } from './base-block.ts';
import type { Log } from './log.ts';
import { applyNewLogs, type NewLog, readNewLog } from './new-log.ts';
import { applyOldLog, isOldLogCurrent } from './old-log.ts';
import type { ProblemList } from './problems.ts';

/** How a dirty hive was recovered: the format of its log, and the hive's sequence number afterwards. */
export interface Recovery {
  readonly format: 'old' | 'new';
  readonly sequence: number;
}

const NEW_LOG = 6;
const OLD_LOGS: readonly number[] = [1, 2];

/** Whether a hive of at least 512 bytes has changes that may only be in its logs. */
export function isDirty(view: DataView): boolean {
  return !isChecksumRight(view) || view.getUint32(BASE.primarySequence, true) !== view.getUint32(BASE.secondarySequence, true);
}

/** Applies the logs of a dirty hive to a copy of it. Null if none applies. Bytes that aren't a log are ignored. */
export function recoverHive(
  hive: Uint8Array,
  logs: readonly Uint8Array[],
  problems: ProblemList,
): { readonly bytes: Uint8Array; readonly recovery: Recovery } | null {
  const view = new DataView(hive.buffer, hive.byteOffset, hive.byteLength);
  const isBaseRight = isChecksumRight(view);
  const valid = logs.map(asLog).filter((log) => log !== null);
  const newLogs = valid
    .filter((log) => log.view.getUint32(BASE.type, true) === NEW_LOG)
    .map(readNewLog)
    .filter(({ entries }) => entries.length > 0)
    .sort((a, b) => firstSequence(a) - firstSequence(b));
  if (newLogs.length > 0) {
    const applied = applyNewLogs(hive, isBaseRight, newLogs);
    return applied === null ? null : completed(applied.bytes, { format: 'new', sequence: applied.sequence });
  }
  for (const log of valid) {
    if (!OLD_LOGS.includes(log.view.getUint32(BASE.type, true)) || !isOldLogCurrent(view, isBaseRight, log)) continue;
    const applied = applyOldLog(hive, isBaseRight, log, problems);
    if (applied !== null) return completed(applied.bytes, { format: 'old', sequence: applied.sequence });
  }
  return null;
}

function firstSequence({ entries }: NewLog): number {
  return entries[0]?.sequence ?? 0;
}

function asLog(bytes: Uint8Array): Log | null {
  if (bytes.length < BASE_SECTOR_BYTES || !hasRegfSignature(bytes)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isDirty(view) ? null : { bytes, view };
}

function completed(bytes: Uint8Array, recovery: Recovery): { readonly bytes: Uint8Array; readonly recovery: Recovery } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(BASE.primarySequence, recovery.sequence, true);
  view.setUint32(BASE.secondarySequence, recovery.sequence, true);
  view.setUint32(BASE.checksum, baseChecksum(view), true);
  return { bytes, recovery };
}
