import type { RewrittenReport } from '#contract';
import { DIFFERS, escapePath, KIND, LayerscopeError, type RowTable, rowPath, TYPE } from '#model';
import { compareImages } from './compare-images.ts';
import type { LoadedImage } from './types.ts';

const MOST_TOLD = 2_000;

/**
 * Files that a layer brings again with the same bytes: a chmod, a chown, a copy over itself. Each layer is compared with what is below it,
 * bodies of the same size byte by byte. Throws TRUNCATED, DAMAGED, CANCELLED.
 */
export async function findRewritten(
  loaded: LoadedImage,
  options: { readonly signal: AbortSignal; readonly onLayer?: (layer: number) => void; readonly onBytes?: (doneBytes: number) => void },
): Promise<RewrittenReport> {
  const files: { path: string; layer: number; bytes: number }[] = [];
  let bytes = 0;
  let done = 0;
  for (let layer = 1; layer < loaded.image.layers.length; layer++) {
    if (options.signal.aborted) throw new LayerscopeError('CANCELLED', 'cancelled');
    options.onLayer?.(layer);
    let ofLayer = 0;
    const { rows, differs } = await compareImages(
      { loaded, layer: layer - 1 },
      { loaded, layer },
      {
        signal: options.signal,
        onProgress: ({ doneBytes }) => {
          ofLayer = doneBytes;
          options.onBytes?.(done + doneBytes);
        },
      },
    );
    done += ofLayer;
    for (let row = 0; row < rows.length; row++) {
      if (!isSame(rows, differs, row, layer)) continue;
      const size = rows.size[row] as number;
      bytes += size;
      files.push({ path: escapePath(rowPath(rows, row)), layer, bytes: size });
    }
  }
  files.sort((a, b) => b.bytes - a.bytes);
  return { bytes, count: files.length, files: files.slice(0, MOST_TOLD) };
}

function isSame(rows: RowTable, differs: Uint16Array, row: number, layer: number): boolean {
  if (rows.kind[row] !== KIND.modified || rows.type[row] !== TYPE.file || rows.layer[row] !== layer) return false;
  return ((differs[row] as number) & (DIFFERS.content | DIFFERS.type)) === 0 && (rows.size[row] as number) > 0;
}
