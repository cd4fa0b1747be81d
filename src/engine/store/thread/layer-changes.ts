// Reads what a layer changed. For a working copy, this is done again whenever its folder changes.
import { createHash } from 'node:crypto';
import type { DriverChange, GraphDriver } from '#driver';

export interface LayerChanges {
  readonly changes: readonly DriverChange[];
  readonly complete: boolean;
  /** Total number of changes. */
  readonly total: number;
  /** Bytes of the files that were added or modified, in a portable store; null in others. */
  readonly sizeBytes: number | null;
  /** Hash that differs if the kind, path, size or time of any change does. */
  readonly stamp: string;
}

/** Reads a layer's changes, and keeps at most `limit`. Throws the errors of {@link GraphDriver.changes}. */
export async function readLayerChanges(driver: GraphDriver, id: string, limit: number): Promise<LayerChanges> {
  const changes: DriverChange[] = [];
  const stamp = createHash('sha256');
  let total = 0;
  let sizeBytes = 0;
  for await (const change of driver.changes(id)) {
    const { kind, path, file } = change;
    if (++total <= limit) changes.push({ kind, path });
    sizeBytes += file?.sizeBytes ?? 0;
    stamp.update(`${kind} ${path} ${file?.sizeBytes} ${file?.times}\n`);
  }
  const bytes = driver.name === 'portable' ? sizeBytes : null;
  return { changes, complete: total === changes.length, total, sizeBytes: bytes, stamp: stamp.digest('hex') };
}
