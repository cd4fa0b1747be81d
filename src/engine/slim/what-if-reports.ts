// What-ifs for the window: a report for each change that saves something, and the job that packs them to find their stored sizes.
import type { SlimPlan } from '#changes';
import type { WhatIfReport } from '#contract';
import { canWriteZstd } from '#files';
import { LayerscopeError, throwIfCancelled } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { bytesToWeigh, weighSlim } from './weigh-slim.ts';
import { plannedWeight, planOf, weightOf } from './weights.ts';
import { everyWhatIf, type WhatIf, whatIfText } from './what-if.ts';

/** Results of packing, by {@link whatIfText}: the stored size of all layers, or why they can't be written. */
export type PackedWeights = ReadonlyMap<string, number | { readonly obstacle: string }>;

interface Candidate {
  readonly what: WhatIf;
  readonly plan: SlimPlan;
  readonly report: WhatIfReport;
}

/**
 * Reports the size that the image would have after each change that may save bytes, with the stored size if known; none for Windows images.
 */
export function whatIfReports(loaded: LoadedImage, packed: PackedWeights): WhatIfReport[] {
  return candidates(loaded, packed).map(({ report }) => report);
}

function candidates(loaded: LoadedImage, packed: PackedWeights): Candidate[] {
  if (loaded.stack.caseInsensitive) return [];
  const now = weightOf(loaded);
  return everyWhatIf(loaded.stack).flatMap((what): Candidate[] => {
    if (what.zstd && !canWriteZstd()) return [];
    const plan = planOf(loaded, what);
    const { layers, fileBytes, storedBytes } = plannedWeight(loaded, what, plan);
    // Recompressing changes only the stored size; any other change must reduce the size of the files.
    if (what.zstd ? storedBytes === now.storedBytes : fileBytes >= now.fileBytes) return [];
    const found = packed.get(whatIfText(what));
    const obstacle = plan.obstacle ?? (typeof found === 'object' ? found.obstacle : null);
    const stored = typeof found === 'number' ? found : storedBytes;
    return [{ what, plan, report: { kind: kindOf(what), from: what.squashFrom, layers, fileBytes, storedBytes: stored, obstacle } }];
  });
}

function kindOf({ mergeRemovals, dropCaches, squashFrom }: WhatIf): WhatIfReport['kind'] {
  if (squashFrom !== null) return 'squash';
  return mergeRemovals ? 'merge-removals' : dropCaches ? 'drop-caches' : 'zstd';
}

export interface WeighEveryOptions {
  readonly signal: AbortSignal;
  /** Called before each what-if, with an index from 0. */
  readonly onWhatIf: (index: number, count: number) => void;
  readonly onBytes: (doneBytes: number, totalBytes: number) => void;
  /** Receives each result; those of a cancelled job stay valid. */
  readonly onWeight: (text: string, weight: number | { readonly obstacle: string }) => void;
}

/**
 * Packs each of {@link whatIfReports} whose stored size isn't known, without keeping the result. If one can't be written, its weight is an
 * obstacle. Throws BLOB_MISSING, TRUNCATED, DAMAGED, IO, CANCELLED.
 */
export async function weighEvery(loaded: LoadedImage, packed: PackedWeights, options: WeighEveryOptions): Promise<void> {
  const { signal, onWhatIf, onBytes, onWeight } = options;
  const open = candidates(loaded, packed).filter(({ report }) => report.storedBytes === null && report.obstacle === null);
  const sizes = open.map(({ what, plan }) => bytesToWeigh(loaded, what, plan));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let before = 0;
  for (const [index, { what, plan }] of open.entries()) {
    throwIfCancelled(signal);
    onWhatIf(index, open.length);
    const size = sizes[index] ?? 0;
    let done = 0;
    const onRead = (bytes: number): void => {
      done = Math.min(size, done + bytes);
      onBytes(before + done, total);
    };
    try {
      onWeight(whatIfText(what), await weighSlim(loaded, what, plan, { signal, onRead }));
    } catch (error) {
      if (!(error instanceof LayerscopeError) || error.code !== 'UNSUPPORTED') throw error;
      onWeight(whatIfText(what), { obstacle: error.message });
    }
    before += size;
    onBytes(before, total);
  }
}
