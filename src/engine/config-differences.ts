import { type ConfigDifference, compareConfigs } from '#format/image';
import type { ImageView } from './compare-images.ts';

export type { ConfigDifference };

/**
 * What the configs of both sides say otherwise: of whole images only, each as seen at its top with nothing left out below. Null where a side
 * is less than an image (some of its layers, a single layer tar), or has no config that can be read: there is nothing to compare.
 */
export function configDifferences(a: ImageView, b: ImageView): readonly ConfigDifference[] | null {
  if (!isWhole(a) || !isWhole(b)) return null;
  return compareConfigs(a.loaded.image.config, b.loaded.image.config);
}

function isWhole({ loaded, layer, isPart }: ImageView): boolean {
  const { config, layers } = loaded.image;
  return isPart !== true && layer === layers.length - 1 && config !== null && config !== undefined;
}
