import { mergedPathNumbers, pathNumber } from '#changes';
import type { RewrittenReport } from '#contract';
import { DIFFERS, escapePath, KIND, type RowTable, rowPath, TYPE, throwIfCancelled } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { listChanges } from './list-changes.ts';

const MOST_LISTED = 2_000;

/**
 * Finds files that a layer rewrites with identical bytes, as chmod, chown or copying a file over itself do. Compares each layer with those
 * below and skips files that can't be read. Throws IO, CANCELLED.
 */
export async function findRewritten(
  loaded: LoadedImage,
  options: { readonly signal: AbortSignal; readonly onLayer?: (layer: number) => void; readonly onBytes?: (doneBytes: number) => void },
): Promise<RewrittenReport> {
  const files: { path: string; layer: number; bytes: number }[] = [];
  const merged = mergedPathNumbers(loaded.stack);
  let bytes = 0;
  let done = 0;
  for (let layer = 1; layer < loaded.image.layers.length; layer++) {
    throwIfCancelled(options.signal);
    options.onLayer?.(layer);
    let ofLayer = 0;
    const rows = await listChanges(loaded, layer, layer, {
      signal: options.signal,
      onProgress: ({ doneBytes }) => {
        ofLayer = doneBytes;
        options.onBytes?.(done + doneBytes);
      },
    });
    done += ofLayer;
    for (let row = 0; row < rows.length; row++) {
      if (!isRewritten(rows, row)) continue;
      if (merged.has(pathNumber(loaded.stack, layer, rows.entry[row] as number))) continue;
      const size = rows.size[row] as number;
      bytes += size;
      files.push({ path: escapePath(rowPath(rows, row)), layer, bytes: size });
    }
  }
  files.sort((a, b) => b.bytes - a.bytes);
  return { bytes, count: files.length, files: files.slice(0, MOST_LISTED) };
}

/** Whether a row rewrites a file unchanged. Hard links are left out, because they don't store any bytes. */
function isRewritten(rows: RowTable, row: number): boolean {
  if (rows.kind[row] !== KIND.modified || rows.type[row] !== TYPE.file) return false;
  return ((rows.differs[row] as number) & DIFFERS.rewritten) !== 0 && (rows.size[row] as number) > 0;
}
