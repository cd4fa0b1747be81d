import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);

/**
 * Runs test files, given by path or glob, with Node's runner; returns the exit code. Runs one more file at a time than there are
 * processors, because tests often wait for a program or a disk. Node's compile cache is kept in `out/`. Failed tests are also written to
 * the file named by LAYERSCOPE_FAILURES, if set.
 */
export function runTestFiles(patterns: readonly string[]): number {
  const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout'];
  const failures = process.env.LAYERSCOPE_FAILURES;
  if (failures !== undefined)
    reporters.push(`--test-reporter=${path.join(import.meta.dirname, 'failures.ts')}`, `--test-reporter-destination=${failures}`);
  const args = ['--test', ...reporters, `--test-concurrency=${availableParallelism() + 1}`, ...patterns];
  const env = { NODE_COMPILE_CACHE: path.join(root, 'out', 'compile-cache'), ...process.env };
  return spawnSync(process.execPath, args, { stdio: 'inherit', cwd: root, env }).status ?? 1;
}
