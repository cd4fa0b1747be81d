import type { ImageSummary } from '#contract';

/** The three sizes of an image or a layer, the same words everywhere. */
export const SIZE_WORDS = {
  stored: { label: 'Stored', title: 'Bytes of the layers as the archive keeps them, compressed or not' },
  unpacked: { label: 'Unpacked', title: 'Bytes of the plain layer tars, headers and padding included' },
  files: { label: 'Files', title: 'Bytes of the files in the layers, each time they are written' },
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
