// `npm run bench:host [-- IMAGE]`: measures the process that hosts the library while it opens an image of gzip layers (1.24 GB unpacked):
// the delay of its event loop, the time to the first page of changes, and whether its memory stays flat while layers are browsed. Prints
// the figures next to our targets; there is no pass/fail limit. `bench:window` measures the page's memory.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createReader } from '#archive';
import { FIRST_PAGE_ROWS, slicePage } from '#contract';
import { createJobs, createLibrary, createStoreList, createStoreThread } from '#engine';
import { rowPath } from '#model';
import { benchImage } from './images.ts';
import { median } from './measure.ts';

const RUNS = Number(process.env.LAYERSCOPE_BENCH_RUNS ?? 5);
const image = process.argv[2] ?? benchImage({ name: 'eighty', layers: 6, files: 81_000, meanBytes: 14_600, filesInFolder: 20 }, true).gzip;
const { signal } = new AbortController();

function row(what: string, value: string, aim: string): void {
  console.log(`${what.padEnd(64)} ${value.padStart(34)}   aim ${aim}`);
}

const ms = (value: number): string => `${value.toFixed(0)} ms`;
const several = (values: readonly number[]): string => `${ms(median(values))} (${values.map((each) => each.toFixed(0)).join(' ')})`;

async function openOnce(): Promise<{ took: number; latest: number; page: number; flat: readonly number[] }> {
  await using reader = createReader({ cacheFolder: null, workers: cpus().length });
  await using jobs = createJobs();
  await using library = createLibrary({ reader, jobs });
  const delay = monitorEventLoopDelay({ resolution: 2 });
  delay.enable();
  const start = performance.now();
  const job = await jobs.ended(library.open({ path: image, title: 'bench' }));
  const took = performance.now() - start;
  delay.disable();
  if (job.state !== 'done' || job.archiveId === null) throw new Error(job.error?.message ?? job.state);
  const ref = { archiveId: job.archiveId, image: job.image ?? 0 };
  const layers = library.summary(ref.archiveId).images[ref.image]?.layers ?? [];
  const biggest = layers.reduce((best, layer) => (layer.fileBytes > (layers[best]?.fileBytes ?? -1) ? layer.index : best), 0);
  const asked = performance.now();
  slicePage(await library.changes(ref, { from: biggest, to: biggest, signal }), 0, FIRST_PAGE_ROWS);
  const page = performance.now() - asked;

  const flat: number[] = [];
  for (let round = 0; round < 6; round++) {
    for (const { index } of layers) {
      const rows = await library.changes(ref, { from: index, to: index, signal });
      for (let at = 0; at < Math.min(rows.length, 40); at++) {
        const entry = { ...ref, layer: index, path: rowPath(rows, at) };
        await library.details(entry, signal);
      }
      await library.view(ref, { layer: index, signal });
    }
    global.gc?.();
    flat.push(process.memoryUsage().rss / 1e6);
  }
  return { took, latest: delay.max / 1e6, page, flat };
}

/** Imports the open image into a store on the store's thread. Returns the duration and the delay of this thread's event loop. */
async function importOnce(): Promise<{ took: number; latest: number }> {
  const home = mkdtempSync(path.join(tmpdir(), 'layerscope-bench-'));
  try {
    await using reader = createReader({ cacheFolder: null, workers: cpus().length });
    await using jobs = createJobs();
    await using library = createLibrary({ reader, jobs });
    await using thread = createStoreThread();
    const shelf = createStoreList({ home, thread, library, jobs });
    const opened = await jobs.ended(library.open({ path: image, title: 'bench' }));
    if (opened.archiveId === null) throw new Error(opened.error?.message ?? opened.state);
    await shelf.report(); // the thread has started
    const delay = monitorEventLoopDelay({ resolution: 2 });
    delay.enable();
    const start = performance.now();
    const job = await jobs.ended(shelf.importImage('s1', { archiveId: opened.archiveId, image: opened.image ?? 0 }, null));
    const took = performance.now() - start;
    delay.disable();
    if (job.state !== 'done') throw new Error(job.error?.message ?? job.state);
    return { took, latest: delay.max / 1e6 };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}\n${path.basename(image)}\n`);
const runs: Awaited<ReturnType<typeof openOnce>>[] = [];
for (let run = 0; run < RUNS; run++) runs.push(await openOnce());
row('image opened after', several(runs.map(({ took }) => took)), 'none stated');
row('event loop late by at most', several(runs.map(({ latest }) => latest)), '≤ 50 ms');
row('first page of the biggest layer’s changes', several(runs.map(({ page }) => page)), '≤ 150 ms, painted');
for (const [index, megabytes] of (runs.at(-1)?.flat ?? []).entries())
  row(`memory after ${index + 1} rounds over all layers`, `${megabytes.toFixed(0)} MB`, index === 0 ? 'flat from here' : '');
const imports: Awaited<ReturnType<typeof importOnce>>[] = [];
for (let run = 0; run < RUNS; run++) imports.push(await importOnce());
row('image imported after', several(imports.map(({ took }) => took)), 'none stated');
row('event loop late by at most during the import', several(imports.map(({ latest }) => latest)), '≤ 50 ms');
