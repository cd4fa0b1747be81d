// `npm run bench:real`: compares a real image with the strongest baselines, as whole processes run alternately. Prints medians of pairs and
// of their ratios. LAYERSCOPE_BENCH_REAL: a folder with img.tar, a docker-archive with plain layers, and img-oci.tar, the same image with
// gzip layers. LAYERSCOPE_DIVE: a dive to compare with; LAYERSCOPE_BENCH_WORK: where stores are written (default: the system's temporary
// folder); LAYERSCOPE_BENCH_RUNS: pairs for each row; LAYERSCOPE_BENCH_ROWS: only one of start, read, store. There is no pass/fail limit.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { buildIfStale } from '../../scripts/stale.ts';
import { forgetImages, pair, type Run } from './measure.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const cli = path.join(root, 'dist', 'cli.js');
const folder = process.env.LAYERSCOPE_BENCH_REAL;
if (folder === undefined) {
  console.log('not run: a real image (LAYERSCOPE_BENCH_REAL names no folder with img.tar and img-oci.tar)');
  process.exit();
}
const plain = path.join(folder, 'img.tar');
const gzip = path.join(folder, 'img-oci.tar');
const dive = process.env.LAYERSCOPE_DIVE;
const RUNS = Number(process.env.LAYERSCOPE_BENCH_RUNS ?? 7);
const work = mkdtempSync(path.join(process.env.LAYERSCOPE_BENCH_WORK ?? tmpdir(), 'layerscope-bench-'));
const cache = path.join(work, 'cache');
const env = { LAYERSCOPE_CACHE: cache };

const isWanted = (rows: string): boolean => [rows, undefined, ''].includes(process.env.LAYERSCOPE_BENCH_ROWS);
const hasProgram = (name: string): boolean => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
const ours = (...args: string[]): Run => ({ args: [cli, ...args], env });
const cold = (...args: string[]): Run => ({ ...ours(...args), before: () => forgetImages(cache) });
const shell = (script: string, ...args: string[]): Run => ({ program: '/bin/sh', args: ['-c', script, 'sh', ...args] });

/** Prints one row: our median, the baseline's, and the median ratio of the pairs next to its target. */
function row(what: string, a: Run, against: string, b: Run, target: string, runs = RUNS): void {
  const { a: mine, b: other, ratio } = pair(a, b, runs);
  console.log(
    `${what.padEnd(44)} ${mine.toFixed(3).padStart(7)} s   ${against.padEnd(40)} ${other.toFixed(3).padStart(7)} s   ${ratio.toFixed(3).padStart(6)} ×   target ${target}`,
  );
}

/** Unpacks the archive with gzip layers; returns the paths of its layer blobs, for baselines that take files. */
function layerFiles(): string[] {
  const layout = path.join(work, 'layout');
  mkdirSync(layout, { recursive: true });
  spawnSync('tar', ['-xf', gzip, '-C', layout]);
  return layersOf(layout);
}

/** Returns the paths of a layout's layer blobs. */
function layersOf(layout: string): string[] {
  const json = (digest: string) => JSON.parse(readFileSync(blobOf(layout, digest), 'utf8')) as { layers: { digest: string }[] };
  const index = JSON.parse(readFileSync(path.join(layout, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
  return json(index.manifests[0]?.digest ?? '').layers.map(({ digest }) => blobOf(layout, digest));
}

/** Writes a layout as an archive that dive reads: manifest.json names the same gzip layers. Returns its path. */
function dockerArchiveOf(layout: string): string {
  const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
  const index = read(path.join(layout, 'index.json')) as { manifests: { digest: string }[] };
  const manifest = read(blobOf(layout, index.manifests[0]?.digest ?? '')) as { config: { digest: string }; layers: { digest: string }[] };
  const nameOf = ({ digest }: { digest: string }): string => path.relative(layout, blobOf(layout, digest));
  const listed = [{ Config: nameOf(manifest.config), RepoTags: ['bench:t'], Layers: manifest.layers.map(nameOf) }];
  writeFileSync(path.join(layout, 'manifest.json'), JSON.stringify(listed));
  const target = path.join(work, 'docker-gzip.tar');
  spawnSync('tar', ['-cf', target, '-C', layout, 'blobs', 'index.json', 'manifest.json', 'oci-layout']);
  return target;
}

function blobOf(layout: string, digest: string): string {
  return path.join(layout, 'blobs', ...digest.split(':'));
}

function benchStart(): void {
  const nothing: Run = { args: ['-e', '0'] };
  row('--help', ours('--help'), 'node -e 0', nothing, '≤ 1.5', RUNS * 2);
  for (const [name, args] of [
    ['inspect, gzip, known', ['inspect', gzip, '--json']],
    ['inspect, plain, known', ['inspect', plain, '--json']],
    ['changes of layer 1, known', ['changes', gzip, '--layer', '1']],
    ['ls, known', ['ls', gzip]],
    ['cat of a file, known', ['cat', gzip, '/etc/os-release']],
  ] as const) {
    row(name, ours(...args), '--help', ours('--help'), '≤ 2');
  }
}

function benchRead(): void {
  const layers = layerFiles();
  const loop: Run = { args: [path.join(import.meta.dirname, 'header-loop.ts'), plain] };
  const diving: Run | null =
    dive === undefined ? null : { program: dive, args: ['--source', 'docker-archive', plain, '--ci'], alsoGood: [1] };
  row('inspect, plain, first time', cold('inspect', plain, '--json'), 'header loop, 64 kB window', loop, '≤ 1.9');
  row('the same, --no-cache', ours('inspect', plain, '--json', '--no-cache'), 'header loop, 64 kB window', loop, '≤ 1.9');
  if (diving === null) console.log('not run: dive (LAYERSCOPE_DIVE names none)');
  else {
    row('inspect, plain, first time', cold('inspect', plain, '--json'), 'dive --ci', diving, '≤ 0.085', Math.min(RUNS, 5));
    row('inspect --verify', ours('inspect', plain, '--verify', '--json', '--no-cache'), 'dive --ci', diving, '≤ 0.3', Math.min(RUNS, 5));
    const packed = dockerArchiveOf(path.join(work, 'layout'));
    const divingGzip: Run = { ...diving, args: ['--source', 'docker-archive', packed, '--ci'] };
    row('inspect, gzip, first time', cold('inspect', packed, '--json'), 'dive --ci', divingGzip, '≤ 0.33', Math.min(RUNS, 5));
  }
  const workers = String(availableParallelism());
  const hash: Run = { args: [path.join(import.meta.dirname, 'hash.ts'), workers, plain] };
  row('inspect --scan', ours('inspect', plain, '--scan', '--json', '--no-cache'), `SHA-256 alone, ${workers} workers`, hash, '≤ 1.5');
  const inflate: Run = { args: [path.join(import.meta.dirname, 'inflate.ts'), workers, ...layers] };
  row('inspect, gzip, first time', cold('inspect', gzip, '--json'), `node:zlib alone, ${workers} workers`, inflate, '≤ 1.25');
  benchZstd(workers);
  row('ls, plain, first time', cold('ls', plain), 'inspect, plain', cold('inspect', plain, '--json'), '≤ 1.3');
  row('changes of layer 1, plain', cold('changes', plain, '--layer', '1'), 'inspect, plain', cold('inspect', plain, '--json'), '≤ 1.3');
  const both = shell(`"$1" "$2" ls "$3" >/dev/null && "$1" "$2" ls "$4" >/dev/null`, process.execPath, cli, plain, gzip);
  row('diff --no-content, both known', ours('diff', plain, gzip, '--no-content'), 'ls of both', { ...both, env }, '≤ 2');
}

/** Compares reading the same image with zstd layers. skopeo packs them first. */
function benchZstd(workers: string): void {
  const layout = path.join(work, 'zstd');
  const packed = path.join(work, 'zstd.tar');
  const args = ['copy', '-q', '--dest-compress-format', 'zstd', `docker-archive:${plain}`, `oci:${layout}:t`];
  const { status, stderr, error } = spawnSync('skopeo', args, { encoding: 'utf8' });
  if (status !== 0) {
    console.log(`not run: zstd layers (skopeo: ${error?.message ?? stderr.trim()})`);
    return;
  }
  spawnSync('tar', ['-cf', packed, '-C', layout, '.']);
  const unpack: Run = { args: [path.join(import.meta.dirname, 'inflate.ts'), workers, ...layersOf(layout)] };
  row('inspect, zstd, first time', cold('inspect', packed, '--json'), `node:zlib alone, ${workers} workers`, unpack, '≤ 1.25');
}

function benchStore(): void {
  const home = path.join(work, 'home');
  const target = path.join(work, 'target');
  const emptied = (run: Run): Run => ({
    ...run,
    before: () => {
      rmSync(home, { recursive: true, force: true });
      rmSync(target, { recursive: true, force: true });
      spawnSync('sync');
    },
  });
  const store = (...args: string[]): Run => ours('store', ...args, '--home', home);
  if (!hasProgram('skopeo')) console.log('not run: skopeo (not installed)');
  else {
    const copy: Run = { program: 'skopeo', args: ['copy', '-q', `oci-archive:${gzip}`, `oci:${target}:t`] };
    row('store import, gzip', emptied(store('import', gzip)), 'skopeo copy to an OCI layout', emptied(copy), '≤ 1');
  }
  rmSync(home, { recursive: true, force: true });
  spawnSync(process.execPath, [cli, 'store', 'import', gzip, '--name', 'bench:t', '--home', home]);
  const out = path.join(work, 'out.tar');
  const fresh = (run: Run): Run => ({
    ...run,
    before: () => {
      rmSync(out, { force: true });
      spawnSync('sync');
    },
  });
  const cat = shell('cat "$1" >"$2" && sync "$2"', gzip, out);
  row('store export', fresh(store('export', 'bench:t', '--to', out, '--format', 'oci-archive')), 'cat and sync', fresh(cat), '≤ 1.25');
  benchMount(store, target, layerFiles());
}

/**
 * Compares a mount with a baseline: tar unpacks the same layers over each other, with owners, modes and times, but applies no whiteouts.
 */
function benchMount(store: (...args: string[]) => Run, target: string, layers: readonly string[]): void {
  const untar = shell(`t=$1; shift; for l; do tar -xpf "$l" --same-owner --numeric-owner -C "$t" || exit; done`, target, ...layers);
  const mount: Run = {
    ...store('mount', 'bench:t', '--as-is'),
    before: () => {
      spawnSync(process.execPath, store('cleanup').args);
      rmSync(target, { recursive: true, force: true });
      spawnSync('sync');
    },
  };
  const emptiedTarget: Run = {
    ...untar,
    before: () => {
      rmSync(target, { recursive: true, force: true });
      mkdirSync(target);
      spawnSync('sync');
    },
  };
  row('store mount', mount, 'tar -x of each layer', emptiedTarget, '≤ 1', Math.min(RUNS, 3));
}

buildIfStale('current');
for (const file of [plain, gzip]) if (!existsSync(file)) throw new Error(`${file} is missing`);
console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, ${(totalmem() / 1e9).toFixed(0)} GB, Node ${process.version}`,
);
console.log(`${(statSync(plain).size / 1e6).toFixed(0)} MB plain, ${(statSync(gzip).size / 1e6).toFixed(0)} MB with gzip layers\n`);
try {
  // Fills the cache for the rows that measure known images.
  for (const file of [plain, gzip])
    spawnSync(process.execPath, [cli, 'inspect', file, '--json'], { env: { ...process.env, ...env }, maxBuffer: 1 << 28 });
  if (isWanted('start')) benchStart();
  if (isWanted('read')) benchRead();
  if (isWanted('store')) benchStore();
} finally {
  rmSync(work, { recursive: true, force: true });
}
