// Images in Docker's data root equal those in an archive with the same layers. Also covers missing and damaged files.
// test/shared/docker-engine.test.ts reads roots written by a real Docker.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Archive, ArchiveLayer, ArchiveReader, RawMember } from '#archive';
import { inspectArchive, openNamed } from '#engine';
import { parseImageWord } from '#format/reference';
import type { ArchiveReport } from '#model';
import type { SourceWord } from '#source';
import { dockerRootSource } from '../../src/source/disk/docker-root.ts';
import { dockerFolderSources, findDiskSources } from '../../src/source/disk/find-disk-sources.ts';
import { EngineSource } from '../../src/source/engine-api/engine-source.ts';
import { hasCode } from '../support/asserts.ts';
import { type BuiltRoot, writeDockerRoot } from '../support/docker-root.ts';
import { fakeEngine } from '../support/fake-engine.ts';
import { archiveOf, dockerArchive } from '../support/image-builder.ts';
import { splitLayer } from '../support/split-layer.ts';
import { directory, file, hardlink, symlink, tar, zeros } from '../support/tar-builder.ts';
import { collect, testFile, testFolder, testReader } from '../support/workbench.ts';

const LARGE = Uint8Array.from({ length: 700_001 }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 24);
const BASE = tar(directory('etc/'), file('etc/passwd', 'root:x:0:0\n'), file('etc/shadow', 'secret'), symlink('lib', 'usr/lib'));
const TOP = tar(file('etc/.wh.shadow', ''), file('app/large', LARGE), hardlink('app/link', 'app/large'), file('app/small', 'small'));
const LAYERS = [BASE, splitLayer(), TOP];

interface Opened extends BuiltRoot {
  readonly root: string;
  readonly reader: ArchiveReader;
  open(text: string): Promise<Archive>;
  /** The folder with a layer's files, by the layer's index. */
  files(layer: number): string;
  metadata(layer: number): string;
}

async function rootOf(
  t: TestContext,
  images: Parameters<typeof writeDockerRoot>[1] = [{ names: ['app:1'], layers: LAYERS }],
): Promise<Opened> {
  const root = testFolder(t);
  const built = await writeDockerRoot(root, images);
  const reader = testReader(t);
  const source = dockerRootSource(root);
  const layers = [...built.layers.values()];
  return {
    ...built,
    root,
    reader,
    open: async (text) => (await openNamed(parseImageWord(text) as SourceWord, [source], { reader })).archive,
    files: (layer) => layers[layer]?.files ?? '',
    metadata: (layer) => path.join(layers[layer]?.folder ?? '', 'tar-split.json.gz'),
  };
}

/** Returns a report without the fields about the image's source. */
function figures(report: ArchiveReport): unknown {
  const { format: _format, source: _source, ...rest } = report;
  return rest;
}

async function rawOf(reader: ArchiveReader, layer: ArchiveLayer): Promise<readonly RawMember[]> {
  const members: RawMember[] = [];
  for await (const member of reader.listRaw(layer)) members.push(member);
  return members;
}

async function bodyOf(reader: ArchiveReader, archive: Archive, layer: number, name: string): Promise<Uint8Array> {
  const found = archive.images[0]?.layers[layer];
  assert.ok(found);
  const [indexed] = await reader.indexLayers([found]);
  assert.ok(indexed);
  for (let member = 0; ; member++) {
    const { raw } = await reader.readHeader(found, indexed, member);
    if (Buffer.from(raw.name).toString('latin1') === name) return collect(reader.readBody(found, indexed, member));
  }
}

test('an image in Docker’s data root equals the one in its archive: figures, headers and contents', async (t) => {
  const { reader, open } = await rootOf(t);
  await using archive = await reader.open(testFile(t, archiveOf(dockerArchive([{ layers: LAYERS, tags: ['app:1'] }]))));
  await using image = await open('docker:app:1');
  assert.equal(image.format, 'docker');
  for (const verify of [false, true]) {
    assert.deepEqual(figures(await inspectArchive(reader, image, { verify })), figures(await inspectArchive(reader, archive, { verify })));
  }
  for (const [index, layer] of (archive.images[0]?.layers ?? []).entries()) {
    const split = image.images[0]?.layers[index];
    assert.ok(split?.blob?.split);
    assert.deepEqual(await rawOf(reader, split), await rawOf(reader, layer));
  }
  assert.deepEqual(await bodyOf(reader, image, 2, 'app/large'), await bodyOf(reader, archive, 2, 'app/large'));
});

test('a range of a large file is read without the rest of the file', async (t) => {
  const { reader, open } = await rootOf(t);
  await using image = await open('docker:app:1');
  const layer = image.images[0]?.layers[2];
  assert.ok(layer);
  const [indexed] = await reader.indexLayers([layer]);
  assert.ok(indexed);
  const bytes = await collect(reader.readBody(layer, indexed, 1, { start: 300_000, length: 70_000 }));
  assert.deepEqual(new Uint8Array(bytes), LARGE.slice(300_000, 370_000));
});

test('a file that has changed on disk is an error when read, and a finding when the image is verified', async (t) => {
  for (const [name, original] of [
    ['app/small', 'small'],
    ['app/large', LARGE],
  ] as const) {
    const { reader, open, files } = await rootOf(t);
    await using image = await open('docker:app:1');
    const changed = Uint8Array.from(Buffer.from(original));
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    writeFileSync(path.join(files(2), name), changed);
    await assert.rejects(bodyOf(reader, image, 2, name), hasCode('DIGEST_MISMATCH'));
    const { findings } = await inspectArchive(reader, image, { verify: true });
    assert.deepEqual(
      findings.filter(({ severity }) => severity === 'error').map(({ code, layer }) => `${code} ${layer}`),
      ['diffid-mismatch 2', 'changed-on-disk 2'],
    );
    assert.match(findings.find(({ code }) => code === 'changed-on-disk')?.message ?? '', new RegExp(`^${name} has changed on the disk`));
    assert.deepEqual(
      (await inspectArchive(reader, image)).findings.filter(({ severity }) => severity === 'error'),
      [],
      'the list needs no files',
    );
  }
});

test('only regular files with the right size inside the layer’s folder are read', async (t) => {
  const outside = testFile(t, Buffer.from('small'), 'small');
  const replaced = (file: string, make: () => void): void => {
    rmSync(file, { recursive: true });
    make();
  };
  const cases: readonly (readonly [what: string, change: (small: string, app: string) => void, code: string])[] = [
    ['removed', (small) => rmSync(small), 'DIGEST_MISMATCH'],
    ['longer', (small) => writeFileSync(small, 'smaller'), 'DIGEST_MISMATCH'],
    ['a folder', (small) => replaced(small, () => mkdirSync(small)), 'DIGEST_MISMATCH'],
    ['a link to the same content', (small) => replaced(small, () => symlinkSync(outside, small)), 'DIGEST_MISMATCH'],
    ['below a link out of the layer', (_small, app) => replaced(app, () => symlinkSync(path.dirname(outside), app)), 'PATH_ESCAPE'],
    ['below a link to a folder above', (_small, app) => replaced(app, () => symlinkSync('../../../..', app)), 'PATH_ESCAPE'],
  ];
  for (const [what, change, code] of cases) {
    const { reader, open, files } = await rootOf(t);
    await using image = await open('docker:app:1');
    change(path.join(files(2), 'app', 'small'), path.join(files(2), 'app'));
    await assert.rejects(bodyOf(reader, image, 2, 'app/small'), hasCode(code), what);
    const { findings } = await inspectArchive(reader, image, { verify: true });
    const expected = code === 'PATH_ESCAPE' ? 'path-escape' : 'changed-on-disk';
    assert.ok(
      findings.some((found) => found.code === expected && /app\/small/.test(found.message)),
      what,
    );
  }
});

test('a pipe in place of a document is an error at once, and a layer’s folder that is a link out of the root is not opened', async (t) => {
  const { root, open, files } = await rootOf(t);
  const elsewhere = testFolder(t);
  mkdirSync(path.join(elsewhere, 'etc'));
  writeFileSync(path.join(elsewhere, 'etc', 'passwd'), 'root:x:0:0\n');
  rmSync(files(0), { recursive: true });
  symlinkSync(elsewhere, files(0));
  await assert.rejects(open('docker:app:1'), hasCode('PATH_ESCAPE'));
  const document = path.join(root, 'image', 'overlay2', 'repositories.json');
  rmSync(document);
  execFileSync('mkfifo', [document]);
  await assert.rejects(open('docker:app:1'), /is not a file/);
});

test('a link that replaces a layer’s folder while the image is open is not followed', async (t) => {
  const swaps: Readonly<Record<string, (files: string) => string>> = {
    'the folder itself': (files) => files,
    'a folder above it': path.dirname,
    'the folder of all layers': (files) => path.dirname(path.dirname(files)),
  };
  for (const [what, swapped] of Object.entries(swaps)) {
    for (const isIndexed of [false, true]) {
      const { reader, open, files } = await rootOf(t);
      await using image = await open('docker:app:1');
      if (isIndexed) assert.equal(Buffer.from(await bodyOf(reader, image, 2, 'app/small')).toString(), 'small');
      const folder = swapped(files(2));
      const elsewhere = testFolder(t);
      const fake = path.join(elsewhere, path.relative(folder, files(2)), 'app');
      mkdirSync(fake, { recursive: true });
      writeFileSync(path.join(fake, 'large'), new Uint8Array(LARGE.length).fill(1));
      writeFileSync(path.join(fake, 'small'), 'small');
      renameSync(folder, `${folder}.old`);
      symlinkSync(elsewhere, folder);
      // A large file's beginning is read before its checksum is known.
      await assert.rejects(bodyOf(reader, image, 2, 'app/large'), hasCode('PATH_ESCAPE'), what);
      await assert.rejects(bodyOf(reader, image, 2, 'app/small'), hasCode('PATH_ESCAPE'), what);
    }
  }
});

test('a file that was written through a link in its own layer is found at the link’s target', async (t) => {
  const { reader, open, files } = await rootOf(t, [{ names: ['x'], layers: [tar(symlink('lib', 'usr/lib'), file('lib/so', 'so'))] }]);
  mkdirSync(path.join(files(0), 'usr'));
  renameSync(path.join(files(0), 'lib'), path.join(files(0), 'usr', 'lib'));
  symlinkSync('usr/lib', path.join(files(0), 'lib'));
  await using image = await open('docker:x');
  assert.equal(Buffer.from(await bodyOf(reader, image, 0, 'lib/so')).toString(), 'so');
});

test('a name that points outside the folder opens nothing', async (t) => {
  const { reader, open, files } = await rootOf(t, [{ names: ['x'], layers: [tar(file('../../out', 'secret'), file('ok', 'ok'))] }]);
  writeFileSync(path.join(files(0), '../../out'), 'secret');
  await using image = await open('docker:x');
  await assert.rejects(bodyOf(reader, image, 0, '../../out'), hasCode('PATH_ESCAPE'));
  assert.equal(Buffer.from(await bodyOf(reader, image, 0, 'ok')).toString(), 'ok');
});

test('only a layer whose metadata is missing or damaged is affected; the others are listed', async (t) => {
  const cases: readonly (readonly [change: (metadata: string) => void, status: string, code: string])[] = [
    [(metadata) => rmSync(metadata), 'missing', 'missing-blob'],
    [(metadata) => truncateSync(metadata, 200), 'damaged', 'truncated'],
    [(metadata) => writeFileSync(metadata, 'not gzip'), 'damaged', 'damaged-blob'],
    [(metadata) => writeFileSync(metadata, gzipSync('{"type":3}\n')), 'damaged', 'damaged-blob'],
    [(metadata) => writeFileSync(metadata, gzipSync('{"type":1,"name":"x","size":5,"payload":"AAAAAAAAAAA="}\n')), 'damaged', 'bad-tar'],
  ];
  for (const verify of [false, true]) {
    for (const [change, status, code] of cases) {
      const { reader, open, metadata } = await rootOf(t);
      change(metadata(0));
      await using image = await open('docker:app:1');
      const { images, findings } = await inspectArchive(reader, image, { verify });
      const [layer, ...others] = images[0]?.layers ?? [];
      // Verifying reads zeros in place of a missing file, and zeros aren't a bad header.
      const isOther = verify && code === 'bad-tar';
      assert.equal(layer?.status, isOther ? 'present' : status, code);
      assert.ok(others.length === 2 && others.every((other) => other.status === 'present' && other.entries > 0), code);
      if (!verify || code !== 'bad-tar')
        assert.ok(
          findings.some((found) => found.code === code && found.layer === 0),
          code,
        );
    }
  }
});

test('an image is found by its names, its digest and its id’s first digits', async (t) => {
  const hex = 'ab'.repeat(32);
  const built = await rootOf(t, [
    { names: ['app:1', 'ghcr.io/x/app:2', `app@sha256:${hex}`], layers: [BASE] },
    { names: [], layers: [TOP] },
    { names: ['abcdef:latest'], layers: [BASE, TOP] },
  ]);
  const idOf = async (text: string): Promise<string | null | undefined> => {
    await using image = await built.open(text);
    return image.images[0]?.configDigest;
  };
  const [first = '', second = '', third = ''] = built.ids;
  for (const text of ['docker:app:1', 'app:1', 'docker.io/library/app:1', 'ghcr.io/x/app:2', `docker:app:9@sha256:${hex}`]) {
    assert.equal(await idOf(text), first, text);
  }
  for (const text of [`docker:${second}`, `docker:${second.slice(7)}`, `docker:${second.slice(7, 20)}`, `docker:${second.slice(0, 20)}`]) {
    assert.equal(await idOf(text), second, text);
  }
  assert.equal(await idOf('docker:abcdef'), third, 'a name of hex digits');
  await assert.rejects(
    built.open('docker:app:2'),
    (error: Error) => hasCode('NOT_FOUND')(error) && /^docker:app:2: docker \(.*\): no such image$/.test(error.message),
  );
  await assert.rejects(
    built.open('app:2'),
    (error: Error) => hasCode('NOT_FOUND')(error) && /^app:2: docker \(.*\): no such image; podman: no socket$/.test(error.message),
  );
  await assert.rejects(built.open('docker:000000'), hasCode('NOT_FOUND'));
});

test('an id prefix that matches two images is refused, and the error lists both', async (t) => {
  const { root, open, ids } = await rootOf(t, [{ layers: [BASE] }]);
  const content = path.join(root, 'image', 'overlay2', 'imagedb', 'content', 'sha256');
  const [id = ''] = ids;
  const twin = `${id.slice(7, 27)}${'0'.repeat(44)}`;
  writeFileSync(path.join(content, twin), '{}');
  await assert.rejects(
    open(`docker:${id.slice(7, 19)}`),
    (error: Error) => hasCode('USAGE')(error) && error.message.includes(id) && error.message.includes(twin),
  );
});

test('what Docker’s data root says about an image is checked', async (t) => {
  const cases: readonly (readonly [what: string, change: (built: Opened) => void, code: string])[] = [
    [
      'a config of another hash',
      ({ root, ids }) => writeFileSync(path.join(root, 'image/overlay2/imagedb/content/sha256', ids[0]?.slice(7) ?? ''), '{"os":"linux"}'),
      'DIGEST_MISMATCH',
    ],
    [
      'another diffID',
      ({ metadata }) => writeFileSync(path.join(path.dirname(metadata(0)), 'diff'), `sha256:${'0'.repeat(64)}`),
      'DIGEST_MISMATCH',
    ],
    [
      'a cache id that leads elsewhere',
      ({ metadata }) => writeFileSync(path.join(path.dirname(metadata(0)), 'cache-id'), '../../../etc'),
      'DAMAGED',
    ],
    [
      'repositories.json cut off',
      ({ root }) => writeFileSync(path.join(root, 'image/overlay2/repositories.json'), '{"Repo'),
      'BAD_MANIFEST',
    ],
  ];
  for (const [what, change, code] of cases) {
    const built = await rootOf(t);
    change(built);
    await assert.rejects(built.open('docker:app:1'), hasCode(code), what);
  }
});

test('the list of Docker’s images has names, ids, digests, sizes and platforms', async (t) => {
  const hex = 'cd'.repeat(32);
  const { root, ids } = await rootOf(t, [{ names: ['app:1', `app@sha256:${hex}`], layers: [BASE, TOP] }, { layers: [TOP] }]);
  const listed = await dockerRootSource(root).list?.({});
  assert.deepEqual(
    listed
      ?.map(({ names, id, digest, sizeBytes, platform }) => ({ names, id, digest, sizeBytes, platform }))
      .sort((a, b) => b.names.length - a.names.length),
    [
      { names: ['app:1'], id: ids[0], digest: `sha256:${hex}`, sizeBytes: BASE.length + TOP.length, platform: 'linux/amd64' },
      { names: [], id: ids[1], digest: null, sizeBytes: TOP.length, platform: 'linux/amd64' },
    ],
  );
});

test('an image whose config can’t be used doesn’t hide the others in the list', async (t) => {
  const { root, ids } = await rootOf(t, [{ names: ['app:1'], layers: [BASE] }]);
  const diffIds = Array.from({ length: 10_001 }, (_, at) => `sha256:${at.toString(16).padStart(64, '0')}`);
  const config = JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: diffIds } });
  const hex = createHash('sha256').update(config).digest('hex');
  writeFileSync(path.join(root, 'image/overlay2/imagedb/content/sha256', hex), config);
  const listed = (await dockerRootSource(root).list?.({})) ?? [];
  assert.deepEqual(
    new Map(listed.map(({ id, sizeBytes }) => [id, sizeBytes])),
    new Map([
      [ids[0], BASE.length],
      [`sha256:${hex}`, null],
    ]),
  );
});

test('an index is cached under the metadata’s identity, and read again when the metadata changes', async (t) => {
  const { root, metadata } = await rootOf(t);
  const cacheFolder = testFolder(t);
  const entries = async (): Promise<number | undefined> => {
    await using reader = testReader(t, { cacheFolder });
    await using image = (await openNamed(parseImageWord('docker:app:1') as SourceWord, [dockerRootSource(root)], { reader })).archive;
    return (await inspectArchive(reader, image)).images[0]?.layers[0]?.entries;
  };
  assert.equal(await entries(), 4);
  assert.equal(await entries(), 4);
  writeFileSync(metadata(0), readFileSync(metadata(2)));
  assert.equal(await entries(), 4);
  writeFileSync(metadata(0), gzipSync(''));
  assert.equal(await entries(), 0);
});

test('Docker’s folders are used only if the user’s Docker is on this machine', async (t) => {
  const home = testFolder(t);
  const root = path.join(home, '.local', 'share', 'docker');
  mkdirSync(path.join(home, '.docker'), { recursive: true });
  mkdirSync(path.join(root, 'image'), { recursive: true });
  const places = (env: Record<string, string>, platform: NodeJS.Platform = 'linux'): readonly string[] =>
    findDiskSources({ env, home, platform, offline: false })
      .filter(({ kind }) => kind === 'docker')
      .map(({ place }) => place)
      .filter((place) => place.startsWith(home));
  assert.deepEqual(places({}), [root]);
  assert.deepEqual(places({ DOCKER_CONTEXT: 'rootless' }), [root]);
  assert.deepEqual(places({ DOCKER_HOST: 'unix:///run/user/7/docker.sock', XDG_RUNTIME_DIR: '/run/user/7' }), [root]);
  // A Docker at any other address has a different folder. This folder belongs to a rootless Docker, so the system's Docker doesn't use it
  // either.
  assert.deepEqual(places({ DOCKER_HOST: 'unix:///x.sock' }), []);
  assert.deepEqual(places({ DOCKER_HOST: 'unix:///var/run/docker.sock' }), []);
  assert.deepEqual(places({ DOCKER_HOST: 'tcp://h:2375' }), []);
  assert.deepEqual(places({ DOCKER_HOST: 'ssh://h' }), []);
  assert.deepEqual(places({ DOCKER_CONTEXT: 'far' }), []);
  assert.deepEqual(places({}, 'win32'), []);
  writeFileSync(path.join(home, '.docker', 'config.json'), '{"currentContext":"far"}');
  assert.deepEqual(places({}), []);
  const moved = path.join(home, 'moved');
  mkdirSync(path.join(moved, 'image'), { recursive: true });
  mkdirSync(path.join(home, '.config', 'docker'), { recursive: true });
  writeFileSync(path.join(home, '.config', 'docker', 'daemon.json'), JSON.stringify({ 'data-root': moved }));
  assert.deepEqual(places({ DOCKER_CONTEXT: 'default' }), [moved]);
});

test('a layer of only zeros is read back as such', async (t) => {
  const { reader, open } = await rootOf(t, [{ names: ['x'], layers: [tar(file('zeros', zeros(100_000)), file('empty', ''))] }]);
  await using image = await open('docker:x');
  assert.deepEqual((await inspectArchive(reader, image, { verify: true })).findings, []);
});

/** Returns the figures without the findings about the disk, and the codes and layers of those findings. */
function splitFindings(report: ArchiveReport): unknown {
  const isDisk = ({ code }: { code: string }): boolean => code === 'changed-on-disk';
  const changed = report.findings.filter(isDisk).map(({ code, layer }) => `${code} ${layer}`);
  const rest = figures(report) as ArchiveReport;
  return { ...rest, findings: rest.findings.filter((each) => !isDisk(each)), changed };
}

/** Sets up an image that can be read from Docker's folder and from its engine. The engine responds only if `isThere`. */
async function withOtherWay(t: TestContext, isThere = true, exported: Uint8Array[] = LAYERS) {
  const built = await rootOf(t);
  const { root, reader } = built;
  const [id = ''] = built.ids;
  const saved = archiveOf(dockerArchive([{ layers: exported, tags: ['app:1'] }]));
  const { engine, socket } = await fakeEngine(t);
  engine.images.push({ id, names: ['app:1'], archive: saved });
  const endpoint = { engine: 'docker', address: `unix://${isThere ? socket : '/none'}`, tls: null, identity: null } as const;
  const sources = [dockerRootSource(root), new EngineSource(endpoint, { offline: false, foldersIn: dockerFolderSources })];
  engine.dataRoot = root;
  const notes: string[] = [];
  const open = async (text: string): Promise<Archive> =>
    (await openNamed(parseImageWord(text) as SourceWord, sources, { reader, onNote: (note) => notes.push(note) })).archive;
  /** How often the image was exported. */
  const exports = (): number => engine.asked.filter((asked) => asked.endsWith('/get')).length;
  return { ...built, saved, open, notes, exports, address: endpoint.address };
}

test('an image whose layers are damaged on disk is read through its engine, with a note', async (t) => {
  const cases: readonly (readonly [what: string, change: (metadata: string, files: string) => void, note: RegExp])[] = [
    ['no metadata', (metadata) => rmSync(metadata), /^layer 0 is not on the disk: asking the engine/],
    ['cut off', (metadata) => truncateSync(metadata, 200), /^layer 0 is damaged on the disk: .*: asking the engine/],
    ['not gzip', (metadata) => writeFileSync(metadata, 'not gzip'), /^layer 0 is damaged on the disk: .*: asking the engine/],
    ['no files', (_metadata, files) => rmSync(files, { recursive: true }), /^the files of layer 0 are not on the disk: asking the engine/],
  ];
  for (const [what, change, note] of cases) {
    for (const word of ['docker:app:1', 'app:1']) {
      const { reader, metadata, files, open, saved, notes, exports, address } = await withOtherWay(t);
      change(metadata(0), files(0));
      await using image = await open(word);
      await using archive = await reader.open(testFile(t, saved));
      const report = await inspectArchive(reader, image, { verify: true });
      const expected = figures(await inspectArchive(reader, archive, { verify: true })) as ArchiveReport;
      assert.deepEqual(splitFindings(report), { ...expected, changed: ['changed-on-disk undefined'] }, what);
      assert.deepEqual([image.source?.host, exports()], [address, 1], what);
      assert.match(report.source?.fallback ?? '', /^(the files of )?layer 0 /);
      assert.equal(notes.length, 1);
      assert.match(notes[0] ?? '', note);
      assert.ok((await bodyOf(reader, image, 2, 'app/large')).length === LARGE.length);
    }
  }
});

test('a file that has changed on disk is read through the engine, and verifying reports the change', async (t) => {
  const changes: readonly ((small: string, large: string) => void)[] = [
    (small, large) => {
      writeFileSync(small, 'SMALL');
      writeFileSync(
        large,
        LARGE.map((byte, at) => (at === 600_000 ? byte ^ 1 : byte)),
      );
    },
    (small, large) => {
      rmSync(small);
      rmSync(large);
    },
  ];
  for (const change of changes) {
    const { reader, files, open, saved, notes, exports } = await withOtherWay(t);
    await using image = await open('docker:app:1');
    await using archive = await reader.open(testFile(t, saved));
    change(path.join(files(2), 'app', 'small'), path.join(files(2), 'app', 'large'));
    assert.deepEqual([exports(), image.source?.fallback], [0, undefined]);
    assert.equal(Buffer.from(await bodyOf(reader, image, 2, 'app/small')).toString(), 'small');
    assert.deepEqual(new Uint8Array(await bodyOf(reader, image, 2, 'app/large')), LARGE);
    assert.match(image.source?.fallback ?? '', /^layer 2: app\/(small|large) /);
    const expected = figures(await inspectArchive(reader, archive, { verify: true })) as ArchiveReport;
    const report = await inspectArchive(reader, image, { verify: true });
    assert.deepEqual(splitFindings(report), { ...expected, changed: ['changed-on-disk 2', 'changed-on-disk 2'] });
    assert.deepEqual([exports(), notes.length], [1, 1], 'the image is exported once');
  }
});

test('without an engine to ask, a damaged layer is shown as far as it can be read', async (t) => {
  // An engine that has a different image by that name doesn't help either.
  for (const isThere of [false, true]) {
    const { reader, metadata, files, open, exports } = await withOtherWay(t, isThere, [BASE]);
    await using before = await open('docker:app:1');
    rmSync(path.join(files(2), 'app', 'small'));
    await assert.rejects(bodyOf(reader, before, 2, 'app/small'), hasCode('DIGEST_MISMATCH'));
    rmSync(metadata(0));
    await using image = await open('docker:app:1');
    const { images, source } = await inspectArchive(reader, image);
    assert.deepEqual(
      images[0]?.layers.map(({ status }) => status),
      ['missing', 'present', 'present'],
    );
    assert.deepEqual([exports(), source?.fallback], [isThere ? 2 : 0, undefined]);
  }
});
