// ../shared/meaning/check.py compares `why` and `inspect` with its own slow reader, on images by BuildKit and made-up ones. Needs python3.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { programWords } from '../support/program-words.ts';
import { tryTool } from '../support/tools.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const meaning = path.join(root, '..', 'shared', 'meaning');
const check = path.join(meaning, 'check.py');

test('an independent reader agrees on an image’s attestations and its files’ origins', async () => {
  assert.ok(existsSync(check), `${check} is missing`);
  tryTool('python3', ['--version']);
  const child = spawn('python3', ['-B', check, programWords(), 'provenance', path.join(meaning, 'prov')], {
    env: { ...process.env, LIMIT: '270' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 0, text);
  assert.match(text, /^(\d+) of \1$/m);
});
