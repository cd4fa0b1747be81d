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
