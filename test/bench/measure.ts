import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Run {
  /** Default: this Node. */
  program?: string;
  args: string[];
  /** Successful exit codes besides 0. */
  alsoGood?: readonly number[];
  env?: Record<string, string>;
  /** Runs before each run, untimed. */
  before?: () => void;
}

/**
 * Removes what a cache folder holds about images. The program's own compiled code stays, because most runs by a user find it cached too.
 */
export function forgetImages(cache: string): void {
  for (const part of ['index', 'spool', 'blobs']) rmSync(path.join(cache, part), { recursive: true, force: true });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function once({ args, program = process.execPath, alsoGood = [], env, before }: Run): number {
  before?.();
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (status !== 0 && !alsoGood.includes(status ?? -1))
    throw new Error(`${path.basename(program)} ${args.slice(0, 3).join(' ')}: exit ${status}: ${stderr}`);
  return seconds;
}

/** Measures median times of whole processes, run A B A B …, after one warm-up run of each; `ratio` is the median of the pairs' ratios. */
export function pair(a: Run, b: Run, runs: number): { a: number; b: number; ratio: number } {
  once(a);
  once(b);
  const times: { a: number; b: number }[] = [];
  for (let i = 0; i < runs; i++) times.push({ a: once(a), b: once(b) });
  return { a: median(times.map((t) => t.a)), b: median(times.map((t) => t.b)), ratio: median(times.map((t) => t.a / t.b)) };
}

/** Measures the median peak resident memory of whole processes, in bytes. */
export function peakMemory(run: Run, runs: number): number {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-bench-'));
  try {
    const file = path.join(folder, 'memory');
    const hook = path.join(import.meta.dirname, 'report-memory.ts');
    const peaks = Array.from({ length: runs }, () => {
      once({ ...run, args: ['--import', hook, ...run.args], env: { ...run.env, LAYERSCOPE_BENCH_MEMORY: file } });
      return Number(readFileSync(file, 'utf8'));
    });
    return median(peaks);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
