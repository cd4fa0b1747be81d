// `ls`, `changes` and `store mount` agree with what a container sees according to containerd's applier and the kernel's overlayfs.
// ../shared/check/container.py (the judge) compares them. Inputs are the docker-archives in ../shared/corpus and ../shared/faults, and
// random stacks of layers. `npm run judge -- SEED COUNT` checks more.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { buildIfStale, outFolder } from '../../scripts/stale.ts';
import { askJudge, JUDGE, judgeLacks, type Verdict } from '../support/container-judge.ts';
import { runTool } from '../support/tools.ts';
import { testFolder } from '../support/workbench.ts';

const shared = path.resolve(import.meta.dirname, '..', '..', '..', 'shared');

/** Files that the judge can't check, with the reason. */
const NOT_ASKED: Readonly<Record<string, string>> = {
  'esc.tar': 'its manifest names a layer outside the archive',
  'null_manifest.tar': 'its manifest names no image',
};

/** Files that containerd refuses, so that no container sees them. */
const REFUSED: Readonly<Record<string, string>> = {
  'odd2.tar': 'it has a time that the applier refuses',
  'xzlayer.tar': 'the judge does not unpack xz',
};

/** The only allowed differences: those that we intend, and the judge's own errors. Each must occur. */
const DIFFERENT: readonly { readonly view: 'shown' | 'mounted'; readonly input: string; readonly what: RegExp; readonly reason: string }[] =
  [
    { view: 'shown', input: 'odd.tar', what: /\\/, reason: 'JSON escapes a backslash, and the judge does not unescape it' },
    {
      view: 'mounted',
      input: 'test_link.tar',
      what: /^test: not in a container$/,
      reason: 'the archive holds two images: the judge takes the first of the archive and the deepest of the store',
    },
  ];

const SEEDS = [1, 2];
const STACKS = 100;

function dockerArchives(t: TestContext): string[] {
  const folder = testFolder(t);
  const faults = readdirSync(path.join(shared, 'faults')).filter((name) => name.endsWith('.tar.gz') && !name.endsWith('.layout.tar.gz'));
  const unpacked = faults.map((name) => {
    const file = path.join(folder, name.replace(/\.gz$/, ''));
    writeFileSync(file, gunzipSync(readFileSync(path.join(shared, 'faults', name))));
    return file;
  });
  const corpus = readdirSync(path.join(shared, 'corpus'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.tar'))
    .map((name) => path.join(shared, 'corpus', name))
    .filter((file) => holdsManifest(file));
  const files = [...unpacked, ...corpus.sort()];
  assert.ok(unpacked.length >= 15 && corpus.length >= 15, files.join('\n'));
  assert.equal(new Set(files.map((file) => path.basename(file))).size, files.length, 'names are unique');
  return files.filter((file) => !Object.hasOwn(NOT_ASKED, path.basename(file)));
}

function holdsManifest(file: string): boolean {
  try {
    return runTool('tar', ['-tf', file]).toString().split('\n').includes('manifest.json');
  } catch {
    return false;
  }
}

function program(): string {
  buildIfStale('current');
  return path.join(outFolder('current'), 'cli.js');
}

function assertAgrees(view: 'shown' | 'mounted', files: readonly string[], verdict: Verdict): void {
  const { agree, asked, differences, counts, refused, output } = verdict;
  assert.equal(asked, files.length, output);
  assert.deepEqual([...refused].sort(), Object.keys(REFUSED).sort(), output);
  const expected = DIFFERENT.filter((each) => each.view === view);
  const unexpected: string[] = [];
  for (const [name, found] of differences) {
    const known = expected.filter(({ input }) => input === name);
    unexpected.push(...found.filter((one) => !known.some(({ what }) => what.test(one))).map((one) => `${name}: ${one}`));
    if (found.length !== counts.get(name)) unexpected.push(`${name}: ${counts.get(name)} differ, the first are listed above`);
  }
  assert.deepEqual(unexpected, [], output);
  const stale = expected.filter(({ input, what }) => !(differences.get(input) ?? []).some((one) => what.test(one)));
  assert.deepEqual(stale, [], 'these no longer differ: remove them from the table');
  assert.equal(agree, asked - refused.length - differences.size, output);
}

const lacks = existsSync(JUDGE) ? judgeLacks() : `${JUDGE} is missing`;

/** Whether the judge can run here. If not, skips the test, or fails it with LAYERSCOPE_REQUIRE_JUDGE=1. */
function canAsk(t: TestContext): boolean {
  if (lacks === null) return true;
  assert.notEqual(process.env.LAYERSCOPE_REQUIRE_JUDGE, '1', lacks);
  t.skip(`not run: the comparison with containerd: ${lacks}`);
  return false;
}

describe('a container sees', { concurrency: 2 }, () => {
  for (const view of ['shown', 'mounted'] as const) {
    test(`what is ${view} of every docker-archive in the corpus and the faults`, async (t) => {
      if (!canAsk(t)) return;
      const files = dockerArchives(t);
      const args = view === 'mounted' ? ['--mount', ...files] : files;
      assertAgrees(view, files, await askJudge(program(), args, testFolder(t)));
    });
  }

  for (const seed of SEEDS) {
    test(`what is shown of random layer stacks (seed ${seed})`, async (t) => {
      if (!canAsk(t)) return;
      const { agree, asked, output } = await askJudge(program(), ['--random', String(seed), String(STACKS)], testFolder(t));
      assert.ok(asked >= STACKS / 3, output);
      assert.equal(agree, asked, output);
    });
  }
});
