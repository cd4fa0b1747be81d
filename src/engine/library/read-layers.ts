import type { ArchiveReader } from '#archive';
import { loadImage } from '../image/load-image.ts';
import type { JobContext } from './jobs.ts';
import type { OpenArchive } from './open-archive.ts';
import { imageKey, type TableCache } from './table-cache.ts';

/** The parts of the library needed to read layers. */
export interface LayerReading {
  readonly reader: ArchiveReader;
  readonly tables: TableCache;
  /** Called when an archive's summary has changed. */
  readonly changed: () => void;
}

export type ReadingKind = 'load' | 'verify' | 'scan';

const PHASES: Readonly<Record<ReadingKind, string>> = { load: 'reading', verify: 'checking', scan: 'searching' };

/**
 * Reads the layers of an image within a job. `verify` checks every digest and `scan` searches all files for secrets, and both read all
 * bytes. Once either was done, reading the layers again repeats it, so that its findings stay. Throws what {@link loadImage} throws.
 */
export async function readLayers(
  { reader, tables, changed }: LayerReading,
  open: OpenArchive,
  image: number,
  { kind, context: { signal, report } }: { readonly kind: ReadingKind; readonly context: JobContext },
): Promise<void> {
  const count = open.archive.images[image]?.layers.length ?? 0;
  let done = 0;
  const phase = (): string => `${PHASES[kind]} layer ${Math.min(done + 1, count)} of ${count}`;
  report({ phase: phase(), doneBytes: 0, totalBytes: null });
  const loaded = await open.use(signal, (use) =>
    loadImage(reader, open.archive, image, {
      verify: kind === 'verify' || open.isVerified(image),
      scan: kind === 'scan' || open.isScanned(image),
      // The window shows secrets separately, so a scan must not change the other findings.
      findsCopies: false,
      sums: 'taken',
      signal: use,
      onProgress: ({ doneBytes, totalBytes }) => report({ phase: phase(), doneBytes, totalBytes }),
      onLayer: (layer, indexed) => {
        done++;
        report({ phase: phase() });
        open.arrive(image, layer.index, indexed);
        changed();
      },
    }),
  );
  open.setLoaded(image, loaded);
  tables.drop(imageKey(open.archiveId, image));
  changed();
}
