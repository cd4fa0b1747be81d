import type { ImageSummary } from '#contract';

export function imageSizes(image: ImageSummary): { stored: number; unpacked: number; files: number } {
  let stored = 0;
  let unpacked = 0;
  for (const layer of image.layers) {
    stored += layer.blobBytes;
    unpacked += layer.tarBytes;
  }
  return { stored, unpacked, files: image.totals.fileBytes };
}

/**
 * Returns sizes in lines, in their order: neighbours of exactly the same bytes are in one, others are by themselves, even if they read the
 * same when they are rounded. `bytesOf`: what is compared; for two sides, the bytes of both.
 */
export function sizeLines<T>(
  sizes: readonly T[],
  bytesOf: (size: T) => readonly (number | null)[],
): readonly (readonly [T, ...(readonly T[])])[] {
  const lines: [T, ...T[]][] = [];
  for (const size of sizes) {
    const line = lines.at(-1);
    const bytes = bytesOf(size);
    if (line !== undefined && bytesOf(line[0]).every((each, at) => each === bytes[at])) line.push(size);
    else lines.push([size]);
  }
  return lines;
}
