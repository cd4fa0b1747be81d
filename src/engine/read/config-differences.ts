import { type ConfigDifference, compareConfigs } from '#format/image';
import type { ImageView } from './compare-images.ts';

export type { ConfigDifference };

/**
 * How the configs of both sides differ, if both sides are whole images. Null if a side is less than an image (some of its layers, a single
 * layer tar) or has no readable config: there is nothing to compare.
 */
export function configDifferences(a: ImageView, b: ImageView): readonly ConfigDifference[] | null {
  if (!isWhole(a) || !isWhole(b)) return null;
  return compareConfigs(a.loaded.image.config, b.loaded.image.config);
}

function isWhole({ loaded, layer, isPart }: ImageView): boolean {
  const { config, layers } = loaded.image;
  return isPart !== true && layer === layers.length - 1 && config !== null && config !== undefined;
}
