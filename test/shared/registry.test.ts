// Images in a real registry, pushed by skopeo. Debian: docker-registry, skopeo.
import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseImageWord, parseReference } from '#format/reference';
import { tocDifference } from '#format/toc';
import { TYPE } from '#model';
import { RegistrySource, type SourceWord } from '#source';
import { hasCode } from '../support/asserts.ts';
import { startRegistry } from '../support/docker-registry.ts';
import { archiveOf, Files, ociImage, ociLayout } from '../support/image-builder.ts';
import { readEverything } from '../support/image-figures.ts';
import { lazyLayer } from '../support/lazy-layer.ts';
import { directory, file, symlink, tar } from '../support/tar-builder.ts';
import { estargzLayer, zstdChunkedLayer } from '../support/toc-builder.ts';
import { missingProgram, runTool } from '../support/tools.ts';
import { collect, testFile, testFolder, testReader } from '../support/workbench.ts';

const SAMPLE = path.join(import.meta.dirname, '..', '..', 'assets', 'sample.tar');
const skip = missingProgram('docker-registry', 'skopeo') ?? false;
function sourceOf(t: TestContext, home = testFolder(t)): RegistrySource {
  return new RegistrySource({ env: {}, home, platform: 'linux', offline: false }, { system: home });
}

test('images in a real registry equal the pushed archives, packed as gzip and as zstd', { skip }, async (t) => {
  const host = await startRegistry(t);
  const reader = testReader(t, { workers: 2 });
  const files = new Files();
  const layers = [
    tar(directory('etc/'), file('etc/shadow', 'secret', { mode: 0o640 }), symlink('bin', 'usr/bin')),
    tar(file('etc/.wh.shadow', '')),
  ];
  const image = ociImage(files, {
    layers: layers.map((each, index) => ({ tar: each, packed: index === 0 ? 'gzip' : 'zstd' })),
    annotations: { 'org.opencontainers.image.ref.name': '1' },
  });
  const odd = testFile(t, archiveOf(ociLayout(files, [image])));
  for (const [from, name] of [
    [`docker-archive:${SAMPLE}`, 'sample/web-api:1.8'],
    [`oci-archive:${odd}:1`, 'odd:1'],
  ] as const) {
    runTool('skopeo', ['copy', '-q', '--format', 'oci', '--dest-tls-verify=false', from, `docker://${host}/${name}`]);
    const pulled = path.join(testFolder(t), 'pulled');
    runTool('skopeo', ['copy', '-q', '--src-tls-verify=false', `docker://${host}/${name}`, `oci-archive:${pulled}:${host}/${name}`]);
    await using archive = await reader.open(pulled);
    await using fetched = await sourceOf(t).open(parseImageWord(`${host}/${name}`) as SourceWord, { reader });
    assert.deepEqual(await readEverything(reader, fetched), await readEverything(reader, archive), name);
  }
  assert.deepEqual(await sourceOf(t).tags(parseReference(`${host}/odd`)), ['1']);
});

test('a real registry serves parts of lazy layers, whose lists and contents equal the archive’s', { skip }, async (t) => {
  const host = await startRegistry(t);
  for (const [name, layer] of [
    ['estargz', estargzLayer(lazyLayer())],
    ['zstd-old', zstdChunkedLayer(lazyLayer(), false)],
    ['zstd-new', zstdChunkedLayer(lazyLayer(), true)],
  ] as const) {
    const files = new Files();
    const packed = name === 'estargz' ? 'gzip' : 'zstd';
    const image = ociImage(files, {
      layers: [{ tar: layer.tar, packed, blob: layer.blob, annotations: layer.annotations }],
      annotations: { 'org.opencontainers.image.ref.name': '1' },
    });
    const file = testFile(t, archiveOf(ociLayout(files, [image])));
    runTool('skopeo', ['copy', '-q', '--dest-tls-verify=false', `oci-archive:${file}:1`, `docker://${host}/${name}:1`]);
    const reader = testReader(t, { workers: 2 });
    await using archive = await reader.open(file);
    await using fetched = await sourceOf(t).open(parseImageWord(`${host}/${name}:1`) as SourceWord, { reader });
    const [listed] = await reader.indexLayers(fetched.images[0]?.layers ?? []);
    const [whole] = await reader.indexLayers(archive.images[0]?.layers ?? []);
    const [from, to] = [fetched.images[0]?.layers[0], archive.images[0]?.layers[0]];
    assert.ok(listed && whole && from && to);
    assert.deepEqual([listed.table.provenance, tocDifference(listed.table, whole.table)], ['toc', null], name);
    for (let member = 0; member < whole.table.memberCount; member++) {
      if (whole.table.type[member] !== TYPE.file) continue;
      const expected = await collect(reader.readBody(to, whole, member));
      assert.deepEqual(await collect(reader.readBody(from, listed, member)), expected, `${name} ${member}`);
    }
  }
});

test('a real registry with a password accepts only the right one', { skip }, async (t) => {
  const host = await startRegistry(t, true);
  runTool('skopeo', [
    'copy',
    '-q',
    '--dest-tls-verify=false',
    '--dest-creds=me:secret',
    `docker-archive:${SAMPLE}`,
    `docker://${host}/app:1`,
  ]);
  const word = parseImageWord(`${host}/app:1`) as SourceWord;
  const reader = testReader(t);
  await assert.rejects(sourceOf(t).open(word, { reader }), hasCode('UNAUTHORIZED'));
  const home = testFolder(t);
  // Let a real tool write the credentials.
  runTool('skopeo', ['login', '--tls-verify=false', '-u', 'me', '-p', 'secret', host], {
    env: { REGISTRY_AUTH_FILE: path.join(home, 'auth.json') },
  });
  const environment = { env: { REGISTRY_AUTH_FILE: path.join(home, 'auth.json') }, home, platform: 'linux', offline: false } as const;
  await using archive = await new RegistrySource(environment, { system: home }).open(word, { reader });
  const layers = await reader.indexLayers(archive.images[0]?.layers ?? []);
  assert.ok(layers.length > 0 && layers.every((layer) => layer?.status === 'present'));
});
