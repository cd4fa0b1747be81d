import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { COMMANDS } from '../../src/cli/commands.ts';
import { archiveOf, Files, json, ociImage, ociLayout } from '../support/image-builder.ts';
import { file, tar, utf8, zeros } from '../support/tar-builder.ts';
import { createBench, dockerArchive } from './run-cli.ts';

const LAYER = tar(file('etc/passwd', 'root'));
/** Every command that reads an IMAGE, without its operand. */
const READING = [
  ['check'],
  ['inspect'],
  ['inspect', '--json'],
  ['ls'],
  ['changes', '--layer', '0'],
  ['raw', '--layer', '0'],
  ['waste'],
  ['config'],
] as const;

test('empty standard input is not an image, plain or compressed, in any command', { concurrency: true }, async (t) => {
  const { cli, write } = createBench(t);
  const other = write('other.tar', dockerArchive([[LAYER]]));
  const all = [
    ...READING.map((words) => [...words, '-']),
    ['cat', '-', 'a'],
    ['export', '-', 'a', '--to', 'out'],
    ['diff', '-', other],
    ['diff', other, '-'],
  ];
  const results = await Promise.all(all.map((words) => cli(words, { stdin: zeros(0) })));
  results.forEach(({ code, stdout, stderr }, at) => {
    assert.deepEqual(
      [code, stdout, stderr],
      [3, '', 'layerscope: NOT_AN_IMAGE: standard input is empty: it has 0 bytes\n'],
      all[at]?.join(' '),
    );
  });
  const packed = await cli(['check', '-'], { stdin: gzipSync(zeros(0)) });
  assert.deepEqual([packed.code, packed.stderr], [3, 'layerscope: NOT_AN_IMAGE: standard input is empty: it unpacks to 0 bytes\n']);
  const named = await cli(['inspect', write('none.tar', '')]);
  assert.deepEqual([named.code, named.stderr], [3, 'layerscope: NOT_AN_IMAGE: none.tar is empty: it has 0 bytes\n']);
  const blank = await cli(['check', '-'], { stdin: zeros(1024) });
  assert.equal(blank.code, 0, 'an empty tar is an empty layer');
});

test('a file named like an engine’s image is read, with a note', async (t) => {
  const { cli, write } = createBench(t);
  write('docker:app:1', dockerArchive([[LAYER]]));
  const { code, stdout, stderr } = await cli(['ls', 'docker:app:1']);
  assert.deepEqual([code, stderr], [0, 'layerscope: warning: docker:app:1 is read as a file, because a file of that name exists\n']);
  assert.match(stdout, /passwd/);
  assert.equal((await cli(['ls', './docker:app:1'])).stderr, '');
});

function chart(files: Files) {
  const config = files.add(json({ name: 'chart' }), 'application/vnd.cncf.helm.config.v1+json');
  const layer = files.add(utf8('not a tar'), 'application/vnd.cncf.helm.chart.content.v1.tar+gzip');
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  return { ...files.add(json({ schemaVersion: 2, mediaType, config, layers: [layer] }), mediaType), config, layer };
}

test('inspect shows artifacts in JSON and text; other commands report that there is no image', async (t) => {
  const { cli, write } = createBench(t);
  const files = new Files();
  const built = chart(files);
  const input = write(
    'chart.tar',
    archiveOf(ociLayout(files, [{ ...built, annotations: { 'org.opencontainers.image.ref.name': 'web:1' } }])),
  );
  const report = JSON.parse((await cli(['inspect', '--json', input])).stdout) as Record<string, unknown>;
  assert.deepEqual(report, {
    format: 'oci-archive',
    images: [],
    artifacts: [
      {
        index: 0,
        digest: built.digest,
        artifactType: 'application/vnd.cncf.helm.config.v1+json',
        kind: 'chart',
        mediaTypes: ['application/vnd.cncf.helm.config.v1+json', 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'],
        subject: null,
        bytes: built.layer.size,
        names: ['web:1'],
        predicateTypes: [],
      },
    ],
    findings: [],
  });
  const { stdout } = await cli(['inspect', input]);
  for (const words of ['no images, artifacts only', '1 artifact', 'web:1', 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'])
    assert.ok(stdout.includes(words), words);
  const refused = await Promise.all(READING.filter(([name]) => name !== 'inspect').map((words) => cli([...words, input])));
  for (const { code, stderr } of refused)
    assert.deepEqual(
      [code, stderr],
      [3, 'layerscope: NOT_AN_IMAGE: chart.tar holds only artifacts, no image: web:1 (application/vnd.cncf.helm.config.v1+json)\n'],
    );
});

test('an image’s report has an empty list of artifacts', async (t) => {
  const { cli, write } = createBench(t);
  const { stdout } = await cli(['inspect', '--json', write('image.tar', dockerArchive([[LAYER]]))]);
  assert.deepEqual((JSON.parse(stdout) as { artifacts: unknown }).artifacts, []);
});

test('with --follow-links, every command reads a layout whose blobs are links out of it; without it, they report the links', {
  skip: process.platform === 'win32',
}, async (t) => {
  const { cli, write, folder } = createBench(t);
  const files = new Files();
  const layout = ociLayout(files, [ociImage(files, { layers: [{ tar: LAYER }] })]);
  for (const [name, bytes] of layout) write(name.startsWith('blobs/') ? path.join('base', name) : path.join('image', name), bytes);
  symlinkSync(path.join('..', 'base', 'blobs'), path.join(folder, 'image', 'blobs'));
  const read = await Promise.all([['inspect'], ['ls'], ['check']].map((words) => cli([...words, 'image', '--follow-links'])));
  for (const { code, stderr } of read) assert.deepEqual([code, stderr], [0, '']);
  const refused = await cli(['ls', 'image']);
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /image holds no image: .*is a link that points outside the folder/);
  assert.match((await cli(['inspect', 'image'])).stdout, /link-outside {2}Open the folder with --follow-links/);
});

test('every command that takes an IMAGE has --follow-links', async () => {
  for (const [name, { operands, load }] of Object.entries(COMMANDS)) {
    if (name === 'open' || !/IMAGE|\bA B\b|TAR/.test(operands)) continue;
    assert.ok(Object.hasOwn((await load()).spec.options, 'follow-links'), name);
  }
});

test('JSON output contains the text of an invalid digest', async (t) => {
  const { cli, write } = createBench(t);
  const files = new Files();
  const built = ociImage(files, { layers: [{ tar: LAYER }] });
  const digest = `sha256:${built.layers[0]?.digest.slice(7).toUpperCase()}`;
  const manifest = files.add(json({ config: { ...built.config, digest }, layers: [{ ...built.layers[0], digest }] }), built.mediaType);
  const { stdout } = await cli(['inspect', '--json', write('upper.tar', archiveOf(ociLayout(files, [manifest])))]);
  const [image] = (JSON.parse(stdout) as { images: { configDigest: string; layers: { digest: string; status: string }[] }[] }).images;
  assert.deepEqual([image?.configDigest, image?.layers[0]?.digest, image?.layers[0]?.status], [digest, digest, 'missing']);
});

test('a catalog is not an image, and the error says what opens it', async (t) => {
  const { cli, write } = createBench(t);
  const made = await cli(['catalog', 'index', write('layer.tar', LAYER), '--to', 'catalog']);
  assert.equal(made.code, 0, made.stderr);
  const { code, stderr } = await cli(['inspect', 'catalog']);
  const advice = 'use layerscope catalog query --from, open or serve';
  assert.deepEqual([code, stderr], [3, `layerscope: NOT_AN_IMAGE: catalog is a catalog: ${advice}\n`]);
});
