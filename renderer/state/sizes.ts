import type { ImageSummary } from '#contract';

/** Labels of the three sizes that an image and a layer have. */
export const SIZE_WORDS = {
  stored: { label: 'Stored', title: 'Bytes of the layers as stored, compressed or not' },
  unpacked: { label: 'Unpacked', title: 'Bytes of the uncompressed layer tars, with headers and padding' },
  files: { label: 'Files', title: 'Bytes of the files in all layers; a file written twice is counted twice' },
} as const;

export function imageSizes(image: ImageSummary): { stored: number; unpacked: number; files: number } {
  let stored = 0;
  let unpacked = 0;
  for (const layer of image.layers) {
    stored += layer.blobBytes;
    unpacked += layer.tarBytes;
  }
  return { stored, unpacked, files: image.totals.fileBytes };
}
