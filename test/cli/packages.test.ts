import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attestationOf, statement } from '../support/attestation-builder.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { archiveOf, Files, ociImage, ociLayout } from '../support/image-builder.ts';
import { file, tar } from '../support/tar-builder.ts';
import { createBench } from './run-cli.ts';

const status = (version: string, extra = ''): Uint8Array =>
  file('var/lib/dpkg/status', `Package: tool\nStatus: install ok installed\nArchitecture: all\nVersion: ${version}\n${extra}`);
const list = (name: string, path: string): Uint8Array => file(`var/lib/dpkg/info/${name}.list`, `${path}\n`);

const IMAGE = dockerArchive({
  name: 'app:1',
  layers: [
    tar(
      status('1', '\nPackage: old\u001b[31m\nStatus: install ok installed\nVersion: 1\n'),
      list('tool', '/bin/tool'),
      list('old\u001b[31m', '/bin/old'),
      file('bin/tool', 'x'.repeat(1000)),
      file('bin/old', 'y'.repeat(500)),
    ),
    tar(status('2'), file('bin/.wh.old'), file('bin/tool', 'z'.repeat(2000))),
    tar(file('bin/tool', 'z'.repeat(2000), { mode: 0o755 }), file('own', 'x'.repeat(10))),
  ],
});

test('packages lists what each layer added, upgraded, removed and touched, and what no package owns', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const { code, stdout, stderr } = await bench.cli(['packages', 'image.tar']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(stdout.split('\n'), [
    'layer 0  1.6 kB, 2 packages  RUN step 0',
    '   1.5 kB  2 packages added',
    '   1.0 kB  + deb tool 1 all',
    '   500 B   + deb old\\x1B[31m 1',
    '   150 B   not owned by a package',
    '',
    'layer 1  2.1 kB, 1 package  RUN step 1',
    '   2.0 kB  1 package upgraded or changed; the old files below still weigh 1.0 kB',
    '   2.0 kB  ~ deb tool 2 all  (was 1, 1.0 kB hidden below)',
    '   500 B   1 package removed; the files are still in the layers below',
    '   500 B   − deb old\\x1B[31m 1',
    '    72 B   not owned by a package',
    '',
    'layer 2  2.0 kB, 1 package  RUN step 2',
    '   2.0 kB  files of 1 package written again; the copies below still weigh 2.0 kB',
    '   2.0 kB  · deb tool 2 all',
    '    10 B   not owned by a package',
    '',
  ]);
});

test('packages --json also has the bytes that an upgrade, chmod or chown hides in the layers below', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const hidden = (await bench.lines(['packages', 'image.tar', '--json'])).flatMap(({ kind, hiddenBytes }) =>
    hiddenBytes === undefined ? [] : [[kind, hiddenBytes]],
  );
  assert.deepEqual(hidden, [
    ['modified', 1000],
    ['touched', 2000],
  ]);
});

test('an old copy counts towards the package that owned it, even if the database is written again', async (t) => {
  const bench = createBench(t);
  const layers = [
    tar(status('1'), list('tool', '/bin/tool'), file('bin/tool', 'x'.repeat(700)), file('bin/link', 'y')),
    // The same package, but the layer writes the database and the file again.
    tar(status('1', 'Section: net\n'), file('bin/tool', 'x'.repeat(700), { mode: 0o755 })),
    // The new version doesn't have bin/tool.
    tar(status('2'), list('tool', '/bin/other'), file('bin/.wh.tool'), file('bin/other', 'z'.repeat(30))),
  ];
  bench.write('image.tar', dockerArchive({ name: 'app:1', layers }));
  const lines = (await bench.lines(['packages', 'image.tar', '--json'])).filter(({ kind }) => kind !== 'layer');
  assert.deepEqual(
    lines.map(({ kind, bytes, hiddenBytes }) => [kind, bytes, hiddenBytes]),
    [
      ['added', 700, undefined],
      ['touched', 700, 700],
      ['modified', 30, 700],
    ],
  );
});

test('an image without packages gets one line', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', dockerArchive({ name: 'x:1', layers: [tar(file('a', 'x'.repeat(30))), tar(file('b', 'x'.repeat(12)))] }));
  assert.equal((await bench.cli(['packages', 'image.tar'])).stdout, 'No packages in 2 layers, 42 B\n');
});

test('packages --layer lists the packages as seen at a layer', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const view = await bench.cli(['packages', 'image.tar', '--layer', '1']);
  assert.deepEqual(view.stdout.split('\n'), ['   2.0 kB  deb tool 2 all  layer 1, var/lib/dpkg/status', '']);
  const [line] = await bench.lines(['packages', 'image.tar', '--layer', '0', '--json']);
  assert.deepEqual(line, {
    kind: 'installed',
    layer: 0,
    type: 'deb',
    name: 'old\u001b[31m',
    arch: null,
    version: '1',
    status: 'installed',
    source: 'old\u001b[31m',
    sourceVersion: '1',
    license: null,
    statedBytes: null,
    location: 'var/lib/dpkg/status',
    files: 1,
    bytes: 500,
    filesKnown: true,
  });
  const lines = await bench.lines(['packages', 'image.tar', '--json']);
  assert.deepEqual(
    lines.map(({ kind, layer }) => `${layer} ${kind}`),
    ['0 layer', '0 added', '0 added', '1 layer', '1 removed', '1 modified', '2 layer', '2 touched'],
  );
});

test('a package whose files are not listed anywhere has no size, and comes last', async (t) => {
  const bench = createBench(t);
  const status = ['bare', 'empty', 'whole'].map((name) => `Package: ${name}\nStatus: install ok installed\nVersion: 1\n`).join('\n');
  const layer = tar(
    file('var/lib/dpkg/status', status),
    file('var/lib/dpkg/info/whole.list', '/usr/whole\n'),
    file('var/lib/dpkg/info/empty.list', '/.\n'),
    file('usr/whole', 'x'.repeat(500)),
  );
  bench.write('image.tar', dockerArchive({ name: 'x:1', layers: [layer] }));
  const { stdout } = await bench.cli(['packages', 'image.tar']);
  assert.deepEqual(
    stdout.split('\n').filter((line) => line.includes(' + deb ') || line.includes('+ deb')),
    ['   500 B   + deb whole 1', '     0 B   + deb empty 1', '     —     + deb bare 1'],
  );
  const lines = await bench.lines(['packages', 'image.tar', '--layer', '0', '--json']);
  assert.deepEqual(
    lines.map(({ name, filesKnown, bytes }) => [name, filesKnown, bytes]),
    [
      ['bare', false, 0],
      ['empty', true, 0],
      ['whole', true, 500],
    ],
  );
});

test('packages warns about a database that it can’t read, and refuses a layer that isn’t there', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', dockerArchive({ name: 'x:1', layers: [tar(file('var/lib/rpm/rpmdb.sqlite', 'not a database'))] }));
  const { code, stdout, stderr } = await bench.cli(['packages', 'image.tar', '--json']);
  assert.equal(code, 0);
  assert.equal(
    stderr,
    'layerscope: warning: layer 0, var/lib/rpm/rpmdb.sqlite: UNSUPPORTED: not an rpm database of a known kind: the rest is shown\n',
  );
  assert.deepEqual(JSON.parse(stdout), { kind: 'layer', layer: 0, packages: 0, bytes: 14, ownedBytes: 0, unownedBytes: 14 });
  assert.equal((await bench.cli(['packages', 'image.tar', '--layer', '7'])).code, 3);
});

/** An SPDX document that lists packages by their URLs. */
const spdx = (...purls: readonly string[]): object => ({
  spdxVersion: 'SPDX-2.3',
  packages: purls.map((purl) => ({ name: 'x', externalRefs: [{ referenceType: 'purl', referenceLocator: purl }] })),
});
const SBOM = spdx('pkg:deb/debian/tool@1?arch=all', 'pkg:deb/debian/gone@3', 'pkg:swift/other@1');

test('packages --sbom compares a file, or an attached document, with the image’s packages', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  bench.write('sbom.json', JSON.stringify(SBOM));
  const { stdout } = await bench.cli(['packages', 'image.tar', '--sbom', 'sbom.json']);
  assert.deepEqual(stdout.split('\n'), [
    'SBOM sbom.json: SPDX, 0 packages as in the image, 1 entry of types that are not searched for',
    '  − deb gone 3  in the SBOM only',
    '  ~ deb tool  SBOM 1; image 2',
    '',
  ]);
  assert.deepEqual(await bench.lines(['packages', 'image.tar', '--sbom', 'sbom.json', '--layer', '0', '--json']), [
    { kind: 'sbom', source: 'sbom.json', format: 'SPDX', packages: 3, same: 1, notCompared: 1 },
    { kind: 'sbom-only', type: 'deb', name: 'gone', version: '3' },
    { kind: 'image-only', type: 'deb', name: 'old\u001b[31m', version: '1' },
  ]);
  const none = await bench.cli(['packages', 'image.tar', '--sbom', 'attached']);
  assert.deepEqual([none.code, none.stderr], [3, 'layerscope: NOT_FOUND: the image has no SBOM attached: name a file with --sbom\n']);
  bench.write('cut.json', '{"spdxVersion": ');
  assert.match((await bench.cli(['packages', 'image.tar', '--sbom', 'cut.json'])).stderr, /^layerscope: BAD_MANIFEST: cut\.json/);

  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: tar(status('1'), list('tool', '/bin/tool'), file('bin/tool', 'x')) }] });
  const attached = attestationOf(files, image, [statement(image.digest, 'https://spdx.dev/Document', SBOM)]);
  bench.write('oci.tar', archiveOf(ociLayout(files, [image, attached])));
  const [first, second] = await bench.lines(['packages', 'oci.tar', '--sbom', 'attached', '--json']);
  assert.deepEqual([first?.kind, first?.same, second?.kind, second?.name], ['sbom', 1, 'sbom-only', 'gone']);
});
