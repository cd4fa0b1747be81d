import { type SlimPlan, slimBytes, slimPlan } from '#changes';
import { cacheNodes } from '#findings/waste';
import { LayerscopeError, layerRange } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { plannedStoredBytes } from './stored-bytes.ts';
import type { WhatIf } from './what-if.ts';

/** What an image weighs. */
export interface Weight {
  readonly layers: number;
  /** Bytes of the regular files of all layers. */
  readonly fileBytes: number;
  /** Bytes of the layers as they are stored; null if they weren't packed. */
  readonly storedBytes: number | null;
}

/**
 * Which members the layers would keep. A layer that can't be read to its end is an obstacle: what it has would be lost. Throws NOT_FOUND for a
 * layer that doesn't exist; UNSUPPORTED for Windows images.
 */
export function planOf(
  { stack, report }: Pick<LoadedImage, 'stack' | 'report'>,
  { mergeRemovals, dropCaches, squashFrom }: WhatIf,
): SlimPlan {
  // Windows lays each layer's registry delta over those below: a delta is in use although a later layer has a file of the same name.
  if (stack.caseInsensitive)
    throw new LayerscopeError('UNSUPPORTED', 'the layers of a Windows image can’t be made differently: each has its part of the registry');
  if (squashFrom !== null && squashFrom >= stack.layers.length)
    throw new LayerscopeError('NOT_FOUND', `no layer ${squashFrom}: ${layerRange(stack.layers.length)}`);
  const plan = slimPlan(stack, { mergeRemovals, dropped: dropCaches ? cacheNodes : null, squashFrom });
  const unread = report.layers.find(({ status }) => status !== 'present');
  return unread === undefined ? plan : { ...plan, obstacle: `layer ${unread.index} is ${unread.status}` };
}

/** The weight of the image as it is. */
export function weightOf({ report }: Pick<LoadedImage, 'report'>): Weight & { readonly storedBytes: number } {
  return {
    layers: report.layers.length,
    fileBytes: report.totals.fileBytes,
    storedBytes: report.layers.reduce((sum, { blobBytes }) => sum + blobBytes, 0),
  };
}

/** The weight of a plan, without packing anything: the stored bytes are null if only packing tells them. */
export function plannedWeight(loaded: LoadedImage, what: WhatIf, plan: SlimPlan): Weight {
  const fileBytes = plan.layers.reduce((sum, layer) => sum + slimBytes(loaded.stack, layer), 0);
  return { layers: plan.layers.length, fileBytes, storedBytes: plan.obstacle === null ? plannedStoredBytes(loaded, what, plan) : null };
}
