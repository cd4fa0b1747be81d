// Several tars as one input.
import { joined } from '../engine/mutate.ts';
import type { Random } from '../engine/random.ts';

const BETWEEN = Buffer.from('\n=layer=\n');

export function joinLayers(layers: readonly Uint8Array[]): Uint8Array {
  return joined(...layers.flatMap((layer, index) => (index === 0 ? [layer] : [BETWEEN, layer])));
}

/** Splits an input into its tars, eight at most. */
export function splitLayers(input: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(input);
  const layers: Uint8Array[] = [];
  for (let at = 0; layers.length < 8; ) {
    const next = bytes.indexOf(BETWEEN, at);
    layers.push(new Uint8Array(bytes.subarray(at, next < 0 ? bytes.length : next)));
    if (next < 0) break;
    at = next + BETWEEN.length;
  }
  return layers;
}

type Mutate = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

/** Changes, removes, adds or moves one of the layers. */
export function mutateLayers(input: Uint8Array, random: Random, other: Uint8Array, mutate: Mutate): Uint8Array {
  const layers = splitLayers(input);
  const at = random.int(layers.length);
  const layer = layers[at] ?? new Uint8Array(0);
  const from = random.pick(splitLayers(other));
  switch (random.int(8)) {
    case 0:
      if (layers.length > 1) layers.splice(at, 1);
      break;
    case 1:
      layers.splice(at, 0, from);
      break;
    case 2:
      layers.push(...layers.splice(at, 1));
      break;
    default:
      layers[at] = mutate(layer, random, from);
  }
  return joinLayers(layers);
}
