// `npm run bench:catalog`: measures a catalog of 1,000 images that share four of their five layers: the time of indexing, compared with
// `inspect` of the distinct layers; the times of indexing again and of each question; and the size of the files. LAYERSCOPE_BENCH_RUNS:
// runs of each. The images are made once, in out/bench, and take 2 GB. There is no pass/fail limit.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CatalogFolder, CatalogReader, duckSql, loadDuckDb, questionValues, readQuestions } from '#catalog';
import { buildIfStale } from '../../scripts/stale.ts';
import { FLEET, makeFleet } from './catalog-images.ts';
import { median, pair, peakMemory, type Run } from './measure.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const cli = path.join(root, 'dist', 'cli.js');
const RUNS = Number(process.env.LAYERSCOPE_BENCH_RUNS ?? 3);

function row(what: string, value: string, aim: string): void {
  console.log(`${what.padEnd(72)} ${value.padStart(28)}   aim ${aim}`);
}

function sizeOf(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
}

buildIfStale('current');
const bench = path.join(root, 'out', 'bench');
mkdirSync(bench, { recursive: true });
const fleet = makeFleet(bench);
const home = mkdtempSync(path.join(tmpdir(), 'layerscope-bench-'));
const to = path.join(home, 'catalog');
const cache = path.join(home, 'cache');
try {
  const env = { LAYERSCOPE_CACHE: cache };
  const inspect: Run = { args: [cli, 'inspect', fleet.distinct, '--json', '--no-cache'], env };
  const indexAgain: Run = { args: [cli, 'catalog', 'index', fleet.images, '--to', to, '--no-cache'], env };
  // The previous run's output is set aside, not removed. ext4 doesn't reuse the inodes of files that were just removed, and skipping
  // thousands of them takes ten times as long as creating a file.
  let runs = 0;
  const setAside = (): void => {
    if (existsSync(to)) renameSync(to, `${to}-${runs++}`);
  };
  const index: Run = { ...indexAgain, before: setAside };
  const first = pair(inspect, index, RUNS);
  row(
    `index ${FLEET.images} images, speed against inspect of their ${fleet.layers} layers`,
    `${first.b.toFixed(1)} s, ${first.ratio.toFixed(2)}`,
    '0.8',
  );
  const again = pair(indexAgain, index, RUNS);
  row('index them again, against the first time', `${again.a.toFixed(2)} s, ${again.ratio.toFixed(3)}`, '0.02');
  row('peak memory of index', `${(peakMemory(index, 1) / 2 ** 20).toFixed(0)} MiB`, '–');
  row('bytes of entries in Parquet', `${(sizeOf(path.join(to, 'entries')) / fleet.entries).toFixed(1)} per entry`, '25');
  const tables = readdirSync(to).filter((name) => statSync(path.join(to, name)).isDirectory());
  const bytes = tables.reduce((sum, name) => sum + sizeOf(path.join(to, name)), 0);
  row('bytes of the catalog', `${(bytes / FLEET.images / 1024).toFixed(1)} KiB per image`, '–');

  const duck = loadDuckDb(home);
  const folder = CatalogFolder.open(to);
  const opened = async (): Promise<number> => {
    const start = performance.now();
    using _ = await CatalogReader.open(duck, folder, { cache });
    return performance.now() - start;
  };
  row('the first question: packing the tables', `${((await opened()) / 1000).toFixed(2)} s`, '–');
  row('opening the catalog for each further question', `${(await opened()).toFixed(0)} ms`, '1000 ms');
  using reader = await CatalogReader.open(duck, folder, { cache });
  const values = new Map(
    Object.entries({
      path: '/usr/lib/base-3-1/part-0/alpha-0.txt',
      name: 'libalpha0',
      content: '0123456789abcdef',
      repository: 'registry.example/team-3/app',
    }),
  );
  for (const question of readQuestions(path.join(root, 'src', 'catalog', 'questions'))) {
    const given = new Map([...values].filter(([name]) => question.parameters.some((parameter) => parameter.name === name)));
    const times: number[] = [];
    let rows = 0;
    for (let run = 0; run < RUNS; run++) {
      rows = 0;
      const start = performance.now();
      for await (const part of reader.query(duckSql(question.sql), questionValues(question, given))) rows += part.rows.length;
      times.push(performance.now() - start);
    }
    row(`${question.name}: ${rows} rows`, `${median(times).toFixed(0)} ms`, '1000 ms');
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
