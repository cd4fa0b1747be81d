// Jobs that read one image. Each kind of job runs once at a time for an image; later requests join the running job.
import type { ImageRef } from '#contract';
import { LayerscopeError } from '#model';
import { findRewritten } from '../read/find-rewritten.ts';
import { weighEvery } from '../slim/what-if-reports.ts';
import type { JobContext, Jobs } from './jobs.ts';
import type { OpenArchive } from './open-archive.ts';
import { type LayerReading, readLayers } from './read-layers.ts';

export interface ImageJobsOptions extends LayerReading {
  readonly jobs: Jobs;
  /** Finds an open archive. Throws NOT_FOUND. */
  readonly find: (archiveId: string) => OpenArchive;
}

/** Each method returns the id of the job that it starts or joins. Throws NOT_FOUND. */
export interface ImageJobs {
  /** Reads the layers of an image. */
  load(ref: ImageRef): string;
  /** Like `load`, and checks every digest. */
  verify(ref: ImageRef): string;
  /** Like `load`, and searches all files for secrets. */
  scan(ref: ImageRef): string;
  /** Looks for files that a layer rewrites with identical bytes; `waste` then includes them. */
  findRewritten(ref: ImageRef): string;
  /** Packs the layers that the image's what-ifs would have; `waste` then includes their stored sizes. */
  weigh(ref: ImageRef): string;
}

export function createImageJobs(options: ImageJobsOptions): ImageJobs {
  const { jobs, find } = options;
  /** Running job by archive, image and kind. */
  const running = new Map<string, string>();

  const startOrJoin = (
    kind: 'load' | 'verify' | 'scan' | 'rewritten' | 'weigh',
    { archiveId, image }: ImageRef,
    work: (context: JobContext) => Promise<void>,
  ): string => {
    const key = `${archiveId}/${image}/${kind}`;
    const known = running.get(key);
    if (known !== undefined) return known;
    const jobId = jobs.start({ kind, title: find(archiveId).summary().title, archiveId, image }, work);
    running.set(key, jobId);
    void jobs.ended(jobId).then(() => running.delete(key));
    return jobId;
  };

  const read = (kind: 'load' | 'verify' | 'scan', ref: ImageRef): string => {
    const open = find(ref.archiveId);
    if (open.archive.images[ref.image] === undefined) throw new LayerscopeError('NOT_FOUND', `no image ${ref.image}`);
    return startOrJoin(kind, ref, async (context) => {
      if (kind === 'load' && open.isLoaded(ref.image)) return;
      await readLayers(options, open, ref.image, { kind, context });
    });
  };

  return {
    load: (ref) => read('load', ref),
    verify: (ref) => read('verify', ref),
    scan: (ref) => read('scan', ref),
    findRewritten(ref) {
      const open = find(ref.archiveId);
      const loaded = open.loaded(ref.image);
      const count = loaded.image.layers.length;
      return startOrJoin('rewritten', ref, ({ signal, report }) =>
        open.use(signal, async (use) => {
          const onLayer = (layer: number) => report({ phase: `comparing layer ${layer + 1} of ${count} with those below` });
          const onBytes = (doneBytes: number) => report({ doneBytes });
          open.setRewritten(ref.image, await findRewritten(loaded, { signal: use, onLayer, onBytes }));
        }),
      );
    },
    weigh(ref) {
      const open = find(ref.archiveId);
      const loaded = open.loaded(ref.image);
      return startOrJoin('weigh', ref, ({ signal, report }) =>
        open.use(signal, (use) =>
          weighEvery(loaded, open.weights(ref.image), {
            signal: use,
            onWhatIf: (index, count) => report({ phase: `packing ${index + 1} of ${count}` }),
            onBytes: (doneBytes, totalBytes) => report({ doneBytes, totalBytes }),
            onWeight: (text, weight) => open.setWeight(ref.image, text, weight),
          }),
        ),
      );
    },
  };
}
