// Runs the command line and measures its memory and reads from inside the process, which works only on Linux.
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { MAIN } from '../cli/run-cli.ts';

/**
 * Writes this process's peak memory and the number of bytes that it has read, workers included, to descriptor 3. Doesn't use getrusage,
 * which may include the parent's peak.
 */
const HOOK = `import { readFileSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
const figure = (file, name) => new RegExp(name + ':\\\\s+(\\\\d+)').exec(readFileSync('/proc/self/' + file, 'latin1'))[1];
if (isMainThread) process.on('exit', () => writeSync(3, figure('status', 'VmHWM') + ' ' + figure('io', 'rchar')));
`;

export interface Ended {
  readonly code: number | null;
  /** 0 if the process was killed. */
  readonly peakBytes: number;
  /** Bytes of all reads, including the program's own files. */
  readonly readBytes: number;
  readonly outBytes: number;
  readonly stderr: string;
}

export interface MeasureOptions {
  readonly stdin?: Iterable<Uint8Array>;
  /** Additional variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** The test's signal, so that no process outlives the test. */
  readonly signal: AbortSignal;
}

/** Runs a command and discards its output. Its temporary files and cache are in `folder`, and are removed. */
export function measureCommand(folder: string, words: readonly string[], { stdin, env, signal }: MeasureOptions): Promise<Ended> {
  const hook = path.join(folder, 'hook.mjs');
  writeFileSync(hook, HOOK);
  const own = path.join(folder, 'own');
  mkdirSync(own, { recursive: true });
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', hook, MAIN, ...words], {
      cwd: folder,
      env: { ...process.env, ...env, LAYERSCOPE_CACHE: path.join(own, 'cache'), TMPDIR: own, NO_COLOR: '' },
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', 'pipe'],
      signal,
      killSignal: 'SIGKILL',
    });
    let outBytes = 0;
    let stderr = '';
    let figures = '';
    child.stdout?.on('data', (bytes: Buffer) => {
      outBytes += bytes.length;
    });
    child.stderr?.on('data', (bytes: Buffer) => {
      stderr = (stderr + bytes.toString()).slice(0, 4096);
    });
    (child.stdio[3] as Readable).on('data', (bytes: Buffer) => {
      figures += bytes.toString();
    });
    if (stdin !== undefined && child.stdin !== null) {
      // A program that has read enough may close its input early.
      child.stdin.on('error', () => {});
      Readable.from(stdin, { objectMode: true }).pipe(child.stdin);
    }
    child.on('error', reject);
    child.on('close', (code) => {
      rmSync(own, { recursive: true, force: true });
      const [peak = 0, read = 0] = figures.split(' ').map(Number);
      resolve({ code, peakBytes: peak * 1024, readBytes: read, outBytes, stderr });
    });
  });
}
