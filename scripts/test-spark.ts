// `npm run test:spark`: tests what `ci/spark` and `ci/kubernetes` provide for clusters: the job on a real Spark, a master and two workers
// on loopback, and the manifests against the schemas of Kubernetes and Argo Workflows. Needs Java, docker-registry, and Python with venv;
// pip installs test/spark/requirements.txt into a temporary folder, unless LAYERSCOPE_SPARK_PYTHON names a Python that has the packages.
// Reports what is missing; with LAYERSCOPE_REQUIRE_SPARK=1 that is a failure, except for pip, which may have no network.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runTestFiles } from './node-test.ts';
import { buildIfStale, outFolder } from './stale.ts';

const root = path.dirname(import.meta.dirname);
const NEEDED = [
  ['java', ['-version'], 'no Java (Debian: openjdk-17-jre-headless)'],
  ['docker-registry', ['--version'], 'no registry (Debian: docker-registry)'],
  ['python3', ['-c', 'import ensurepip, venv'], 'no Python with venv (Debian: python3-venv)'],
] as const;

function runs(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}

/** Installs Spark and the schemas into a folder. Returns its Python, or null if pip failed, after pip has printed why. */
function installPython(folder: string): string | null {
  const python = path.join(folder, 'bin', 'python');
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', 'test/spark/requirements.txt'];
  return runs('python3', ['-m', 'venv', folder]) && runs(python, install) ? python : null;
}

function notRun(lacking: string, mayLack = process.env.LAYERSCOPE_REQUIRE_SPARK !== '1'): number {
  console.log(`not run: the catalog on a Spark cluster, and the manifests for clusters: ${lacking}`);
  return mayLack ? 0 : 1;
}

function runTests(python: string): number {
  process.env.LAYERSCOPE_SPARK_PYTHON = python;
  process.env.LAYERSCOPE_TEST_CLI = path.join(outFolder('current'), 'cli.js');
  buildIfStale('current');
  return runTestFiles(['test/spark/**/*.test.ts']);
}

function main(): number {
  const lacking = NEEDED.find(([program, args]) => spawnSync(program, args, { stdio: 'ignore' }).status !== 0);
  if (process.platform !== 'linux' || lacking !== undefined) return notRun(lacking?.[2] ?? 'it runs on Linux');
  const given = process.env.LAYERSCOPE_SPARK_PYTHON;
  if (given !== undefined) return runTests(given);
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-spark-'));
  try {
    const python = installPython(folder);
    return python === null ? notRun('pip can’t install test/spark/requirements.txt', true) : runTests(python);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.chdir(root);
process.exitCode = main();
