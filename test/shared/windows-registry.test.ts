// Compares real and made-up registry hives with what an independent reader reports: ../shared/meaning. Makes more stacks of deltas if
// Debian's python3-hivex is installed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { loadImage } from '#engine';
import { programWords } from '../support/program-words.ts';
import { runTool } from '../support/tools.ts';
import { testFolder, testReader } from '../support/workbench.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const meaning = path.join(root, '..', 'shared', 'meaning');
const hives = path.join(meaning, 'hives');
/** Debian's own Python, which has Debian's modules. */
const PYTHON = '/usr/bin/python3';
const SEEDS = [11, 12, 13, 14];

/** Runs the check `what` on a folder. Returns its last line and all of its output. */
function check(what: string, folder: string): Promise<{ readonly code: number | null; readonly last: string; readonly all: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('python3', ['-B', path.join(meaning, 'check.py'), programWords(), what, folder], {
      env: { ...process.env, LIMIT: '280' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, last: text.trimEnd().split('\n').at(-1) ?? '', all: text }));
  });
}

describe('the registry', { concurrency: true }, () => {
  test('the registry is read from every hive as by the other reader', async () => {
    const { code, last, all } = await check('hives', path.join(hives, 'public'));
    assert.match(last, /^(\d+) of \1$/, all);
    assert.ok(Number.parseInt(last, 10) >= 37, all);
    assert.equal(code, 0, all);
  });

  test('the registry in stacks of layers has the content and changes that the other reader reports', async () => {
    const { code, last, all } = await check('registry', path.join(hives, 'public'));
    assert.match(last, /^(\d+) of \1$/, all);
    assert.ok(Number.parseInt(last, 10) >= 10, all);
    assert.equal(code, 0, all);
  });

  test('the registry in random stacks with every effect of layers matches the other reader', async (t) => {
    try {
      runTool(PYTHON, ['-c', 'import hivex']);
    } catch {
      return t.skip('python3-hivex is not installed');
    }
    const folder = testFolder(t);
    const minimal = path.join(folder, 'minimal');
    writeFileSync(minimal, gunzipSync(readFileSync(path.join(hives, 'public', 'minimal.gz'))));
    for (const seed of SEEDS) {
      const made = path.join(folder, String(seed));
      mkdirSync(made);
      runTool(PYTHON, ['-B', path.join(hives, 'make_delta.py'), String(seed), made, minimal]);
      for (const part of ['base', 'delta1', 'delta2'])
        writeFileSync(path.join(folder, `stack${seed}_${part}.gz`), gzipSync(readFileSync(path.join(made, part))));
      runTool(PYTHON, ['-B', path.join(hives, 'make_image.py'), folder, String(seed), '--expected']);
    }
    const { last, all } = await check('registry', folder);
    assert.equal(last, `${5 * SEEDS.length} of ${5 * SEEDS.length}`, all);
  });

  test('the registry is not reported as waste in an image whose layers have deltas with the same name', async (t) => {
    const image = path.join(testFolder(t), 'image.tar');
    runTool('python3', ['-B', path.join(hives, 'make_image.py'), path.join(hives, 'public'), '1', image]);
    const reader = testReader(t);
    await using archive = await reader.open(image);
    const { report, layers } = await loadImage(reader, archive, 0);
    const { fileBytes, finalBytes, wastedBytes, efficiency } = report.totals;
    assert.ok(layers.length > 2 && fileBytes > 100_000);
    assert.deepEqual([finalBytes, wastedBytes, efficiency], [fileBytes, 0, 1]);
  });
});
