import type { Stack } from '#changes';
import { FLAG } from '#format/layer';
import { TYPE } from '#model';

/** A regular file of a layer, whose body was read. */
export interface ScannedBody {
  readonly layer: number;
  readonly member: number;
  readonly size: number;
  /**
   * Checksum of the content, in four UTF-16 units, which are made faster than hex digits: equal for equal bodies, and different for others
   * except one pair in 2^64. It protects against accidents, not attacks (see archive/indexing/body-sum), which suffices within one image.
   */
  readonly sum: string;
}

const NO_BODY = FLAG.whiteout | FLAG.opaque | FLAG.rawOnly | FLAG.superseded;

/**
 * Every regular file of every layer that is in the image's views, the bottom layer first, each in the order of its tar. Those that were cut
 * off, are sparse or empty are left out, and so are layers without checksums.
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
