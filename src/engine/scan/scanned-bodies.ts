import type { Stack } from '#changes';
import { FLAG } from '#format/layer';
import { TYPE } from '#model';

/** A regular file of a layer whose body was read. */
export interface ScannedBody {
  readonly layer: number;
  readonly member: number;
  readonly size: number;
  /**
   * Checksum of the content as four UTF-16 units, which are faster to make than hex digits. Equal for equal bodies; those of two different
   * bodies are equal with a probability of 2^-64. It protects against accidents, not attacks (see archive/indexing/body-sum), which
   * suffices within one image.
   */
  readonly sum: string;
}

const NO_BODY = FLAG.whiteout | FLAG.opaque | FLAG.rawOnly | FLAG.superseded;

/**
 * Yields every regular file in the views of the image, layer by layer from the bottom, in tar order. Leaves out files that are truncated,
 * sparse or empty, and layers without checksums.
 */
export function* scannedBodies({ layers }: Stack): Generator<ScannedBody> {
  for (const [layer, table] of layers.entries()) {
    if (table === null || table.bodySums.length === 0) continue;
    for (let member = 0; member < table.memberCount; member++) {
      if (table.type[member] !== TYPE.file || ((table.flags[member] as number) & NO_BODY) !== 0) continue;
      const [low, high] = [table.bodySums[member * 2] as number, table.bodySums[member * 2 + 1] as number];
      if (low === 0 && high === 0) continue;
      const sum = String.fromCharCode(low & 0xffff, low >>> 16, high & 0xffff, high >>> 16);
      yield { layer, member, size: table.size[member] as number, sum };
    }
  }
}
