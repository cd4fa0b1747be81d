// Small files whose unpacked, parsed or listed form is far larger: each command gives a result or a named error, in bounded memory.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Command, HOSTILE_INPUTS } from '../support/hostile-inputs.ts';
import { HOSTILE_METADATA } from '../support/hostile-metadata.ts';
import { measureCommand } from '../support/peak-memory.ts';
import { testFolder } from '../support/workbench.ts';

const MOST_FILE_BYTES = 50 * 1024 * 1024;
const MOST_RESIDENT_BYTES = 600 * 1024 * 1024;

async function check(t: TestContext, name: string, commands: readonly Command[], make: (target: string) => Promise<void>): Promise<void> {
  const folder = testFolder(t);
  const file = path.join(folder, 'input');
  await make(file);
  assert.ok(statSync(file).size < MOST_FILE_BYTES, `${statSync(file).size} bytes`);
  for (const command of commands) {
    const words = command.map((word) => (word === 'STORE' ? path.join(folder, 'own', 'store') : word.replace(/^FILE(?=$|\.)/, file)));
    const { code, peakBytes, outBytes, stderr } = await measureCommand(folder, words, { signal: t.signal });
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

for (const { name, make, commands } of [...HOSTILE_INPUTS, ...HOSTILE_METADATA]) {
  test(`${name} takes less than 600 MB`, { skip: elsewhere }, (t) => check(t, name, commands, make));
}
