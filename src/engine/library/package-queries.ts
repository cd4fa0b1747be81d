import type { ImageRef, PackagesReport } from '#contract';
import { isCancelled } from '#model';
import type { LoadedImage } from '../image/types.ts';
import type { PackagesWanted } from '../packages/package-report.ts';
import type { ImagePackages } from '../packages/packages-of.ts';
import type { OpenArchive } from './open-archive.ts';

/** A page of packages; `layer`: the top layer to read. */
type PackagesQuery = PackagesWanted & { readonly layer: number };

/** Answers questions about packages. What was read of an image is kept as long as the image is loaded. */
export interface PackageQueries {
  /** Throws NOT_FOUND, CANCELLED, IO. */
  packages(ref: ImageRef, query: PackagesQuery, signal: AbortSignal): Promise<PackagesReport>;
}

export function createPackageQueries(find: (archiveId: string) => OpenArchive): PackageQueries {
  const kept = new WeakMap<LoadedImage, Map<number, Promise<ImagePackages>>>();

  const read = async (loaded: LoadedImage, layer: number, signal: AbortSignal): Promise<ImagePackages> => {
    const byLayer = kept.get(loaded) ?? new Map<number, Promise<ImagePackages>>();
    kept.set(loaded, byLayer);
    const known = byLayer.get(layer);
    if (known !== undefined) {
      try {
        return await known;
      } catch (error) {
        // The reading was started by another query, which was then cancelled.
        if (signal.aborted || !isCancelled(error)) throw error;
        return read(loaded, layer, signal);
      }
    }
    const { packagesOf } = await import('../packages/packages-of.ts');
    const reading = packagesOf(loaded, { layer, signal });
    // The views at the bottom layers are rarely asked for again.
    if (byLayer.size >= MAX_KEPT) byLayer.clear();
    byLayer.set(layer, reading);
    reading.catch(() => {
      if (byLayer.get(layer) === reading) byLayer.delete(layer);
    });
    return reading;
  };

  return {
    packages: async ({ archiveId, image }, { layer, ...wanted }, signal) => {
      const open = find(archiveId);
      const loaded = open.loaded(image, layer);
      return open.use(signal, async (use) => {
        const { packagesReport } = await import('../packages/package-report.ts');
        return packagesReport(await read(loaded, layer, use), wanted);
      });
    },
  };
}

/** Maximum number of layers whose views are kept for an image. */
const MAX_KEPT = 4;
