import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ArchiveLayer, type ArchiveReader, chainIds } from '#archive';
import { inspectArchive } from '#engine';
import { type EngineKind, parseImageWord } from '#format/reference';
import type { SourceWord } from '#source';
import { dockerContainerFolder } from '../../../src/source/disk/docker-container.ts';
import { dockerFolderSources } from '../../../src/source/disk/find-disk-sources.ts';
import type { EngineEndpoint } from '../../../src/source/engine-api/endpoints.ts';
import { EngineClient } from '../../../src/source/engine-api/engine-client.ts';
import { EngineSource } from '../../../src/source/engine-api/engine-source.ts';
import { SshAgent, sshArguments } from '../../../src/source/engine-api/ssh-agent.ts';
import { HttpClient } from '../../../src/source/http/http-client.ts';
import type { TlsFiles } from '../../../src/source/http/tls-files.ts';
import { hasCode } from '../../support/asserts.ts';
import { writeDockerRoot } from '../../support/docker-root.ts';
import { fakeEngine, listeningEngine } from '../../support/fake-engine.ts';
import { archiveOf, digestOf, dockerArchive, Files, ociImage, ociLayout } from '../../support/image-builder.ts';
import { entriesOf } from '../../support/image-figures.ts';
import { concat, directory, file, pax, tar } from '../../support/tar-builder.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../../support/test-certificate.ts';
import { atEnd, pathsOf, testFolder, testReader } from '../../support/workbench.ts';

const ARCHIVE = dockerArchive([{ layers: [tar(file('a', 'x')), tar(file('b', 'y'))], tags: ['app:1'] }]);
const DIFF_IDS = [tar(file('a', 'x')), tar(file('b', 'y'))].map(digestOf);
const CONFIG = [...ARCHIVE].find(([name]) => /^[0-9a-f]{64}\.json$/.test(name))?.[1] ?? new Uint8Array(0);
const IMAGE = { id: digestOf(CONFIG), names: ['app:1'], archive: archiveOf(ARCHIVE) };

interface Asking {
  readonly engine?: EngineKind;
  readonly tls?: TlsFiles;
  readonly offline?: boolean;
  readonly silenceMs?: number;
}

function sourceAt(address: string, { engine = 'docker', tls, offline = false, silenceMs }: Asking = {}): EngineSource {
  const endpoint: EngineEndpoint = { engine, address, tls: tls === undefined ? null : () => tls, identity: null };
  return new EngineSource(endpoint, { offline, ...(silenceMs === undefined ? {} : { silenceMs }) });
}

const wordOf = (text: string): SourceWord => parseImageWord(text) as SourceWord;

async function pathsIn(reader: ArchiveReader, archive: Awaited<ReturnType<EngineSource['open']>>): Promise<string[]> {
  const layers = await reader.indexLayers(archive.images[0]?.layers ?? []);
  return layers.flatMap((layer) => [...pathsOf(layer)]);
}

test('an image opens by name, by id and by id prefix, with the engine’s version of the API', async (t) => {
  const { engine, socket } = await fakeEngine(t);
  engine.images.push(IMAGE);
  const source = sourceAt(`unix://${socket}`);
  for (const word of ['docker:app:1', `docker:${IMAGE.id}`, `docker:${IMAGE.id.slice(7, 17)}`, 'app:1']) {
    const reader = testReader(t);
    const archive = await source.open(wordOf(word), { reader });
    assert.deepEqual([archive.format, archive.source?.kind, archive.source?.host], ['docker', 'docker', `unix://${socket}`]);
    assert.equal(archive.images[0]?.configDigest, IMAGE.id);
    assert.deepEqual(await pathsIn(reader, archive), ['a', 'b'], word);
    assert.ok((archive.source?.fetchedBytes ?? 0) > IMAGE.archive.length);
    await archive[Symbol.asyncDispose]();
  }
  assert.ok(
    engine.asked.every((line) => line === 'GET /_ping' || line.startsWith('GET /v1.41/')),
    engine.asked.join('\n'),
  );
});

test('for a listing, an image is requested again only if a layer is damaged', async (t) => {
  const { engine, socket } = await fakeEngine(t);
  const whole = tar(file('big', new Uint8Array(400_000).fill(7)));
  const source = sourceAt(`unix://${socket}`);
  for (const [layer, status, exports] of [
    [whole, 'present', 1],
    [whole.subarray(0, 300_032), 'damaged', 2],
  ] as const) {
    engine.images.splice(0, engine.images.length, { ...IMAGE, archive: archiveOf(dockerArchive([{ layers: [layer], tags: ['app:1'] }])) });
    engine.asked.length = 0;
    const reader = testReader(t);
    await using archive = await source.open(wordOf('docker:app:1'), { reader, isForListing: true });
    const layers = await reader.indexLayers(archive.images[0]?.layers ?? []);
    assert.deepEqual(
      layers.map((each) => each?.status),
      [status],
    );
    assert.equal(engine.asked.filter((line) => line.endsWith('/get')).length, exports);
  }
});

test('a container is its image plus one layer: its changes, byte for byte, and whiteouts', async (t) => {
  const { engine, socket } = await fakeEngine(t);
  engine.images.push(IMAGE);
  const long = `new/${'n'.repeat(120)}`;
  const changed = [directory('new/'), concat(pax({ path: long }), file('short', 'long name')), file('a', 'changed')];
  engine.containers.push({
    id: 'c'.repeat(64),
    name: 'web',
    image: IMAGE.id,
    changes: [
      { Path: '/new', Kind: 1 },
      { Path: `/${long}`, Kind: 1 },
      { Path: '/a', Kind: 0 },
      { Path: '/b', Kind: 2 },
      { Path: '/gone/deep', Kind: 2 },
    ],
    files: tar(directory('etc/'), file('etc/passwd', 'x'), ...changed, file('unchanged', 'x')),
  });
  const source = sourceAt(`unix://${socket}`);
  for (const word of ['container:docker/web', 'container:docker/cccccc', 'container:web']) {
    assert.ok(source.answers(wordOf(word)), word);
    const reader = testReader(t);
    const archive = await source.open(wordOf(word), { reader });
    const [image] = archive.images;
    assert.deepEqual([archive.title, image?.layers.length, image?.layers[2]?.createdBy], ['web', 3, 'changes of the container web']);
    const layers = await reader.indexLayers(image?.layers ?? []);
    assert.deepEqual(layers[2]?.findings, []);
    const raw: string[] = [];
    for await (const { name, type } of reader.listRaw(image?.layers[2] as ArchiveLayer))
      raw.push(`${type} ${Buffer.from(name).toString()}`);
    assert.deepEqual(raw, ['file .wh.b', 'file gone/.wh.deep', 'directory new/', `file ${long}`, 'file a']);
    const report = await inspectArchive(reader, archive);
    const { added, modified, removed } = report.images[0]?.layers[2] ?? {};
    assert.deepEqual([added, modified, removed], [2, 1, 1]);
    await archive[Symbol.asyncDispose]();
  }
  await assert.rejects(source.open(wordOf('container:docker/none'), { reader: testReader(t) }), hasCode('NOT_FOUND'));
  assert.ok(!sourceAt(`unix://${socket}`, { engine: 'podman' }).answers(wordOf('container:docker/web')));
});

test('requests use the older of the two API versions, and no version for an engine that states none', async (t) => {
  const { engine, socket } = await fakeEngine(t);
  engine.images.push(IMAGE);
  for (const [version, minimum, prefix] of [
    ['1.56', '1.40', '/v1.48/'],
    ['1.24', '1.12', '/v1.24/'],
    [null, '1.12', '/images/'],
  ] as const) {
    Object.assign(engine, { version, minimum });
    engine.asked.length = 0;
    assert.equal((await sourceAt(`unix://${socket}`).list({})).length, 1);
    assert.deepEqual(engine.asked, ['GET /_ping', `GET ${prefix}${prefix === '/images/' ? '' : 'images/'}json`]);
  }
});

test('an engine’s list of images has names, ids and sizes, and no names for an unnamed image', async (t) => {
  const { engine, socket } = await fakeEngine(t);
  engine.images.push(IMAGE, { ...IMAGE, id: `sha256:${'1'.repeat(64)}`, names: [] });
  assert.deepEqual(await sourceAt(`unix://${socket}`).list({}), [
    { names: ['app:1'], id: IMAGE.id, digest: null, sizeBytes: 5, created: '1970-01-01T00:00:01.000Z', platform: null },
    { names: [], id: `sha256:${'1'.repeat(64)}`, digest: null, sizeBytes: 5, created: '1970-01-01T00:00:01.000Z', platform: null },
  ]);
});

test('a size that isn’t a number of bytes and a time outside the years 1 to 9999 are unknown', async (t) => {
  const { engine, socket } = await fakeEngine(t);
  const stated: readonly (readonly [size: unknown, created: unknown, sizeBytes: number | null, time: string | null])[] = [
    [1e308, 1e300, null, null],
    [-5, -1e12, null, null],
    [0.5, 253_402_300_800, null, null],
    [2 ** 53, -62_135_596_800, null, null],
    ['7', '1', null, null],
    [0, 253_402_300_799, 0, '9999-12-31T23:59:59.000Z'],
    [2 ** 53 - 1, -62_104_060_800, 2 ** 53 - 1, '0002-01-01T00:00:00.000Z'],
  ];
  engine.images.push(...stated.map(([size, created]) => ({ ...IMAGE, size, created })));
  const listed = await sourceAt(`unix://${socket}`).list({});
  assert.deepEqual(
    listed.map(({ sizeBytes, created }) => [sizeBytes, created]),
    stated.map(([, , sizeBytes, created]) => [sizeBytes, created]),
  );
});

test('an id prefix shared by two images is refused, and the error names both', async (t) => {
  const { engine, socket } = await fakeEngine(t);
  const ids = ['1', '2'].map((end) => `sha256:${end.padStart(64, 'abcdef')}`);
  engine.images.push(...ids.map((id) => ({ ...IMAGE, id, names: [] })));
  await assert.rejects(sourceAt(`unix://${socket}`).open(wordOf('docker:abcdef'), { reader: testReader(t) }), (error: Error) => {
    assert.ok(ids.every((id) => error.message.includes(id)));
    return hasCode('USAGE')(error);
  });
});

test('an engine that can choose the platform does, and a missing platform is reported', async (t) => {
  const { engine, socket } = await fakeEngine(t);
  engine.images.push({ ...IMAGE, platforms: ['linux/amd64'] });
  engine.version = '1.48';
  const source = sourceAt(`unix://${socket}`);
  const archive = await source.open(wordOf('docker:app:1'), { reader: testReader(t), platform: 'linux/amd64' });
  assert.equal(archive.images.length, 1);
  await assert.rejects(source.open(wordOf('docker:app:1'), { reader: testReader(t), platform: 'linux/arm64' }), (error: Error) => {
    assert.match(error.message, /no match for platform linux\/arm64/);
    return hasCode('NOT_FOUND')(error);
  });
});

test('Podman is recognized by its response, whatever the socket', async (t) => {
  const { engine, socket } = await fakeEngine(t);
  engine.images.push(IMAGE);
  engine.isPodman = true;
  const archive = await sourceAt(`unix://${socket}`).open(wordOf('docker:app:1'), { reader: testReader(t) });
  assert.deepEqual([archive.format, archive.source?.kind], ['podman', 'podman']);
  const podman = sourceAt(`unix://${socket}`, { engine: 'podman' });
  assert.deepEqual(
    [podman.answers(wordOf('podman:app')), podman.answers(wordOf('docker:app')), podman.answers(wordOf('app'))],
    [true, false, true],
  );
});

test('if an engine is missing, refuses, hangs, disconnects or has lost the image, the error gives the reason, without the address', async (t) => {
  const { engine, socket } = await fakeEngine(t);
  engine.images.push(IMAGE);
  const open = (address: string, options: Asking = {}) =>
    sourceAt(address, options).open(wordOf('docker:app:1'), { reader: testReader(t) });
  const folder = testFolder(t);
  writeFileSync(path.join(folder, 'file'), '');
  const expected: [() => Promise<unknown>, string, RegExp][] = [
    [() => open(`unix://${folder}/none`), 'UNREACHABLE', /^no socket$/],
    [() => open(`unix://${folder}/file`), 'UNREACHABLE', /^(refuses connections|not a socket)$/],
    [() => open('tcp://127.0.0.1:1'), 'UNREACHABLE', /^refuses connections$/],
    [() => open(`unix://${socket}`, { offline: true }), 'UNREACHABLE', /^not contacted, because of --offline$/],
    [() => sourceAt(`unix://${socket}`).open(wordOf('docker:none'), { reader: testReader(t) }), 'NOT_FOUND', /^no such image$/],
  ];
  for (const [ask, code, message] of expected) {
    await assert.rejects(ask(), (error: Error) => {
      assert.match(error.message, message);
      return hasCode(code)(error);
    });
  }
  engine.faults.goneMeanwhile = true;
  await assert.rejects(open(`unix://${socket}`), hasCode('NOT_FOUND'));
  engine.faults.goneMeanwhile = false;
  engine.faults.cut = true;
  await assert.rejects(open(`unix://${socket}`), hasCode('UNREACHABLE'));
  engine.faults.status = 500;
  await assert.rejects(open(`unix://${socket}`), (error: Error) => {
    assert.match(error.message, /^answered with status 500: the engine said so$/);
    return hasCode('UNREACHABLE')(error);
  });
  engine.faults.hangs = true;
  await assert.rejects(open(`unix://${socket}`, { silenceMs: 50 }), hasCode('UNREACHABLE'));
});

test('an engine over TLS gets the client’s certificate, and the engine’s certificate is checked', async (t) => {
  const options = { key: TEST_KEY, cert: TEST_CERTIFICATE, ca: TEST_CERTIFICATE, requestCert: true, rejectUnauthorized: true };
  const { engine, port } = await listeningEngine(t, https.createServer(options));
  engine.images.push(IMAGE);
  const files = { ca: [TEST_CERTIFICATE], cert: TEST_CERTIFICATE, key: TEST_KEY };
  const address = `tcp://127.0.0.1:${port}`;
  assert.equal((await sourceAt(address, { tls: files }).list({})).length, 1);
  for (const tls of [{ ca: [TEST_CERTIFICATE] }, { cert: TEST_CERTIFICATE, key: TEST_KEY }, {}]) {
    await assert.rejects(sourceAt(address, { tls }).list({}), hasCode('UNREACHABLE'));
  }
  await assert.rejects(sourceAt(address).list({}), hasCode('UNREACHABLE'));
});

test('over ssh, the streams of the user’s ssh are the connection', async (t) => {
  const { engine, socket } = await fakeEngine(t);
  engine.images.push(IMAGE);
  const program = path.join(testFolder(t), 'ssh');
  const script = path.join(testFolder(t), 'bridge.cjs');
  const connect = `const socket = require('node:net').connect(${JSON.stringify(socket)});`;
  writeFileSync(script, `${connect}\nprocess.stdin.pipe(socket).pipe(process.stdout);\nsocket.on('close', () => process.exit());\n`);
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${script}"\n`);
  chmodSync(program, 0o755);
  const agent = new SshAgent({ host: 'machine', user: '', port: '', command: 'docker', identity: null, program });
  const client = httpOver(t, agent);
  assert.deepEqual(
    (await new EngineClient(client).images()).map(({ id }) => id),
    [IMAGE.id],
  );
  const reply = await new EngineClient(client).exportImage('app:1', undefined);
  assert.equal(Buffer.from(await reply.bytes(1e6)).compare(IMAGE.archive), 0);
});

test('the error that ssh prints is the reason', async (t) => {
  const program = path.join(testFolder(t), 'ssh');
  writeFileSync(program, '#!/bin/sh\necho "warning: x" >&2\necho "me@machine: Permission denied (publickey)." >&2\nexit 255\n');
  chmodSync(program, 0o755);
  for (const [at, message] of [
    [program, /Permission denied \(publickey\)/],
    [path.join(testFolder(t), 'none'), /cannot be started/],
  ] as const) {
    const agent = new SshAgent({ host: 'machine', user: '', port: '', command: 'docker', identity: null, program: at });
    await assert.rejects(new EngineClient(httpOver(t, agent)).images(), (error: Error) => {
      assert.match(error.message, message);
      return hasCode('UNREACHABLE')(error);
    });
  }
});

test('parts of an address become ssh arguments only where they can’t be options', async () => {
  assert.deepEqual(sshArguments({ host: 'machine', user: 'me', port: '2222', command: 'docker', identity: null }), [
    '-l',
    'me',
    '-p',
    '2222',
    '-o',
    'ConnectTimeout=30',
    '-T',
    '--',
    'machine',
    'docker',
    'system',
    'dial-stdio',
  ]);
  await assert.rejects(sourceAt('ssh://-oProxyCommand=touch%20x').list({}), hasCode('USAGE'));
});

function httpOver(t: TestContext, agent: http.Agent): HttpClient {
  const route = { agent, path: '', host: 'localhost', port: '', tls: null, headers: {}, place: 'ssh machine' };
  const router = { route: (url: URL) => ({ ...route, path: `${url.pathname}${url.search}` }), close: () => agent.destroy() };
  const client = new HttpClient({ router });
  atEnd(t, () => client[Symbol.dispose]());
  return client;
}

test('a local Docker’s image is read from the folder that Docker reports, if the folder has that image', async (t) => {
  const root = testFolder(t);
  const layers = [tar(directory('etc/'), file('etc/hosts', 'x')), tar(file('b', 'y'))];
  const [id = ''] = (await writeDockerRoot(root, [{ names: ['app:1'], layers }])).ids;
  const { engine, socket } = await fakeEngine(t);
  const address = `unix://${socket}`;
  engine.dataRoot = root;
  engine.images.push({ id, names: ['app:1'], archive: IMAGE.archive });
  const endpoint: EngineEndpoint = { engine: 'docker', address, tls: null, identity: null };
  const source = new EngineSource(endpoint, { offline: false, foldersIn: dockerFolderSources });
  const reader = testReader(t);
  {
    await using archive = await source.open(wordOf('docker:app:1'), { reader });
    assert.deepEqual(
      [archive.source?.host, archive.source?.reference, await pathsIn(reader, archive)],
      [root, 'app:1', ['etc', 'etc/hosts', 'b']],
    );
  }
  assert.ok(!engine.asked.some((asked) => asked.endsWith('/get')), 'nothing is exported');
  // The name is another image's, the folder is another Docker's, or the engine doesn't report a folder: the engine exports its own image.
  for (const change of [
    () => engine.images.splice(0, 1, IMAGE),
    () => {
      engine.dataRoot = testFolder(t);
    },
    () => {
      engine.dataRoot = 'not/absolute';
    },
    () => {
      engine.dataRoot = null;
    },
  ]) {
    change();
    await using archive = await source.open(wordOf('docker:app:1'), { reader });
    assert.deepEqual([archive.source?.host, await pathsIn(reader, archive)], [address, ['a', 'b']]);
  }
});

test('a container that changed a file whose name would be a whiteout is refused', async (t) => {
  for (const at of ['/.wh.b', '/.wh.d/f']) {
    const { engine, socket } = await fakeEngine(t);
    engine.images.push(IMAGE);
    engine.containers.push({
      id: 'c'.repeat(64),
      name: 'web',
      image: IMAGE.id,
      changes: [{ Path: at, Kind: 1 }],
      files: tar(file(at.slice(1), 'x')),
    });
    await assert.rejects(
      sourceAt(`unix://${socket}`).open(wordOf('container:docker/web'), { reader: testReader(t) }),
      hasCode('NAME_REFUSED'),
    );
  }
});

/** Why containers' folders can't be read here; false if they can. */
const noContainerFolders = process.platform === 'linux' && process.getuid?.() === 0 ? false : 'only root reads the folders of containers';

/** Writes a container's changes as overlay2 keeps them. Deleted paths are devices, as in the engine's list. */
function writeUpper(folder: string): void {
  const at = (name: string): string => path.join(folder, name);
  for (const name of ['new', 'new/deep', 'bin', 'opaque', 'unchanged']) mkdirSync(at(name), { recursive: true });
  writeFileSync(at(`new/${LONG}`), 'long name');
  writeFileSync(at('a'), 'changed');
  writeFileSync(at('opaque/one'), '1');
  writeFileSync(at('unchanged/file'), 'not in the list');
  writeFileSync(at('bin/tool'), 'tool', { mode: 0o755 });
  linkSync(at('bin/tool'), at('bin/tool-2'));
  symlinkSync('tool', at('bin/link'));
  execFileSync('mkfifo', [at('pipe')]);
  execFileSync('mknod', [at('b'), 'c', '0', '0']);
  chmodSync(at('a'), 0o4640);
  chownSync(at('a'), 7, 8);
  for (const name of ['a', `new/${LONG}`, 'opaque/one', 'bin/tool', 'pipe', 'new/deep', 'new', 'bin', 'opaque'])
    utimesSync(at(name), 1e9, 1e9 + 0.5);
  lutimesSync(at('bin/link'), 1e9, 1e9);
}

const LONG = 'n'.repeat(120);
const UPPER_CHANGES = [
  ...['/a', '/bin', '/new', '/pipe'].map((at) => ({ Path: at, Kind: 0 })),
  ...[`/new/${LONG}`, '/new/deep', '/opaque/one', '/bin/tool', '/bin/tool-2', '/bin/link'].map((at) => ({ Path: at, Kind: 1 })),
  ...['/b', '/opaque', '/gone/deep'].map((at) => ({ Path: at, Kind: 2 })),
];

async function containerBench(t: TestContext) {
  const root = testFolder(t);
  const upperDir = path.join(root, 'overlay2', 'x', 'diff');
  mkdirSync(upperDir, { recursive: true });
  writeUpper(upperDir);
  // What the engine exports, packed by another program.
  const names = readdirSync(upperDir).filter((name) => name !== 'b');
  const exported = execFileSync('tar', ['-C', upperDir, '--sort=name', '--format=posix', '-cf', '-', ...names]);
  const { engine, socket } = await fakeEngine(t);
  engine.images.push(IMAGE);
  engine.dataRoot = root;
  engine.containers.push({ id: 'c'.repeat(64), name: 'web', image: IMAGE.id, changes: UPPER_CHANGES, files: exported, upperDir });
  const mount = path.join(root, 'image', 'overlay2', 'layerdb', 'mounts', 'c'.repeat(64));
  mkdirSync(mount, { recursive: true });
  writeFileSync(path.join(mount, 'mount-id'), 'x');
  writeFileSync(path.join(mount, 'parent'), chainIds(DIFF_IDS).at(-1) ?? '');
  const home = path.join(root, 'home');
  mkdirSync(home);
  const endpoint: EngineEndpoint = { engine: 'docker', address: `unix://${socket}`, tls: null, identity: null };
  const withFolder = (userHome = home) =>
    new EngineSource(endpoint, {
      offline: false,
      foldersIn: dockerFolderSources,
      containerFolder: (dataRoot, container) => dockerContainerFolder(userHome, dataRoot, container),
    });
  return { root, upperDir, mount, home, socket, engine, byApi: sourceAt(`unix://${socket}`), withFolder };
}

/** Returns the entries and figures of the container's own layer. */
async function ownLayer(t: TestContext, source: EngineSource): Promise<unknown> {
  const reader = testReader(t);
  await using archive = await source.open(wordOf('container:docker/web'), { reader });
  const { images, findings } = await inspectArchive(reader, archive, { verify: true });
  const layer = archive.images[0]?.layers[2] as ArchiveLayer;
  const {
    blobBytes: _blob,
    tarBytes: _tar,
    diffId: _diff,
    digest: _digest,
    ...figures
  } = (images[0]?.layers[2] ?? {}) as Record<string, unknown>;
  return { entries: await entriesOf(reader, layer), figures, findings };
}

test('a container’s changes read from Docker’s folder equal the engine’s export', { skip: noContainerFolders }, async (t) => {
  const { engine, byApi, withFolder } = await containerBench(t);
  const expected = await ownLayer(t, byApi);
  assert.ok(engine.asked.some((asked) => asked.endsWith('/export')));
  engine.asked.length = 0;
  const found = await ownLayer(t, withFolder());
  assert.deepEqual(found, expected);
  const lines = (found as { entries: string[] }).entries.map((line) => line.split(' ')[0]);
  assert.deepEqual(lines, [
    ...['.wh.b', 'a', 'bin', 'bin/link', 'bin/tool', 'bin/tool-2', 'gone/.wh.deep', 'new', 'new/deep', `new/${LONG}`],
    ...['opaque', 'opaque/.wh..wh..opq', 'opaque/one', 'pipe'],
  ]);
  assert.ok(!engine.asked.some((asked) => asked.endsWith('/export')), 'the container is not exported');
});

test('if a container’s folder isn’t as the engine says, the engine’s export is read instead', { skip: noContainerFolders }, async (t) => {
  const changes: readonly [what: string, change: (bench: Awaited<ReturnType<typeof containerBench>>) => void][] = [
    ['a changed file is gone', ({ upperDir }) => rmSync(path.join(upperDir, 'a'))],
    [
      'a deleted file is back',
      ({ upperDir }) => {
        rmSync(path.join(upperDir, 'b'));
        writeFileSync(path.join(upperDir, 'b'), '');
      },
    ],
    [
      'another folder',
      ({ engine }) => {
        engine.dataRoot = testFolder(t);
      },
    ],
    [
      'ids are shifted',
      ({ engine, root }) => {
        const shifted = path.join(root, '1000.1000');
        symlinkSync(root, shifted);
        engine.dataRoot = shifted;
      },
    ],
    [
      'it is a link that leads elsewhere',
      ({ upperDir }) => {
        const elsewhere = testFolder(t);
        writeUpper(elsewhere);
        rmSync(upperDir, { recursive: true });
        symlinkSync(elsewhere, upperDir);
      },
    ],
  ];
  for (const [what, change] of changes) {
    const bench = await containerBench(t);
    const expected = await ownLayer(t, bench.byApi);
    change(bench);
    bench.engine.asked.length = 0;
    assert.deepEqual(await ownLayer(t, bench.withFolder()), expected, what);
    assert.ok(
      bench.engine.asked.some((asked) => asked.endsWith('/export')),
      what,
    );
  }
});

test('a folder that an engine reports as a container’s is read only if Docker’s own records there agree', {
  skip: noContainerFolders,
}, async (t) => {
  type Bench = Awaited<ReturnType<typeof containerBench>>;
  const changes: readonly [what: string, change: (bench: Bench) => void, isAtHome?: true][] = [
    ['there are no records', ({ root }) => rmSync(path.join(root, 'image'), { recursive: true })],
    ['they have another container', ({ mount }) => renameSync(mount, path.join(path.dirname(mount), 'd'.repeat(64)))],
    ['they name another folder', ({ mount }) => writeFileSync(path.join(mount, 'mount-id'), 'y')],
    ['they lead elsewhere', ({ mount }) => writeFileSync(path.join(mount, 'mount-id'), '../overlay2/x')],
    ['they name another image', ({ mount }) => writeFileSync(path.join(mount, 'parent'), DIFF_IDS[0] ?? '')],
    [
      'they are behind a link',
      ({ root, mount }) => {
        renameSync(path.dirname(mount), path.join(root, 'elsewhere'));
        symlinkSync(path.join(root, 'elsewhere'), path.dirname(mount));
      },
    ],
    ['others may change them', ({ mount }) => chmodSync(mount, 0o777)],
    ['another user may change the folders', ({ root }) => chownSync(path.join(root, 'overlay2'), 1000, 1000)],
    ['the socket is another user’s', ({ socket }) => chownSync(socket, 1000, 1000)],
    ['all of it is in the user’s home', () => undefined, true],
    [
      'all of it is behind a link to the user’s home',
      ({ root, home }) => {
        rmSync(home, { recursive: true });
        symlinkSync(root, home);
      },
    ],
  ];
  for (const [what, change, isAtHome = false] of changes) {
    const bench = await containerBench(t);
    change(bench);
    const home = isAtHome ? bench.root : bench.home;
    const { engine, withFolder } = bench;
    await ownLayer(t, withFolder(home));
    assert.ok(
      engine.asked.some((asked) => asked.endsWith('/export')),
      what,
    );
  }
});

test('an export whose index lists platforms without blobs shows the one that is there, and the others as missing', async (t) => {
  const blobs = new Files();
  const [own, other] = (['amd64', 'arm64'] as const).map((architecture) =>
    ociImage(blobs, {
      layers: [{ tar: tar(file('etc/arch', architecture)), packed: 'gzip' }],
      config: { architecture },
      platform: { os: 'linux', architecture },
      annotations: { 'io.containerd.image.name': 'docker.io/library/app:1' },
    }),
  );
  assert.ok(own && other);
  for (const each of [other, other.config, ...other.layers]) blobs.remove(each);
  const { engine, socket } = await fakeEngine(t);
  engine.images.push({ id: own.config.digest, names: ['app:1'], archive: archiveOf(ociLayout(blobs, [own, other])) });
  const reader = testReader(t);
  await using archive = await sourceAt(`unix://${socket}`).open(wordOf('docker:app:1'), { reader });
  const { images, findings } = await inspectArchive(reader, archive);
  assert.deepEqual(
    images.filter(({ layers }) => layers.length > 0).map(({ platform }) => platform),
    ['linux/amd64'],
  );
  assert.deepEqual(await pathsIn(reader, archive), ['etc/arch']);
  assert.ok(
    findings.every(({ severity }) => severity !== 'error'),
    JSON.stringify(findings),
  );
});
