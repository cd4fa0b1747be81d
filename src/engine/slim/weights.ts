import { type SlimPlan, slimBytes, slimPlan } from '#changes';
import { cacheNodes } from '#findings/waste';
import { LayerscopeError, layerRange } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { plannedStoredBytes } from './stored-bytes.ts';
import type { WhatIf } from './what-if.ts';

/** The size of an image. */
export interface Weight {
  readonly layers: number;
  /** Total size of the regular files in all layers. */
  readonly fileBytes: number;
  /** Total stored size of the layers; null if they weren't packed. */
  readonly storedBytes: number | null;
}

/**
 * Plans which members the layers would keep. A layer that can't be read to its end is an obstacle, because its contents would be lost.
 * Throws NOT_FOUND for a layer that doesn't exist; UNSUPPORTED for Windows images.
 */
export function planOf(
  { stack, report }: Pick<LoadedImage, 'stack' | 'report'>,
  { mergeRemovals, dropCaches, squashFrom }: WhatIf,
): SlimPlan {
  // Windows stacks the registry deltas of all layers, so a delta is in use even if a later layer has a file with the same name.
  if (stack.caseInsensitive)
    throw new LayerscopeError('UNSUPPORTED', 'the layers of a Windows image can’t be rewritten: each has its part of the registry');
  if (squashFrom !== null && squashFrom >= stack.layers.length)
    throw new LayerscopeError('NOT_FOUND', `no layer ${squashFrom}: ${layerRange(stack.layers.length)}`);
  const plan = slimPlan(stack, { mergeRemovals, dropped: dropCaches ? cacheNodes : null, squashFrom });
  const unread = report.layers.find(({ status }) => status !== 'present');
  return unread === undefined ? plan : { ...plan, obstacle: `layer ${unread.index} is ${unread.status}` };
}

/** Returns the size of the image as it is. */
export function weightOf({ report }: Pick<LoadedImage, 'report'>): Weight & { readonly storedBytes: number } {
  return {
    layers: report.layers.length,
    fileBytes: report.totals.fileBytes,
    storedBytes: report.layers.reduce((sum, { blobBytes }) => sum + blobBytes, 0),
  };
}

/** Returns the size of a plan without packing anything; the stored size is null if it can only be found by packing. */
export function plannedWeight(loaded: LoadedImage, what: WhatIf, plan: SlimPlan): Weight {
  const fileBytes = plan.layers.reduce((sum, layer) => sum + slimBytes(loaded.stack, layer), 0);
  return { layers: plan.layers.length, fileBytes, storedBytes: plan.obstacle === null ? plannedStoredBytes(loaded, what, plan) : null };
}
