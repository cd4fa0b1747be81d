import type { ImageRef, PackageDifferencesReport, PackagesReport, ViewRef } from '#contract';
import { isCancelled } from '#model';
import type { LoadedImage } from '../image/types.ts';
import type { DifferencesWanted } from '../packages/difference-report.ts';
import type { PackagesWanted } from '../packages/package-report.ts';
import type { ImagePackages } from '../packages/packages-of.ts';
import { viewOf } from '../read/compare-images.ts';
import { withImage } from './image-queries.ts';
import type { OpenArchive } from './open-archive.ts';

/** A request for a page of packages; `layer` is the top layer to read. */
type PackagesQuery = PackagesWanted & { readonly layer: number };

/** The layers that a view shows: all up to `layer`, or only `since` to `layer`. */
type Part = Pick<ViewRef, 'layer' | 'since'>;

/** Answers queries about packages. The packages of a few views of an image are kept as long as the image is loaded. */
export interface PackageQueries {
  /** Throws NOT_FOUND, CANCELLED, IO. */
  packages(ref: ImageRef, query: PackagesQuery, signal: AbortSignal): Promise<PackagesReport>;
  /**
   * Lists the packages that differ between `a` and `b`. Throws NOT_FOUND, BAD_REQUEST if a side's `since` is above its `layer`, CANCELLED,
   * IO.
   */
  comparePackages(a: ViewRef, b: ViewRef, wanted: DifferencesWanted, signal: AbortSignal): Promise<PackageDifferencesReport>;
}

export function createPackageQueries(find: (archiveId: string) => OpenArchive): PackageQueries {
  const kept = new WeakMap<LoadedImage, Map<string, Promise<ImagePackages>>>();

  const read = async (loaded: LoadedImage, view: Part, signal: AbortSignal): Promise<ImagePackages> => {
    const byPart = kept.get(loaded) ?? new Map<string, Promise<ImagePackages>>();
    kept.set(loaded, byPart);
    const key = `${view.since ?? 0}-${view.layer}`;
    const known = byPart.get(key);
    if (known !== undefined) {
      try {
        return await known;
      } catch (error) {
        // If another query started the read and was then cancelled, this one starts it again.
        if (signal.aborted || !isCancelled(error)) throw error;
        return read(loaded, view, signal);
      }
    }
    const { packagesOf } = await import('../packages/packages-of.ts');
    const reading = packagesOf(viewOf(loaded, view).loaded, { layer: view.layer, signal });
    // Dropping all kept views at once costs little, because earlier views are rarely requested again.
    if (byPart.size >= MAX_KEPT) byPart.clear();
    byPart.set(key, reading);
    reading.catch(() => {
      if (byPart.get(key) === reading) byPart.delete(key);
    });
    return reading;
  };

  return {
    packages: async ({ archiveId, image }, { layer, ...wanted }, signal) => {
      const open = find(archiveId);
      const loaded = open.loaded(image, layer);
      return open.use(signal, async (use) => {
        const { packagesReport } = await import('../packages/package-report.ts');
        return packagesReport(await read(loaded, { layer }, use), wanted);
      });
    },
    comparePackages: (a, b, wanted, signal) =>
      withImage(find, b, [b.layer], signal, (side, use) =>
        withImage(find, a, [a.layer], use, async (base, both) => {
          const { packageDifferences } = await import('../packages/difference-report.ts');
          return packageDifferences(await read(base, a, both), await read(side, b, both), wanted);
        }),
      ),
  };
}

/** Maximum number of views kept for an image. */
const MAX_KEPT = 4;
