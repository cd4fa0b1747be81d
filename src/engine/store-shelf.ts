import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ImageRef, StoreReport } from '#contract';
import { type GraphDriver, openDriver } from '#driver';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';
import type { Jobs } from './jobs.ts';
import type { Library } from './library.ts';
import { importArchive, openStored } from './stored-images.ts';

/** The user's store of images, as the window has it. Nothing is made on disk before something is taken in. */
export interface StoreShelf {
  /** What is in it now; other programs may change it. What can't be read is its `problem`. */
  report(): Promise<StoreReport>;
  /** Starts a job that opens an image of the store as an archive of the library. */
  open(name: string): string;
  /** Starts a job that takes an image of an open archive in, with its names. */
  take(ref: ImageRef): string;
  /** Takes a name away, and what nothing else needs. Throws NOT_FOUND; EXISTS where a layer stands on it. */
  remove(name: string): Promise<void>;
}

export interface StoreShelfOptions {
  readonly home: string;
  readonly library: Library;
  readonly jobs: Jobs;
}

export function createStoreShelf({ home, library, jobs }: StoreShelfOptions): StoreShelf {
  let opened: Promise<GraphDriver> | null = null;
  const driver = (): Promise<GraphDriver> => {
    opened ??= openDriver('portable', home).catch((error: unknown) => {
      opened = null; // looked at again the next time
      throw error;
    });
    return opened;
  };
  const isThere = (): boolean => existsSync(path.join(home, 'oci-layout'));

  return {
    async report() {
      const common = { driver: 'portable', home: displayText(home) } as const;
      const empty = { ...common, images: [], layers: 0, sizeBytes: 0, problem: null };
      if (!isThere()) return empty;
      try {
        const known = await driver();
        const images = (await known.images?.list()) ?? [];
        const layers = await known.list();
        return {
          ...common,
          images: images.map(({ names, platform, manifestDigest, layers: own, sizeBytes, problem }) => ({
            name: names[0] ?? manifestDigest,
            names: names.map(displayText),
            platform: displayText(platform),
            layers: own.length,
            sizeBytes,
            problem: problem === null ? null : displayText(problem),
          })),
          layers: layers.length,
          sizeBytes: sumOnce(images.flatMap(({ root }) => root.blobs.map(({ digest, source }) => [digest, source.length] as const))),
          problem: null,
        };
      } catch (error) {
        const { code, message } = asLayerscopeError(error);
        if (code === 'INTERNAL') throw error;
        return { ...empty, problem: displayText(message) };
      }
    },
    open(name) {
      if (!isThere()) throw new LayerscopeError('NOT_FOUND', `no image ${displayText(name)} in the store`);
      let folder: string | null = null;
      return library.open({
        path: home,
        title: `store:${name}`,
        read: async (reader, options) => {
          folder = await mkdtemp(path.join(tmpdir(), 'layerscope-store-'));
          return openStored(reader, await driver(), name, folder, options);
        },
        release: async () => {
          if (folder !== null) await rm(folder, { recursive: true, force: true });
        },
      });
    },
    take({ archiveId, image }) {
      const { title, images } = library.summary(archiveId);
      const known = images.find(({ index }) => index === image);
      if (known === undefined) throw new LayerscopeError('NOT_FOUND', `no image ${image}`);
      const totalBytes = known.layers.reduce((sum, { blobBytes }) => sum + blobBytes, 0);
      return jobs.start({ kind: 'import', title: known.names[0] ?? title, archiveId, image }, async ({ signal, report }) => {
        report({ phase: 'taking it into the store', totalBytes });
        let doneBytes = 0;
        const onProgress = (bytes: number): void => {
          doneBytes += bytes;
          report({ doneBytes: Math.min(doneBytes, totalBytes) });
        };
        const to = await driver();
        await library.withArchive(archiveId, signal, (archive, use) =>
          importArchive(to, archive, { image: String(image) }, { signal: use, onProgress }),
        );
      });
    },
    async remove(name) {
      if (!isThere()) throw new LayerscopeError('NOT_FOUND', `no image ${displayText(name)} in the store`);
      await (await driver()).images?.remove(name);
    },
  };
}

/** Sums of what several images share count once. */
function sumOnce(sizes: readonly (readonly [digest: string, bytes: number])[]): number {
  let sum = 0;
  for (const bytes of new Map(sizes).values()) sum += bytes;
  return sum;
}
