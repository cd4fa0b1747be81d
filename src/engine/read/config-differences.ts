import { type ConfigDifference, compareConfigs } from '#format/image';
import type { ImageView } from './compare-images.ts';

export type { ConfigDifference };

/**
 * Compares the configs of two complete images. Returns null if a side is only part of an image (some of its layers, a single layer tar) or
 * has no readable config.
 */
export function configDifferences(a: ImageView, b: ImageView): readonly ConfigDifference[] | null {
  if (!isWhole(a) || !isWhole(b)) return null;
  return compareConfigs(a.loaded.image.config, b.loaded.image.config);
}

function isWhole({ loaded, layer, isPart }: ImageView): boolean {
  const { config, layers } = loaded.image;
  return isPart !== true && layer === layers.length - 1 && config !== null && config !== undefined;
}
