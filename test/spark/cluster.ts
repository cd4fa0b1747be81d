// A standalone Spark on loopback: a master and two workers with one processor each, as processes on this machine.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { freePort } from '../support/docker-registry.ts';
import { runEngine } from '../support/engines.ts';
import { runTool } from '../support/tools.ts';
import { until } from '../support/waiting.ts';
import { testFolder } from '../support/workbench.ts';

/** Returns the Python with pyspark that LAYERSCOPE_SPARK_PYTHON names. Throws if the variable isn't set. */
export function sparkPython(): string {
  const python = process.env.LAYERSCOPE_SPARK_PYTHON;
  if (python === undefined) throw new Error('this test needs LAYERSCOPE_SPARK_PYTHON, a Python with pyspark: npm run test:spark sets it');
  return python;
}

// Every run is short, so optimizing compilation doesn't pay off.
const JAVA_OPTIONS = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';

const WORKER = 'worker.Worker';

export interface JobResult {
  readonly code: number | null;
  /** What the program and Spark print; spark-submit doesn't keep the program's output and errors apart. */
  readonly output: string;
}

export interface Cluster {
  /** Runs a Python program as Spark's driver. */
  submit(program: string, args: readonly string[]): Promise<JobResult>;
  /** Kills the worker that a process descends from, and everything the worker started, as a power failure would. */
  killWorkerOf(pid: number): void;
}

/** Starts a cluster that is stopped when the test ends. */
export async function startCluster(t: TestContext): Promise<Cluster> {
  const python = sparkPython();
  const home = runTool(python, ['-c', 'import os, pyspark; print(os.path.dirname(pyspark.__file__))']).toString().trim();
  const env = {
    SPARK_HOME: home,
    SPARK_LOCAL_IP: '127.0.0.1',
    SPARK_LOCAL_DIRS: testFolder(t),
    SPARK_DAEMON_MEMORY: '256m',
    SPARK_DAEMON_JAVA_OPTS: JAVA_OPTIONS,
    PYSPARK_PYTHON: python,
    LAYERSCOPE_CACHE: testFolder(t),
  };
  const run = (type: string, ...args: string[]): number =>
    runEngine(t, path.join(home, 'bin', 'spark-class'), [`org.apache.spark.deploy.${type}`, '--host', '127.0.0.1', ...args], {
      env,
      mayEnd: type === WORKER,
    });
  const [port, page] = [await freePort(), await freePort()];
  const master = `spark://127.0.0.1:${port}`;
  run('master.Master', '--port', String(port), '--webui-port', String(page));
  const workers = [0, 1].map(() => run(WORKER, '--cores', '1', '--memory', '1g', '--webui-port', '0', '--work-dir', testFolder(t), master));
  await until(async () => (await aliveWorkers(page)) === workers.length, 'the workers have joined the master', 5);
  const settings = {
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.driver.extraJavaOptions': JAVA_OPTIONS,
    'spark.executor.extraJavaOptions': JAVA_OPTIONS,
    'spark.executor.memory': '512m',
    'spark.log.level': 'WARN',
    'spark.sql.shuffle.partitions': '2',
    'spark.ui.enabled': 'false',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['--conf', `${name}=${value}`]);
  return {
    submit: (program, args) =>
      runToEnd(path.join(home, 'bin', 'spark-submit'), ['--master', master, ...options, program, ...args], { ...process.env, ...env }),
    killWorkerOf(pid) {
      const parents = parentsOfProcesses();
      const worker = workers.find((each) => isBelow(parents, pid, each));
      if (worker === undefined) throw new Error(`no worker runs process ${pid}`);
      for (const each of [worker, ...[...parents.keys()].filter((other) => isBelow(parents, other, worker))]) killNow(each);
    },
  };
}

async function aliveWorkers(page: number): Promise<number | null> {
  const response = await fetch(`http://127.0.0.1:${page}/json/`).catch(() => null);
  return response?.ok ? ((await response.json()) as { readonly aliveworkers: number }).aliveworkers : null;
}

function runToEnd(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<JobResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const pieces: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => pieces.push(bytes));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: Buffer.concat(pieces).toString() }));
  });
}

/** Returns each process's parent. */
function parentsOfProcesses(): ReadonlyMap<number, number> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return new Map(pids.map((pid) => [Number(pid), parentOf(pid)]));
}

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0; // ended in the meantime
  }
}

function isBelow(parents: ReadonlyMap<number, number>, pid: number, above: number): boolean {
  for (let each = parents.get(pid); each !== undefined && each !== 0; each = parents.get(each)) if (each === above) return true;
  return false;
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
