// What a container sees, by containerd's applier and the kernel's overlayfs, is what `ls`, `changes` and `store mount` say: of the
// docker-archives of ../shared/corpus and ../shared/faults, and of random stacks of layers. `npm run judge -- SEED COUNT` asks of more.
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

/** Files that the judge can't be asked about. */
const NOT_ASKED: Readonly<Record<string, string>> = {
  'esc.tar': 'its manifest names a layer outside the archive',
  'null_manifest.tar': 'its manifest names no image',
};

/** Files that containerd doesn't take, so that no container sees them. */
const REFUSED: Readonly<Record<string, string>> = {
  'odd2.tar': 'it has a time that the applier refuses',
  'xzlayer.tar': 'the judge does not unpack xz',
};

/** Where the command line differs on purpose, or is read wrongly: nothing else may, and each of these must. */
const DIFFERENT: readonly { readonly view: 'shown' | 'mounted'; readonly input: string; readonly what: RegExp; readonly reason: string }[] =
  [
    { view: 'shown', input: 'odd.tar', what: /\\/, reason: 'JSON has two backslashes for one; the judge takes them as they stand' },
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
  assert.equal(new Set(files.map((file) => path.basename(file))).size, files.length, 'names are unlike each other');
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
    if (found.length !== counts.get(name)) unexpected.push(`${name}: ${counts.get(name)} differ, the first of which are above`);
  }
  assert.deepEqual(unexpected, [], output);
  const stale = expected.filter(({ input, what }) => !(differences.get(input) ?? []).some((one) => what.test(one)));
  assert.deepEqual(stale, [], 'these differ no more: take them out of the table');
  assert.equal(agree, asked - refused.length - differences.size, output);
}

const lacks = existsSync(JUDGE) ? judgeLacks() : `${JUDGE} is missing`;

/** False where the judge can't be asked here, which is said; a failure where it must be. */
function canAsk(t: TestContext): boolean {
  if (lacks === null) return true;
  assert.notEqual(process.env.LAYERSCOPE_REQUIRE_JUDGE, '1', lacks);
  t.skip(`not run: what containerd says: ${lacks}`);
  return false;
}

describe('a container sees', { concurrency: 2 }, () => {
  for (const view of ['shown', 'mounted'] as const) {
    test(`of every docker-archive of the corpus and the faults what is ${view}`, async (t) => {
      if (!canAsk(t)) return;
      const files = dockerArchives(t);
      const args = view === 'mounted' ? ['--mount', ...files] : files;
      assertAgrees(view, files, await askJudge(program(), args, testFolder(t)));
    });
  }

  for (const seed of SEEDS) {
    test(`of random stacks of layers what is shown and told (seed ${seed})`, async (t) => {
      if (!canAsk(t)) return;
      const { agree, asked, output } = await askJudge(program(), ['--random', String(seed), String(STACKS)], testFolder(t));
      assert.ok(asked >= STACKS / 3, output);
      assert.equal(agree, asked, output);
    });
  }
});
