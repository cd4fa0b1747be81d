import type { Stack } from '#changes';
import { displayText, LayerscopeError } from '#model';

/** How to make an image's layers differently: one or more changes, applied in the order of these fields. */
export interface WhatIf {
  /** Leaves files that a later layer removes out of the layer that added them. */
  readonly mergeRemovals: boolean;
  /** Leaves out the caches of package managers and builds. */
  readonly dropCaches: boolean;
  /** The lowest of the layers to merge into one, by its number in the original image; null for none. */
  readonly squashFrom: number | null;
  /** Compresses all layers with zstd. */
  readonly zstd: boolean;
}

const NOTHING: WhatIf = { mergeRemovals: false, dropCaches: false, squashFrom: null, zstd: false };

const TAKES = 'squash=N, merge-removals, drop-caches, zstd, or several joined by commas';

/**
 * Parses `squash=N`, `merge-removals`, `drop-caches` and `zstd`, joined by commas in any order. Throws USAGE for any other word or a
 * repeated change.
 */
export function parseWhatIf(text: string): WhatIf {
  let what = NOTHING;
  for (const word of text.split(',')) {
    const next = parseChange(word);
    const [name] = Object.keys(next) as [keyof WhatIf];
    if (what[name] !== NOTHING[name]) throw new LayerscopeError('USAGE', `--if has ${word.replace(/=.*/, '')} twice`);
    what = { ...what, ...next };
  }
  return what;
}

function parseChange(word: string): Partial<WhatIf> {
  const squash = /^squash=(\d{1,5})$/.exec(word);
  if (squash !== null) return { squashFrom: Number(squash[1]) };
  if (word === 'merge-removals') return { mergeRemovals: true };
  if (word === 'drop-caches') return { dropCaches: true };
  if (word === 'zstd') return { zstd: true };
  if (/^squash(=|$)/.test(word)) throw new LayerscopeError('USAGE', '--if squash=N takes the number of a layer');
  throw new LayerscopeError('USAGE', `--if takes ${TAKES}, not ${displayText(JSON.stringify(word.slice(0, 60)))}`);
}

/** Formats the changes, in the order in which they are applied, for {@link parseWhatIf}. */
export function whatIfText({ mergeRemovals, dropCaches, squashFrom, zstd }: WhatIf): string {
  const words = [
    ...(mergeRemovals ? ['merge-removals'] : []),
    ...(dropCaches ? ['drop-caches'] : []),
    ...(squashFrom === null ? [] : [`squash=${squashFrom}`]),
    ...(zstd ? ['zstd'] : []),
  ];
  return words.join(',');
}

/**
 * Returns the what-ifs worth knowing for any image, each with a single change. Layers are merged in two ways: all of them, and all above
 * the lowest.
 */
export function everyWhatIf(stack: Stack): WhatIf[] {
  const squashes = stack.layers.length < 2 ? [] : stack.layers.length === 2 ? [0] : [1, 0];
  return [
    { ...NOTHING, mergeRemovals: true },
    { ...NOTHING, dropCaches: true },
    ...squashes.map((squashFrom) => ({ ...NOTHING, squashFrom })),
    { ...NOTHING, zstd: true },
  ];
}
