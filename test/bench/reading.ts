// `npm run bench:reading`: measures how fast images are read, compared with baselines. The program and a baseline take turns, as whole
// processes; the figures are median ratios. First makes its images in out/bench (some 4 GB of disk). LAYERSCOPE_DIVE: a dive executable to
// compare with; LAYERSCOPE_BENCH_BIG=1: ten million entries too (12 GB more). Prints the figures next to our targets; there is no pass/fail
// limit.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { buildIfStale } from '../../scripts/stale.ts';
import { benchImage } from './images.ts';
import { forgetImages, pair, peakMemory, type Run } from './measure.ts';
import { previewTimes } from './preview.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const cli = path.join(root, 'dist', 'cli.js');
const cache = mkdtempSync(path.join(tmpdir(), 'layerscope-bench-cache-'));
const env = { LAYERSCOPE_CACHE: cache };
const RUNS = Number(process.env.LAYERSCOPE_BENCH_RUNS ?? 5);

function row(what: string, value: string, aim: string): void {
  console.log(`${what.padEnd(72)} ${value.padStart(24)}   aim ${aim}`);
}

function seconds(value: number): string {
  return `${value.toFixed(3)} s`;
}

function inspect(file: string, ...options: string[]): Run {
  return { args: [cli, 'inspect', file, '--json', ...options], env };
}

function cold(file: string, ...options: string[]): Run {
  return { ...inspect(file, ...options), before: () => forgetImages(cache) };
}

function entriesOf(file: string): number {
  const { stdout } = spawnSync(process.execPath, [cli, 'inspect', file, '--json', '--no-cache'], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const report = JSON.parse(stdout) as { images: { layers: { entries: number }[] }[] };
  return report.images[0]?.layers.reduce((sum, layer) => sum + layer.entries, 0) ?? 0;
}

/**
 * Times one analysis of the big image by dive, which also hashes every body. Exit code 1 is accepted, because the image may break dive's
 * own rules.
 */
function diveSeconds(dive: string): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(dive, ['--source', 'docker-archive', big.plain, '--ci'], { stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0 && status !== 1) throw new Error(`dive: exit ${status}: ${stderr}`);
  const seconds = (performance.now() - start) / 1000;
  console.log(`dive --ci on it: ${seconds.toFixed(1)} s`);
  return seconds;
}

buildIfStale('current');
const big = benchImage({ name: 'eighty', layers: 6, files: 81_000, meanBytes: 14_600, filesInFolder: 20 }, true);
const hundred = benchImage({ name: 'hundred', layers: 6, files: 96_000, meanBytes: 10, filesInFolder: 20 }, false);
const million = benchImage({ name: 'million', layers: 6, files: 960_000, meanBytes: 10, filesInFolder: 20 }, false);
console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, ${(totalmem() / 1e9).toFixed(0)} GB, Node ${process.version}\n`,
);

try {
  const bare: Run = { args: [path.join(import.meta.dirname, 'header-loop.ts'), big.plain] };
  const first = pair(cold(big.plain), bare, RUNS);
  row(
    'inspect, plain docker-archive, first time ÷ header loop, 64 kB window',
    `${seconds(first.a)} = ${first.ratio.toFixed(2)} ×`,
    '≤ 1.9 ×',
  );
  const noCache = pair(inspect(big.plain, '--no-cache'), bare, RUNS);
  row('the same with --no-cache', `${seconds(noCache.a)} = ${noCache.ratio.toFixed(2)} ×`, '≤ 1.9 ×');
  const warm = pair(inspect(big.plain), cold(big.plain), RUNS);
  row('reopened with a warm index ÷ first time', `${seconds(warm.a)} = ${warm.ratio.toFixed(2)} ×`, '≤ 1 ×');
  const verify = pair(inspect(big.plain, '--verify', '--no-cache'), bare, Math.min(RUNS, 3));
  const dive = process.env.LAYERSCOPE_DIVE;
  row(
    'inspect --verify of the same (every byte hashed) ÷ dive --ci',
    dive === undefined ? `${seconds(verify.a)}, no dive` : `${seconds(verify.a)} = ${(verify.a / diveSeconds(dive)).toFixed(3)} ×`,
    '≤ 0.3 ×',
  );

  const workers = String(availableParallelism());
  const inflate: Run = { args: [path.join(import.meta.dirname, 'inflate.ts'), workers, ...big.layers] };
  const gzip = pair(cold(big.gzip), inflate, RUNS);
  row(
    'inspect, gzip layers, first time ÷ node:zlib alone on as many workers',
    `${seconds(gzip.a)} = ${gzip.ratio.toFixed(2)} ×`,
    '≤ 1.25 ×',
  );
  const gzipWarm = pair(inspect(big.gzip), inflate, Math.min(RUNS, 3));
  row('the same reopened ÷ first time', `${seconds(gzipWarm.a)} = ${(gzipWarm.a / gzip.a).toFixed(3)} ×`, '≤ 0.1 ×');

  const idle = peakMemory({ args: ['-e', '0'] }, 3);
  const peak = peakMemory(inspect(million.plain, '--no-cache'), 3);
  const peakCached = peakMemory(cold(million.plain), 3);
  const entries = entriesOf(million.plain);
  row('peak memory over an idle process, a million entries', `${((peak - idle) / entries).toFixed(0)} bytes an entry`, '≤ 110');
  row('the same, writing the index cache', `${((peakCached - idle) / entries).toFixed(0)} bytes an entry`, '≤ 110');
  const growth = pair(inspect(million.plain, '--no-cache'), inspect(hundred.plain, '--no-cache'), RUNS);
  row(
    'time per entry at a million ÷ at 100,000',
    `${seconds(growth.a)} = ${((growth.ratio * entriesOf(hundred.plain)) / entries).toFixed(2)} ×`,
    '≤ 1 ×',
  );

  if (process.env.LAYERSCOPE_BENCH_BIG === '1') {
    const tenMillion = benchImage({ name: 'ten-million', layers: 6, files: 9_600_000, meanBytes: 0, filesInFolder: 20 }, false);
    const whole = peakMemory(inspect(tenMillion.plain, '--no-cache'), 1);
    const took = pair(inspect(tenMillion.plain, '--no-cache'), inspect(million.plain, '--no-cache'), 1);
    row('peak memory, ten million entries', `${(whole / 1e9).toFixed(2)} GB`, '≤ 1.5 GB');
    const share = (took.ratio * entries) / entriesOf(tenMillion.plain);
    row('time per entry at ten million ÷ at a million', `${seconds(took.a)} = ${share.toFixed(2)} ×`, 'none');
  } else console.log('not run: ten million entries (LAYERSCOPE_BENCH_BIG=1)');

  const preview = await previewTimes(cache);
  const ofInflate = (value: number) => `${seconds(value)} = ${(value / preview.inflate).toFixed(3)} ×`;
  row(
    `first preview, half-way in a gzip layer of ${(preview.blobBytes / 1e6).toFixed(0)} MB ÷ inflating it`,
    ofInflate(preview.first),
    '≤ 0.6 ×',
  );
  row('second preview, of another file ÷ inflating the layer', ofInflate(preview.second), '≤ 0.1 ×');
  row('a preview near its end after a restart ÷ inflating the layer', ofInflate(preview.reopened), '≤ 0.1 ×');
} finally {
  rmSync(cache, { recursive: true, force: true });
}
