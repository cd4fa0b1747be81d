import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ArchiveLayer } from '#archive';
import { parseImageWord } from '#format/reference';
import type { SourceWord } from '#source';
import { EngineSource } from '../../../src/source/engine-api/engine-source.ts';
import { hasCode } from '../../support/asserts.ts';
import { fakeEngine } from '../../support/fake-engine.ts';
import { archiveOf, digestOf, dockerArchive } from '../../support/image-builder.ts';
import { measureCommand } from '../../support/peak-memory.ts';
import { file, tar } from '../../support/tar-builder.ts';
import { testFolder, testReader } from '../../support/workbench.ts';

const FILES = dockerArchive([{ layers: [tar(file('a', 'x'))], tags: ['app:1'] }]);
const CONFIG = [...FILES].find(([name]) => /^[0-9a-f]{64}\.json$/.test(name))?.[1] ?? new Uint8Array(0);
const IMAGE = { id: digestOf(CONFIG), names: ['app:1'], archive: archiveOf(FILES) };
const MB = 1_000_000;

/** Starts an engine with a container that removed these paths. Returns its socket's address. */
async function engineWith(t: TestContext, paths: readonly string[]): Promise<string> {
  const { engine, socket } = await fakeEngine(t);
  engine.images.push(IMAGE);
  const changes = paths.map((at) => ({ Path: at, Kind: 2 }));
  engine.containers.push({ id: 'c'.repeat(64), name: 'web', image: IMAGE.id, changes, files: tar(file('e', 'x')) });
  return `unix://${socket}`;
}

function sourceAt(address: string): EngineSource {
  return new EngineSource({ engine: 'docker', address, tls: null, identity: null }, { offline: false });
}

const CONTAINER = parseImageWord('container:docker/web') as SourceWord;

test('a container that removed thousands of files has a whiteout for each, in order', async (t) => {
  const paths = Array.from({ length: 2001 }, (_, index) => `/d/${index}`);
  const source = sourceAt(await engineWith(t, paths));
  const reader = testReader(t);
  await using archive = await source.open(CONTAINER, { reader });
  const found: string[] = [];
  for await (const { name } of reader.listRaw(archive.images[0]?.layers.at(-1) as ArchiveLayer)) found.push(Buffer.from(name).toString());
  assert.deepEqual(
    found,
    paths.map((at) => at.slice(1).replace('d/', 'd/.wh.')),
  );
});

test('a container’s changes that would take too much memory are refused', async (t) => {
  const deep = `/${'d/'.repeat(100)}f`;
  for (const paths of [Array.from({ length: 20_000 }, (_, index) => `${deep}${index}`), [`/${'x'.repeat(34 * MB)}`]])
    await assert.rejects(sourceAt(await engineWith(t, paths)).open(CONTAINER, { reader: testReader(t) }), hasCode('TOO_LARGE'));
});

test('a hundred thousand removed files with long names take little memory', {
  skip: process.platform === 'linux' ? false : 'needs /proc',
}, async (t) => {
  const paths = Array.from({ length: 130_000 }, (_, index) => `/${'n'.repeat(220)}${index}`);
  const env = { DOCKER_HOST: await engineWith(t, paths), CONTAINER_HOST: 'unix:///none' };
  const command = ['changes', 'container:docker/web', '--layer', '1'];
  const { code, peakBytes, stderr } = await measureCommand(testFolder(t), command, { signal: t.signal, env });
  assert.equal(code, 0, stderr);
  assert.ok(peakBytes < 600 * MB, `${Math.round(peakBytes / MB)} MB`);
});
