// `npm run bench:store`: compares the portable store with tar and cat, as whole processes; prints medians of pairs. First makes a layer of
// 70,000 files in out/bench. Prints the figures next to our targets; there is no pass/fail limit. Run it as root: only root can set owners.
// LAYERSCOPE_BENCH_WORK: where both sides write (a disk, or memory: `/dev/shm`); LAYERSCOPE_BENCH_RUNS: pairs for each row;
// LAYERSCOPE_BENCH_ROWS: only one of import, export, mount.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildIfStale } from '../../scripts/stale.ts';
import { benchFolder, benchImage } from './images.ts';
import { pair, type Run } from './measure.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const cli = path.join(root, 'dist', 'cli.js');
const RUNS = Number(process.env.LAYERSCOPE_BENCH_RUNS ?? 5);
const isWanted = (rows: string): boolean => [rows, undefined, ''].includes(process.env.LAYERSCOPE_BENCH_ROWS);

/** Returns the only layer of an image as a tar, plain and gzip. */
function layerOf(): { readonly plain: string; readonly gzip: string } {
  const image = benchImage({ name: 'seventy', layers: 1, files: 70_000, meanBytes: 8_000, filesInFolder: 20 }, false);
  const plain = path.join(benchFolder, 'seventy.layer.tar');
  const gzip = `${plain}.gz`;
  if (!existsSync(plain)) {
    spawnSync('tar', ['-xf', image.plain, '-C', benchFolder, '--wildcards', '*.tar', '--transform', 's,.*,seventy.layer.tar,'], {
      stdio: 'inherit',
    });
  }
  if (!existsSync(gzip)) writeFileSync(gzip, gzipSync(readFileSync(plain), { level: 6 }));
  return { plain, gzip };
}

function row(what: string, { a, b, ratio }: { a: number; b: number; ratio: number }, aim: string): void {
  console.log(`${what.padEnd(60)} ${a.toFixed(3)} s, ${b.toFixed(3)} s, speed ${(1 / ratio).toFixed(2)} ×   aim ${aim}`);
}

buildIfStale('current');
const layer = layerOf();
const work = mkdtempSync(path.join(process.env.LAYERSCOPE_BENCH_WORK ?? benchFolder, 'layerscope-store-'));
const home = path.join(work, 'home');
const target = path.join(work, 'target');
console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`);
console.log(
  `a layer of 70,000 files, ${(statSync(layer.plain).size / 1e6).toFixed(0)} MB plain, ${(statSync(layer.gzip).size / 1e6).toFixed(0)} MB gzip\n`,
);

function store(...args: string[]): string[] {
  return [cli, 'store', ...args, '--home', home];
}

/** Returns a system command, run like the Node.js processes. */
function system(...command: string[]): Run {
  const script = `const r=require('child_process').spawnSync(${JSON.stringify(command[0])},${JSON.stringify(command.slice(1))},{stdio:['ignore','ignore','inherit']});process.exit(r.status??1)`;
  return { args: ['-e', script] };
}

function emptied(run: Run): Run {
  return {
    ...run,
    before: () => {
      rmSync(home, { recursive: true, force: true });
      rmSync(target, { recursive: true, force: true });
      mkdirSync(target);
      spawnSync('sync');
    },
  };
}

try {
  for (const [name, file] of isWanted('import') ? Object.entries(layer) : []) {
    const untar = emptied(system('tar', '-x', '--same-owner', '-p', '--numeric-owner', '-f', file, '-C', target));
    row(`import of the layer, ${name}; tar -x`, pair(emptied({ args: store('import', file) }), untar, RUNS), '≥ 0.8 ×');
  }
  for (const [name, file] of isWanted('export') ? Object.entries(layer) : []) {
    importLayer(file);
    const out = path.join(work, 'out');
    const fresh = (run: Run): Run => ({
      ...run,
      before: () => {
        rmSync(out, { force: true });
        spawnSync('sync');
      },
    });
    // An export ends when the file is on disk and its digest is checked. cat needs sync to write the file to the disk, and never checks a
    // digest.
    const durable = fresh(system('sh', '-c', `cat "${file}" > "${out}" && sync "${out}"`));
    row(
      `export of the layer, ${name}; cat and sync`,
      pair(fresh({ args: store('export', 'layer', '--to', out) }), durable, RUNS),
      '≥ 0.8 ×',
    );
    const cat = fresh(system('sh', '-c', `cat "${file}" > "${out}"`));
    row(
      `export of the layer, ${name}; cat, nothing synced`,
      pair(fresh({ args: store('export', 'layer', '--to', out) }), cat, RUNS),
      'none stated',
    );
  }
  if (isWanted('mount')) benchMount();
} finally {
  rmSync(work, { recursive: true, force: true });
}

function importLayer(file: string): void {
  emptied({ args: [] }).before?.();
  const { status, stderr } = spawnSync(process.execPath, store('import', file, '--id', 'layer'), { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

function benchMount(): void {
  importLayer(layer.gzip);
  const mounted = pair(
    {
      args: store('mount', 'layer'),
      before: () => {
        spawnSync(process.execPath, store('cleanup'));
        spawnSync('sync');
      },
    },
    emptiedTarget(system('tar', '-x', '--same-owner', '-p', '--numeric-owner', '-f', layer.gzip, '-C', target)),
    Math.min(RUNS, 3),
  );
  row('mount of the layer, gzip; tar -x', mounted, 'none stated');
}

function emptiedTarget(run: Run): Run {
  return {
    ...run,
    before: () => {
      rmSync(target, { recursive: true, force: true });
      mkdirSync(target);
      spawnSync('sync');
    },
  };
}
