// Small files that unpack, parse or list to far more: each gives a result or a named error, in bounded memory.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { MAIN } from '../cli/run-cli.ts';
import { type Command, HOSTILE_INPUTS } from '../support/hostile-inputs.ts';
import { testFolder } from '../support/workbench.ts';

const MOST_FILE_BYTES = 50 * 1024 * 1024;
const MOST_RESIDENT_BYTES = 600 * 1024 * 1024;

/** Writes this process's peak memory, workers included, to descriptor 3. Not by getrusage, which may include the parent's peak. */
const HOOK = `import { readFileSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('exit', () => writeSync(3, /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1]));
`;

interface Ended {
  readonly code: number | null;
  readonly peakBytes: number;
  readonly outBytes: number;
  readonly stderr: string;
}

/** Runs a command and discards its output. */
function measure(folder: string, file: string, command: Command): Promise<Ended> {
  const hook = path.join(folder, 'hook.mjs');
  writeFileSync(hook, HOOK);
  const words = command.map((word) => (word === 'FILE' ? file : word));
  const own = path.join(folder, 'own');
  mkdirSync(own, { recursive: true });
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', hook, MAIN, ...words], {
      cwd: folder,
      env: { ...process.env, LAYERSCOPE_CACHE: path.join(own, 'cache'), TMPDIR: own, NO_COLOR: '' },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    let outBytes = 0;
    let stderr = '';
    let peak = '';
    child.stdout?.on('data', (bytes: Buffer) => {
      outBytes += bytes.length;
    });
    child.stderr?.on('data', (bytes: Buffer) => {
      stderr = (stderr + bytes.toString()).slice(0, 4096);
    });
    (child.stdio[3] as Readable).on('data', (bytes: Buffer) => {
      peak += bytes.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      rmSync(own, { recursive: true, force: true });
      resolve({ code, peakBytes: Number(peak) * 1024, outBytes, stderr });
    });
  });
}

async function check(t: TestContext, name: string, commands: readonly Command[], make: (target: string) => Promise<void>): Promise<void> {
  const folder = testFolder(t);
  const file = path.join(folder, 'input');
  await make(file);
  assert.ok(statSync(file).size < MOST_FILE_BYTES, `${statSync(file).size} bytes`);
  for (const command of commands) {
    const { code, peakBytes, outBytes, stderr } = await measure(folder, file, command);
    t.diagnostic(`${command[0]}: ${Math.round(peakBytes / 1e6)} MB, exit ${code}`);
    assert.ok(peakBytes > 0, `${name}, ${command[0]}: it was killed: ${code} ${stderr}`);
    assert.ok(peakBytes < MOST_RESIDENT_BYTES, `${name}, ${command[0]}: ${peakBytes} bytes`);
    if (code === 0) assert.ok(outBytes > 0 || command[0] === 'ls', `${name}, ${command[0]}: no result`);
    else {
      assert.equal(code, 3);
      assert.match(stderr, /^(?:layerscope: warning: [^\n]*\n)*layerscope: (?!INTERNAL)[A-Z_]+: [^\n]+\n$/);
    }
  }
}

const elsewhere = process.platform === 'linux' ? false : 'peak memory is read from Linux’s /proc';

for (const { name, make, commands } of HOSTILE_INPUTS) {
  test(`${name}: in less than 600 MB`, { skip: elsewhere }, (t) => check(t, name, commands, make));
}
