import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ArchiveReader, createReader } from '#archive';
import { inspectArchive } from '#engine';
import type { ArchiveReport } from '#model';
import { archiveOf, dockerArchive } from '../support/image-builder.ts';
import { file, latin1, tar } from '../support/tar-builder.ts';
import { testFile, testFolder } from '../support/workbench.ts';

const BELOW = tar(file('etc/motd', 'hello'), file(latin1('bad\xe4'), ''));
const ABOVE = tar(file('etc/motd', 'hello, world'), file('.wh.gone', ''));

interface Inspected {
  readonly report: ArchiveReport;
  /** Whether layers were read, from the file or from their indexes. */
  readonly read: boolean;
}

interface Asked {
  readonly build?: string | undefined;
  readonly verify?: boolean;
  readonly scan?: boolean;
}

/** Inspects a file with a new reader, as each run of the program does. */
async function inspect(cacheFolder: string | null, input: string, asked: Asked = { build: 'one' }): Promise<Inspected> {
  await using reader = createReader({ cacheFolder, workers: 0 });
  await using archive = await reader.open(input);
  let read = false;
  const watched = {
    indexLayers: (...given: Parameters<ArchiveReader['indexLayers']>) => {
      read = true;
      return reader.indexLayers(...given);
    },
    keptReport: (key: string) => reader.keptReport(key),
    keepReport: (key: string, text: string) => reader.keepReport(key, text),
  };
  return { report: await inspectArchive(watched as unknown as ArchiveReader, archive, asked), read };
}

function sample(t: TestContext): { cache: string; input: string } {
  return { cache: testFolder(t), input: testFile(t, archiveOf(dockerArchive([{ layers: [BELOW, ABOVE] }]))) };
}

function keptFiles(cache: string): string[] {
  return readdirSync(path.join(cache, 'index'))
    .filter((name) => name.endsWith('.rep'))
    .map((name) => path.join(cache, 'index', name));
}

test('a known archive gets the same report without its layers being read', async (t) => {
  const { cache, input } = sample(t);
  const first = await inspect(cache, input);
  const again = await inspect(cache, input);
  assert.equal(first.read, true);
  assert.equal(again.read, false);
  assert.equal(JSON.stringify(again.report), JSON.stringify(first.report));
  assert.deepEqual(first.report, (await inspect(null, input)).report);
  const [kept = ''] = keptFiles(cache);
  assert.equal(statSync(kept).mode & 0o777, 0o600);
});

test('an archive that was changed is read again, even if its size and time are the same', async (t) => {
  const { cache, input } = sample(t);
  const first = await inspect(cache, input);
  const { atime, mtime } = statSync(input);
  const bytes = readFileSync(input);
  const changed = Buffer.from(bytes);
  changed.set(archiveOf(dockerArchive([{ layers: [BELOW, tar(file('etc/mood', 'hello, world'), file('.wh.gone', ''))] }])));
  assert.equal(changed.length, bytes.length);
  writeFileSync(input, changed);
  utimesSync(input, atime, mtime);
  const { report, read } = await inspect(cache, input);
  assert.equal(read, true);
  assert.notDeepEqual(report, first.report);
  assert.deepEqual(report, (await inspect(null, input)).report);
});

test('a cached report isn’t used by another build of the program, or with --verify or --scan; none is cached without a build or a cache folder', async (t) => {
  const { cache, input } = sample(t);
  for (const asked of [{}, { build: 'one', verify: true }, { build: 'one', scan: true }]) await inspect(cache, input, asked);
  assert.deepEqual(keptFiles(cache), []);
  await inspect(cache, input);
  assert.equal(keptFiles(cache).length, 1);
  for (const asked of [{}, { build: 'two' }, { build: 'one', verify: true }, { build: 'one', scan: true }])
    assert.equal((await inspect(cache, input, asked)).read, true, JSON.stringify(asked));
});

test('a kept report that is damaged, cut off or from another archive is ignored and replaced', async (t) => {
  const { cache, input } = sample(t);
  const other = testFile(t, archiveOf(dockerArchive([{ layers: [ABOVE] }])));
  const { report } = await inspect(cache, input);
  const [kept = ''] = keptFiles(cache);
  const whole = readFileSync(kept);
  await inspect(cache, other);
  const [foreign = ''] = keptFiles(cache).filter((name) => name !== kept);
  const flipped = (at: number) => whole.map((byte, index) => (index === at ? byte ^ 1 : byte));
  for (const bytes of [
    readFileSync(foreign),
    flipped(0),
    flipped(40),
    flipped(whole.length - 1),
    whole.subarray(0, -1),
    whole.subarray(0, 9),
  ]) {
    writeFileSync(kept, bytes);
    const { read, report: anew } = await inspect(cache, input);
    assert.equal(read, true);
    assert.deepEqual(anew, report);
    assert.deepEqual(readFileSync(kept), whole);
  }
});

test('a report with a secret from the config is not kept', async (t) => {
  const cache = testFolder(t);
  const config = { config: { Env: ['NPM_TOKEN=npm_1a2B3c4D5e6F7g8H9i0J1k2L3m4N5o6P7q8R'] } };
  const input = testFile(t, archiveOf(dockerArchive([{ layers: [BELOW], config }])));
  const { report } = await inspect(cache, input);
  assert.ok(report.findings.some(({ code }) => code.startsWith('secret-')));
  assert.deepEqual(keptFiles(cache), []);
});
