// Rules that compare file contents. They need a checksum of every body, which a scan computes.

import type { Stack } from '#changes';
import { SameContents } from '#findings/waste';
import type { Finding } from '#model';
import { type ScannedBody, scannedBodies } from './scanned-bodies.ts';

/**
 * Finds something in the bodies of an image (see {@link scannedBodies}), which can be iterated more than once. Findings have `layer` and
 * `path`, but not `image`. Called after all layers have been read; time and memory must be linear in the number of bodies.
 */
type BodyRule = (stack: Stack, bodies: Iterable<ScannedBody>) => Iterable<Finding>;

/** The rules that every scan applies, in this order. */
const BODY_RULES: readonly BodyRule[] = [
  (stack, bodies) => {
    const contents = new SameContents(stack);
    for (const { layer, member, size, sum } of bodies) contents.add({ layer, row: member, digest: sum, size });
    return contents.findings();
  },
];

/** Applies the rules to the layers of a stack that have checksums. */
export function* applyBodyRules(stack: Stack): Generator<Finding> {
  const bodies = { [Symbol.iterator]: () => scannedBodies(stack) };
  for (const rule of BODY_RULES) yield* rule(stack, bodies);
}
