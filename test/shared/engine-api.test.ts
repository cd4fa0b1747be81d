// Images read through a real engine's API equal the archives that the engine saves. Debian: docker.io, podman.
import assert from 'node:assert/strict';
import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseImageWord } from '#format/reference';
import type { SourceWord } from '#source';
import { dockerContainerFolder } from '../../src/source/disk/docker-container.ts';
import { dockerFolderSources } from '../../src/source/disk/find-disk-sources.ts';
import { EngineSource } from '../../src/source/engine-api/engine-source.ts';
import { EngineApi, engineProblem, podman, runEngine, startDocker } from '../support/engines.ts';
import { archiveOf, digestOf, dockerArchive } from '../support/image-builder.ts';
import { entriesOf, readEverything } from '../support/image-figures.ts';
import { directory, file, symlink, tar } from '../support/tar-builder.ts';
import { until } from '../support/waiting.ts';
import { testFile, testFolder, testReader } from '../support/workbench.ts';

const SAMPLE = readFileSync(path.join(import.meta.dirname, '..', '..', 'assets', 'sample.tar'));
const LAYERS = [
  tar(directory('etc/'), file('etc/shadow', 'secret', { mode: 0o640 }), symlink('bin', 'usr/bin')),
  tar(file('etc/.wh.shadow', '')),
];
const OTHER = archiveOf(dockerArchive([{ layers: LAYERS, tags: ['odd:1'] }]));

function sourceAt(engine: 'docker' | 'podman', socket: string): EngineSource {
  return new EngineSource({ engine, address: `unix://${socket}`, tls: null, identity: null }, { offline: false });
}

test('images read through a real Docker’s API equal its archives', { skip: engineProblem('dockerd') ?? false }, async (t) => {
  const { root, socket, api } = await startDocker(t);
  for (const archive of [SAMPLE, OTHER]) await api.call('POST', '/images/load', archive);
  const source = sourceAt('docker', socket);
  const endpoint = { engine: 'docker', address: `unix://${socket}`, tls: null, identity: null } as const;
  const withFolder = new EngineSource(endpoint, { offline: false, foldersIn: dockerFolderSources });
  const listed = await source.list({});
  assert.deepEqual(listed.flatMap(({ names }) => names).sort(), ['odd:1', 'sample/web-api:1.8']);
  const reader = testReader(t);
  for (const name of ['odd:1', 'sample/web-api:1.8', ...listed.map(({ id }) => id)]) {
    await using archive = await reader.open(testFile(t, await api.call('GET', `/images/${name}/get`)));
    await using image = await source.open(parseImageWord(`docker:${name}`) as SourceWord, { reader });
    assert.deepEqual([image.format, image.source?.kind], ['docker', 'docker']);
    assert.deepEqual(await readEverything(reader, image), await readEverything(reader, archive), name);
    await using read = await withFolder.open(parseImageWord(`docker:${name}`) as SourceWord, { reader });
    assert.equal(read.source?.host, root);
    // An export by id has no names; the folder has all names.
    if (!name.startsWith('sha256:'))
      assert.deepEqual(await readEverything(reader, read), await readEverything(reader, archive), `${name} from the folder`);
  }
});

test('a real Docker’s container is its image plus the changes made in the container', {
  skip: engineProblem('dockerd') ?? false,
}, async (t) => {
  const { root, socket, api } = await startDocker(t);
  await api.call('POST', '/images/load', OTHER);
  const container = Buffer.from(JSON.stringify({ Image: 'odd:1', Cmd: ['x'] }));
  await api.call('POST', '/containers/create?name=box', container, 'application/json');
  const added = tar(directory('srv/'), file('srv/new', 'new'), file('etc/shadow', 'again'));
  await api.call('PUT', '/containers/box/archive?path=/', added);
  const reader = testReader(t);
  await using archive = await sourceAt('docker', socket).open(parseImageWord('container:docker/box') as SourceWord, { reader });
  const [image] = archive.images;
  const layer = image?.layers.at(-1);
  assert.deepEqual([image?.layers.length, layer?.createdBy], [3, 'changes of the container box']);
  const found: string[] = [];
  if (layer !== undefined) for await (const { name } of reader.listRaw(layer)) found.push(Buffer.from(name).toString());
  assert.ok(
    ['srv/', 'srv/new', 'etc/shadow'].every((name) => found.includes(name)),
    found.join(' '),
  );
  assert.ok(!found.includes('bin'));
  const endpoint = { engine: 'docker', address: `unix://${socket}`, tls: null, identity: null } as const;
  const withFolder = new EngineSource(endpoint, {
    offline: false,
    foldersIn: dockerFolderSources,
    containerFolder: (dataRoot, container) => dockerContainerFolder('/nonexistent', dataRoot, container),
  });
  // Docker's own records of the container name the same folder as the API.
  const { Id: id, GraphDriver: graph } = JSON.parse((await api.call('GET', '/containers/box/json')).toString());
  const claim = { id, upperDir: graph.Data.UpperDir, diffIds: LAYERS.map(digestOf) };
  assert.equal(await dockerContainerFolder('/nonexistent', root, claim), realpathSync(graph.Data.UpperDir));
  await using read = await withFolder.open(parseImageWord('container:docker/box') as SourceWord, { reader });
  assert.equal(read.source?.host, root);
  for (const [index, each] of (image?.layers ?? []).entries()) {
    const other = read.images[0]?.layers[index];
    assert.ok(other);
    assert.deepEqual(await entriesOf(reader, other), await entriesOf(reader, each), `layer ${index}`);
  }
});

test('images read through a real Podman’s API equal its archives', { skip: engineProblem('podman') ?? false }, async (t) => {
  const { settings, run } = podman(t, 'vfs');
  for (const archive of [SAMPLE, OTHER]) run('load', '-i', testFile(t, archive));
  const socket = path.join(testFolder(t), 'podman.sock');
  runEngine(t, 'podman', ['system', 'service', '--time=0', `unix://${socket}`], { env: { CONTAINERS_STORAGE_CONF: settings } });
  const api = new EngineApi(socket);
  await until(async () => (await api.call('GET', '/_ping').catch(() => null)) !== null, 'podman answers');
  const source = sourceAt('podman', socket);
  assert.deepEqual((await source.list({})).flatMap(({ names }) => names).sort(), ['localhost/odd:1', 'localhost/sample/web-api:1.8']);
  const reader = testReader(t);
  const ids = (await source.list({})).map(({ id }) => id);
  // Podman itself treats `odd:1` as `localhost/odd:1`.
  for (const name of ['odd:1', 'localhost/sample/web-api:1.8', ...ids]) {
    await using archive = await reader.open(testFile(t, await api.call('GET', `/v1.40/images/${name}/get`)));
    await using image = await source.open(parseImageWord(`podman:${name}`) as SourceWord, { reader });
    assert.deepEqual([image.format, image.source?.kind], ['podman', 'podman']);
    assert.deepEqual(await readEverything(reader, image), await readEverything(reader, archive), name);
  }
});
