import { dropPlan, mergeRemovalsPlan, type SlimPlan, type Stack, slimBytes, squashPlan, unchangedPlan } from '#changes';
import type { WhatIfReport } from '#contract';
import { cacheNodes } from '#findings/waste';
import { LayerscopeError } from '#model';
import type { LoadedImage } from '../image/types.ts';

/** A change to how an image's layers are made. */
export type WhatIf = { readonly kind: 'squash'; readonly from: number } | { readonly kind: 'merge-removals' | 'drop-caches' | 'zstd' };

/** What an image weighs. */
export interface Weight {
  readonly layers: number;
  /** Bytes of the regular files of all layers. */
  readonly fileBytes: number;
  /** Bytes of the layers as they are stored; null if they weren't packed. */
  readonly storedBytes: number | null;
}

/** Parses `squash=N`, `merge-removals`, `drop-caches` or `zstd`. Throws USAGE. */
export function parseWhatIf(text: string): WhatIf {
  const squash = /^squash=(\d{1,5})$/.exec(text);
  if (squash !== null) return { kind: 'squash', from: Number(squash[1]) };
  if (text === 'merge-removals' || text === 'drop-caches' || text === 'zstd') return { kind: text };
  throw new LayerscopeError('USAGE', '--if takes squash=N, merge-removals, drop-caches, zstd or all');
}

export function whatIfText(what: WhatIf): string {
  return what.kind === 'squash' ? `squash=${what.from}` : what.kind;
}

/** The changes worth computing for any image: all layers as one, all above the lowest as one, and the others. */
export function everyWhatIf(stack: Stack): WhatIf[] {
  const squashes = stack.layers.length < 2 ? [] : stack.layers.length === 2 ? [0] : [1, 0];
  return [
    { kind: 'merge-removals' },
    { kind: 'drop-caches' },
    ...squashes.map((from) => ({ kind: 'squash' as const, from })),
    { kind: 'zstd' },
  ];
}

/** Which members the layers would keep. Throws NOT_FOUND for a layer that doesn't exist; UNSUPPORTED for Windows images. */
export function planOf({ stack }: Pick<LoadedImage, 'stack'>, what: WhatIf): SlimPlan {
  // Windows lays each layer's registry delta over those below: a delta is in use although a later layer has a file of the same name.
  if (stack.caseInsensitive)
    throw new LayerscopeError('UNSUPPORTED', 'the layers of a Windows image can’t be made differently: each has its part of the registry');
  switch (what.kind) {
    case 'squash':
      if (what.from >= Math.max(stack.layers.length, 1)) throw new LayerscopeError('NOT_FOUND', `no layer ${what.from}`);
      return squashPlan(stack, what.from);
    case 'merge-removals':
      return mergeRemovalsPlan(stack);
    case 'drop-caches':
      return dropPlan(stack, cacheNodes);
    case 'zstd':
      return unchangedPlan(stack);
  }
}

/** The weight of the image as it is. */
export function weightOf({ report }: Pick<LoadedImage, 'report'>): Weight {
  return {
    layers: report.layers.length,
    fileBytes: report.totals.fileBytes,
    storedBytes: report.layers.reduce((sum, { blobBytes }) => sum + blobBytes, 0),
  };
}

/** The weight of a plan, without packing anything. */
export function plannedWeight({ stack }: Pick<LoadedImage, 'stack'>, { layers }: SlimPlan): Weight {
  return { layers: layers.length, fileBytes: layers.reduce((sum, layer) => sum + slimBytes(stack, layer), 0), storedBytes: null };
}

/** What the image would weigh with each change that lowers the bytes of its files, without packing anything; none for Windows images. */
export function whatIfReports(loaded: Pick<LoadedImage, 'stack' | 'report'>): WhatIfReport[] {
  if (loaded.stack.caseInsensitive) return [];
  const { fileBytes } = weightOf(loaded);
  return everyWhatIf(loaded.stack).flatMap((what): WhatIfReport[] => {
    // Another compression leaves the files as they are.
    if (what.kind === 'zstd') return [];
    const weight = plannedWeight(loaded, planOf(loaded, what));
    if (weight.fileBytes >= fileBytes) return [];
    return [{ kind: what.kind, from: what.kind === 'squash' ? what.from : null, layers: weight.layers, fileBytes: weight.fileBytes }];
  });
}
