// ../shared/check compares the command line with an independent reader. Needs python3 and zstd. The program is dist/cli.js if it is newer
// than the sources, otherwise the sources.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { ArchiveReport } from '#model';
import { commandJson, commandLines } from '../support/command-line.ts';
import { programWords } from '../support/program-words.ts';
import { runTool, tryTool } from '../support/tools.ts';
import { testFolder } from '../support/workbench.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const check = path.join(root, '..', 'shared', 'check', 'run');

/** Runs the check with the test's own cache. Returns its exit code and output. */
function runCheck(t: TestContext, what: string): Promise<{ code: number | null; lines: string[] }> {
  assert.ok(existsSync(check), `${check} is missing`);
  for (const tool of ['python3', 'zstd']) tryTool(tool, ['--version']);
  const env = { ...process.env, CLI: programWords(), LAYERSCOPE_CACHE: testFolder(t) };
  return new Promise((resolve, reject) => {
    const child = spawn(check, [what], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 170_000 });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, lines: text.split('\n').filter((line) => line !== '') }));
  });
}

/**
 * Images whose changes include hard links: the check expects size 0 for a link, but cli.md (Additions) expects the size of the linked file.
 * The check reports only the first difference, so all other facts about these images are compared here.
 */
const WITH_HARD_LINKS = ['dive/test-docker-image.tar', 'dive/test-kaniko-image.tar'];

type Change = Record<string, unknown>;

/** Returns a layer's changes according to the check's own reader. */
function referenceChanges(file: string, layer: number): Change[] {
  const reference = path.join(path.dirname(check), 'reference.py');
  return runTool('python3', [reference, 'changes', file, String(layer)])
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Change);
}

async function assertSameButSizesOfHardLinks(file: string): Promise<void> {
  const { images } = await commandJson<ArchiveReport>(['inspect', file, '--json']);
  let links = 0;
  for (const { index } of images[0]?.layers ?? []) {
    const ours = await commandLines(['changes', file, '--layer', String(index), '--json']);
    const theirs = referenceChanges(file, index);
    assert.equal(ours.length, theirs.length, `changes of layer ${index} of ${file}`);
    for (const [at, their] of theirs.entries()) {
      const our = ours[at] as Change;
      if (our.type === 'hardlink') links++;
      const keys = Object.keys(their).filter((key) => key !== 'size' || our.type !== 'hardlink');
      for (const key of keys) assert.deepEqual(our[key], their[key], `${key} of ${our.path} in layer ${index} of ${file}`);
    }
  }
  assert.ok(links > 0, file);
}

describe('a second opinion', { concurrency: true }, () => {
  test('the reference reader agrees on totals and changes of every image in the corpus, except hard links’ sizes', async (t) => {
    const { lines } = await runCheck(t, 'images');
    const last = lines.pop() ?? '';
    const [, agree, all] = /^(\d+) of (\d+) images agree/.exec(last) ?? [];
    assert.ok(all !== undefined && Number(all) >= 16, [...lines, last].join('\n'));
    const named = [...new Set(lines.map((line) => line.split(': ')[0] ?? ''))].sort();
    assert.deepEqual(named, WITH_HARD_LINKS.map((name) => path.basename(name)).sort(), [...lines, last].join('\n'));
    assert.equal(Number(all) - Number(agree), named.length, last);
    for (const name of WITH_HARD_LINKS) await assertSameButSizesOfHardLinks(path.join(root, '..', 'shared', 'corpus', name));
  });

  test('the reference reader agrees on every tar in the corpus', async (t) => {
    const { code, lines } = await runCheck(t, 'tars');
    const [, agree, all] = /^(\d+) of (\d+) tars agree/.exec(lines.at(-1) ?? '') ?? [];
    assert.ok(agree === all && Number(all) >= 57, lines.join('\n'));
    assert.equal(code, 0, lines.join('\n'));
  });
});
