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
 * Groups sizes into lines, in order: neighbours with exactly the same bytes share a line; others get their own, even if they look the same
 * when rounded. `bytesOf`: the bytes to compare; both sides' in a comparison.
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

/** Returns the CSS width of a bar in proportion to its size: at least a pixel, unless there are no bytes. `full`: the bytes of a full bar. */
export function barWidth(bytes: number, full: number): string {
  return bytes === 0 ? '0' : `max(1px, ${Math.min(100, (bytes / full) * 100)}%)`;
}
