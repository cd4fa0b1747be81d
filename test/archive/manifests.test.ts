import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseImage } from '#engine';
import {
  archiveOf,
  digestOf,
  dockerArchive,
  type FileMap,
  Files,
  hexOf,
  imageConfig,
  json,
  legacyArchive,
  ociImage,
  ociLayout,
  pack,
  writeFolder,
} from '../support/image-builder.ts';
import { file, tar, utf8 } from '../support/tar-builder.ts';
import { codesOf, openAll, pathsOf, readAll, testFile, testFolder, testReader } from '../support/workbench.ts';

const BASE = tar(file('etc/passwd', 'root'));
const TOP = tar(file('app/run', 'go'));

/** Documents that are neither a manifest nor an index, by the error message expected for each. */
const BROKEN = {
  '42': 'is a number',
  '"image"': 'is a string',
  true: 'is a boolean',
  '[{"Config": "c.js': 'is not JSON',
  '[1]': 'entries that are not images',
};

test('a manifest.json that is truncated, not a manifest or has bad layers gives an archive without images, with the reason', async (t) => {
  const layers = { '[{"Layers":["l.tar",1]}]': 'not a list of paths', '[{"Layers":"l.tar"}]': 'not a list of paths' };
  for (const [text, words] of Object.entries({ ...BROKEN, ...layers })) {
    for (const layerName of [`${'a'.repeat(64)}/layer.tar`, 'base/layer.tar', 'l.tar', 'layer0.tar.gz']) {
      const bytes = archiveOf(
        new Map([
          ['c.json', json(imageConfig([BASE]))],
          [layerName, BASE],
          ['manifest.json', utf8(text)],
        ]),
      );
      const { archive, findings } = await readAll(testReader(t), testFile(t, bytes));
      assert.deepEqual([archive.format, archive.images.length], ['docker-archive', 0], `${text} ${layerName}`);
      assert.deepEqual(
        findings.map(({ code, severity }) => [code, severity]),
        [['manifest-unreadable', 'error']],
      );
      assert.match(findings[0]?.message ?? '', new RegExp(words));
      assert.throws(() => chooseImage(archive), { code: 'NOT_FOUND', message: new RegExp(`holds no image: .*${words}`) });
    }
  }
});

test('a layer that contains an unusable manifest.json is shown as a layer, with an error, each time it is opened', async (t) => {
  const cacheFolder = testFolder(t);
  const input = testFile(t, tar(file('manifest.json', '42'), file('app.js', '')));
  for (let turn = 0; turn < 2; turn++) {
    const { archive, findings } = await readAll(testReader(t, { cacheFolder }), input);
    assert.equal(archive.format, 'layer');
    assert.deepEqual(
      findings.map(({ code, severity }) => [code, severity]),
      [['manifest-unreadable', 'error']],
    );
  }
  const object = await openAll(t, tar(file('manifest.json', '{"short_name":"app"}'), file('app.js', '')));
  assert.deepEqual(object.findings, [], 'a web application has one too');
});

function docker25(): { files: FileMap; image: ReturnType<typeof ociImage> } {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE }] });
  const blob = ({ digest }: { digest: string }) => `blobs/${digest.replace(':', '/')}`;
  const manifest = json([{ Config: blob(image.config), RepoTags: ['new:1'], Layers: image.layers.map(blob) }]);
  return { files: ociLayout(files, [image]).set('manifest.json', manifest), image };
}

test('if either manifest.json or index.json is unusable, the other is used, and an error says so', async (t) => {
  for (const text of Object.keys(BROKEN)) {
    for (const [name, code, format] of [
      ['manifest.json', 'manifest-unreadable', 'oci-archive'],
      ['index.json', 'index-unreadable', 'docker-archive'],
    ] as const) {
      const { files } = docker25();
      files.set(name, utf8(text));
      const { archive, layers, findings } = await openAll(t, archiveOf(files));
      assert.deepEqual([archive.format, archive.images.length], [format, 1], `${name}: ${text}`);
      assert.deepEqual(layers[0]?.map(pathsOf), [['etc/passwd']]);
      assert.deepEqual(
        findings.map((each) => [each.code, each.severity]),
        [[code, 'error']],
        `${name}: ${text}`,
      );
      const folder = testFolder(t);
      writeFolder(folder, files);
      assert.deepEqual(codesOf((await readAll(testReader(t), folder)).findings), [code], `${name} of a folder: ${text}`);
    }
  }
});

test('an old archive with an unusable manifest.json is read from its layers', async (t) => {
  const { archive, findings } = await openAll(t, archiveOf(legacyArchive([BASE]).set('manifest.json', utf8('7'))));
  assert.deepEqual([archive.images[0]?.names, codesOf(findings)], [['old:1.0'], ['manifest-unreadable']]);
});

test('an index.json that is not an index is an error if there is no manifest.json', async (t) => {
  for (const text of [...Object.keys(BROKEN), '{"manifests": 3}', '{"manifests": {}}']) {
    const files = new Files();
    const layout = ociLayout(files, [ociImage(files, { layers: [{ tar: BASE }] })]).set('index.json', utf8(text));
    await assert.rejects(testReader(t).open(testFile(t, archiveOf(layout))), { code: 'BAD_MANIFEST', message: /index\.json is/ }, text);
    const folder = testFolder(t);
    writeFolder(folder, layout);
    await assert.rejects(testReader(t).open(folder), { code: 'BAD_MANIFEST', message: /index\.json is/ }, text);
  }
});

test('a layout without oci-layout is accepted in a tar as in a folder', async (t) => {
  const files = new Files();
  const layout = ociLayout(files, [ociImage(files, { layers: [{ tar: BASE }] })]);
  layout.delete('oci-layout');
  const { archive } = await openAll(t, archiveOf(layout));
  assert.deepEqual([archive.format, archive.images.length], ['oci-archive', 1]);
});

test('content embedded in descriptors replaces missing blobs once it is verified', async (t) => {
  const files = new Files();
  const image = ociImage(files, {
    layers: [
      { tar: BASE, packed: 'gzip' },
      { tar: TOP, packed: 'gzip' },
    ],
  });
  const embed = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const withData = <D extends { digest: string }>(descriptor: D, bytes: Uint8Array) => ({ ...descriptor, data: embed(bytes) });
  const contentOf = ({ digest }: { digest: string }) => files.map.get(`blobs/${digest.replace(':', '/')}`) ?? utf8('');
  const config = withData(image.config, contentOf(image.config));
  const layers = image.layers.map((layer) => withData(layer, contentOf(layer)));
  const spoiled = layers.map((layer, index) => (index === 1 ? withData(layer, utf8('something else')) : layer));
  for (const [parts, expected] of [
    [layers, []],
    [spoiled, ['digest-mismatch', 'missing-blob']],
  ] as const) {
    const manifest = json({ schemaVersion: 2, config, layers: parts });
    const entry = { mediaType: image.mediaType, digest: digestOf(manifest), size: manifest.length, data: embed(manifest) };
    const layout: FileMap = new Map([
      ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
      ['index.json', json({ schemaVersion: 2, manifests: [entry] })],
    ]);
    const folder = testFolder(t);
    writeFolder(folder, layout);
    for (const opened of [await openAll(t, archiveOf(layout), { verify: true }), await readAll(testReader(t), folder, true)]) {
      assert.deepEqual(codesOf(opened.findings), expected);
      assert.deepEqual(opened.layers[0]?.map(pathsOf), [['etc/passwd'], expected.length === 0 ? ['app/run'] : []]);
      assert.equal(opened.archive.images[0]?.platform, 'linux/amd64');
    }
  }
});

test('ill-formed digests of layers, configs, diffIDs and index entries keep their text and are reported', async (t) => {
  const hex = hexOf(BASE);
  for (const text of [`sha256:${hex.toUpperCase()}`, `sha256:${hex.slice(1)}`, `md5:${'a'.repeat(32)}`, hex, `sha256:${'x'.repeat(64)}`]) {
    const files = new Files();
    const image = ociImage(files, { layers: [{ tar: BASE }], config: { diffIds: [text] } });
    const document = { schemaVersion: 2, config: image.config, layers: [{ ...image.layers[0], digest: text }] };
    const built = files.add(json(document), image.mediaType);
    const { archive, findings } = await openAll(t, archiveOf(ociLayout(files, [built, { ...image, digest: text }])));
    assert.deepEqual(
      archive.images[0]?.layers.map(({ status, illFormed }) => [status, illFormed]),
      [['missing', { digest: text, diffId: text }]],
    );
    assert.deepEqual(codesOf(findings), ['bad-digest', 'bad-digest', 'bad-digest']);
    assert.ok(findings.every(({ message }) => message.includes(text)));
    const nameless = files.add(json({ ...document, config: { ...image.config, digest: text } }), image.mediaType);
    const other = await openAll(t, archiveOf(ociLayout(files, [nameless])));
    assert.equal(other.archive.images[0]?.illFormedConfigDigest, text);
  }
});

test('a layer whose digest has an unknown algorithm is read by its name and reported', async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE }] });
  const digest = `blake3:${'b'.repeat(64)}`;
  const built = files.add(json({ schemaVersion: 2, config: image.config, layers: [{ ...image.layers[0], digest }] }), image.mediaType);
  files.map.set(`blobs/${digest.replace(':', '/')}`, BASE);
  const { layers, findings } = await openAll(t, archiveOf(ociLayout(files, [built])), { verify: true });
  assert.deepEqual([pathsOf(layers[0]?.[0]), codesOf(findings)], [['etc/passwd'], ['bad-digest']]);
});

test('wrong sizes for a manifest and a config are reported', async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE }] });
  const built = files.add(json({ schemaVersion: 2, config: { ...image.config, size: 7 }, layers: image.layers }), image.mediaType);
  const { findings } = await openAll(t, archiveOf(ociLayout(files, [{ ...built, size: 9 }])));
  assert.deepEqual(
    findings.map(({ code, image: at }) => [code, at]),
    [
      ['size-mismatch', undefined],
      ['size-mismatch', 0],
    ],
  );
  assert.match(findings[1]?.message ?? '', /the config has \d+ bytes, but its descriptor says 7/);
});

test('layers that manifest.json names with backslashes, as Docker on Windows did, are found', async (t) => {
  const files = dockerArchive([{ layers: [BASE, TOP] }]);
  const manifest = JSON.parse(Buffer.from(files.get('manifest.json') ?? '').toString()) as { Layers: string[] }[];
  for (const image of manifest) image.Layers = image.Layers.map((name) => name.replace('/', '\\'));
  files.set('manifest.json', json(manifest));
  const { layers, findings } = await openAll(t, archiveOf(files), { verify: true });
  assert.deepEqual(layers[0]?.map(pathsOf), [['etc/passwd'], ['app/run']]);
  assert.deepEqual(findings, []);
  const plain = new Map([
    ['a\\layer.tar', TOP],
    ['c.json', json(imageConfig([TOP]))],
    ['a/layer.tar', BASE],
    ['manifest.json', json([{ Config: 'c.json', Layers: ['a\\layer.tar'] }])],
  ]);
  assert.deepEqual((await openAll(t, archiveOf(plain))).layers[0]?.map(pathsOf), [['app/run']], 'the plain name comes first');
});

test('dates in the year 1 are treated as unset, dates in 1970 are not', async (t) => {
  const history = ['0001-01-01T00:00:00Z', '1970-01-01T00:00:00Z'].map((created, step) => ({ created, created_by: `step ${step}` }));
  const { archive } = await openAll(t, archiveOf(dockerArchive([{ layers: [BASE, TOP], config: { history } }])));
  assert.deepEqual(
    archive.images[0]?.history.map(({ created }) => created),
    [null, '1970-01-01T00:00:00Z'],
  );
});

test('an image whose config is missing, not JSON or not a config can be browsed', async (t) => {
  for (const [content, code] of [
    [null, 'missing-blob'],
    ['{oops', 'config-unreadable'],
    ['[1]', 'config-not-image'],
    ['"text"', 'config-not-image'],
    ['null', 'config-not-image'],
    ['{}', 'config-not-image'],
    ['{"name":"chart","version":"1"}', 'config-not-image'],
    ['{"architecture":"amd64","os":"linux","history":[{"created_by":"x"}]}', 'diffid-count'],
  ] as const) {
    const files = new Map([
      ['l.tar', BASE],
      ['manifest.json', json([{ Config: 'c.json', RepoTags: ['x:1'], Layers: ['l.tar'] }])],
    ]);
    if (content !== null) files.set('c.json', utf8(content));
    const { layers, findings } = await openAll(t, archiveOf(files));
    assert.deepEqual(layers[0]?.map(pathsOf), [['etc/passwd']]);
    assert.deepEqual(codesOf(findings), [code], content ?? 'absent');
  }
});

test('layers and whole archives compressed with xz or bzip2 are recognized by their content', async (t) => {
  const { XZ_SAMPLES, BZIP2_SAMPLES } = await import('../support/packed-samples.ts');
  for (const [compression, blob] of [
    ['xz', XZ_SAMPLES.crc64],
    ['bzip2', BZIP2_SAMPLES['one stream']],
    ['gzip', pack(BASE, 'gzip')],
  ] as const) {
    const { archive } = await openAll(t, archiveOf(dockerArchive([{ layers: [blob] }])));
    assert.equal(archive.images[0]?.layers[0]?.compression, compression);
  }
  const named = tar(file('BZh9 is my name', 'x'));
  const { archive, layers } = await openAll(t, named);
  assert.deepEqual([archive.images[0]?.layers[0]?.compression, layers[0]?.map(pathsOf)], ['none', [['BZh9 is my name']]]);
});

test('a ZIP file is recognized, as an image and as a layer', async (t) => {
  const zip = utf8(`PK\x03\x04${'\0'.repeat(600)}`);
  await assert.rejects(testReader(t).open(testFile(t, zip)), { code: 'UNSUPPORTED', message: /is a ZIP file, which is not supported/ });
  const { layers, findings } = await openAll(t, archiveOf(dockerArchive([{ layers: [zip, BASE] }])), { verify: false });
  assert.deepEqual(layers[0]?.map(pathsOf), [[], ['etc/passwd']]);
  assert.deepEqual(
    findings.map(({ code, layer, message }) => [code, layer, message]),
    [['unsupported-compression', 0, 'the layer is a ZIP file, which is not supported']],
  );
});

test('a field with two spellings is read as Docker reads it, with a warning', async (t) => {
  const files = dockerArchive([{ layers: [BASE] }, { layers: [TOP] }]);
  const entries = JSON.parse(Buffer.from(files.get('manifest.json') ?? []).toString()) as { Config: string; Layers: string[] }[];
  const [one, two] = entries;
  for (const [fields, words] of [
    [{ layers: two?.Layers, CONFIG: two?.Config }, 'Layers and layers'],
    // Go treats a long s as an s when it ignores case.
    [{ 'layer\u017f': two?.Layers, config: two?.Config }, 'Layers and layer\u017f'],
  ] as const) {
    const manifest = utf8(JSON.stringify([{ ...one, ...fields }]));
    const { layers, findings } = await openAll(t, archiveOf(new Map([...files, ['manifest.json', manifest]])));
    assert.deepEqual(pathsOf(layers[0]?.[0]), ['app/run']);
    assert.deepEqual(codesOf(findings), ['manifest-disagreement']);
    assert.ok(findings[0]?.message.includes(words), findings[0]?.message);
  }
});

test('a field that occurs twice in an OCI manifest, descriptor or config is reported, but a repeated label key is not', async (t) => {
  const type = 'application/vnd.oci.image.manifest.v1+json';
  for (const [part, from, to, words] of [
    ['manifest', '"layers":', '"Layers":[],"layers":', 'Layers and layers'],
    ['manifest', '"digest":', '"digest":"sha256:00","digest":', 'digest twice'],
    ['config', '"os":"linux"', '"os":"windows","\\u006fs":"linux"', 'os twice'],
    ['config', '"os":"linux"', '"os":"linux","config":{"Labels":{"OS":"1","os":"2"}}', null],
  ] as const) {
    const files = new Files();
    const layer = files.add(BASE, 'application/vnd.oci.image.layer.v1.tar');
    const edited = (value: unknown, name: string): Uint8Array => {
      const text = Buffer.from(json(value)).toString();
      assert.ok(name !== part || text.includes(from), text);
      return utf8(name === part ? text.replace(from, to) : text);
    };
    const config = files.add(edited(imageConfig([BASE]), 'config'), 'application/vnd.oci.image.config.v1+json');
    const manifest = files.add(edited({ schemaVersion: 2, mediaType: type, config, layers: [layer] }, 'manifest'), type);
    const { layers, findings } = await openAll(t, archiveOf(ociLayout(files, [manifest])));
    assert.deepEqual(pathsOf(layers[0]?.[0]), ['etc/passwd']);
    assert.deepEqual(codesOf(findings), words === null ? [] : ['manifest-disagreement'], to);
    if (words !== null) assert.ok(findings[0]?.message.includes(words), findings[0]?.message);
  }
});
