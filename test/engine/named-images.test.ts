// Images by name, listed, found and opened as in the window, with stand-ins for Docker and a registry.
import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createJobs, createLibrary, createNamedImages, listEngine } from '#engine';
import { LayerscopeError } from '#model';
import { findSources, type ImageSource, type ListedImage } from '#source';
import { hasCode } from '../support/asserts.ts';
import { fakeEngine } from '../support/fake-engine.ts';
import { archiveOf, type BuiltDescriptor, dockerArchive, Files, ociImage, ociIndex } from '../support/image-builder.ts';
import { standInRegistry } from '../support/registry.ts';
import { file, tar } from '../support/tar-builder.ts';
import { until } from '../support/waiting.ts';
import { atEnd, testFolder, testReader } from '../support/workbench.ts';

const ID = `sha256:${'ab'.repeat(32)}`;
const ARCHIVE = archiveOf(dockerArchive([{ layers: [tar(file('etc/hosts', 'x'))], tags: ['web:1'] }]));

/** Creates a library that opens images by name from one Docker and one registry, both on loopback. */
async function bench(t: TestContext) {
  const { engine, socket } = await fakeEngine(t);
  const registry = await standInRegistry(t);
  const home = testFolder(t);
  const none = path.join(home, 'none');
  const env = {
    DOCKER_HOST: `unix://${socket}`,
    CONTAINER_HOST: `unix://${none}`,
    CONTAINERS_STORAGE_CONF: none,
    CONTAINERS_REGISTRIES_CONF: none,
  };
  const reader = testReader(t);
  const jobs = createJobs({ intervalMs: 0 });
  const library = createLibrary({ reader, jobs, intervalMs: 0 });
  atEnd(t, async () => {
    await jobs[Symbol.asyncDispose]();
    await library[Symbol.asyncDispose]();
  });
  // Excludes what this machine happens to have on its disk.
  const isOurs = ({ place, kind }: ImageSource) => kind === 'registry' || place.includes(socket) || place.includes(home);
  const find = () => findSources({ env, home, platform: 'linux', offline: false }).filter(isOurs);
  return { engine, registry, jobs, library, names: createNamedImages({ findSources: find, reader, library }) };
}

test('an engine’s image is listed, found and opened as a job, and the summary names its source', async (t) => {
  const { engine, names, jobs, library } = await bench(t);
  engine.images.push({ id: ID, names: ['web:1'], archive: ARCHIVE });
  const { images, places, problems } = await names.list('docker');
  assert.deepEqual(
    images.map(({ name, reference }) => [name, reference]),
    [['web:1', 'docker:web:1']],
  );
  assert.deepEqual([places.length, problems], [1, []]);
  assert.deepEqual((await names.look('docker:web:1')).platforms, []);
  assert.ok(!engine.asked.some((asked) => asked.endsWith('/get')), 'looking exports nothing');
  let opened = 0;
  const job = await jobs.ended(names.open('docker:web:1', null, () => opened++));
  assert.deepEqual([job.state, job.error, job.title, opened], ['done', null, 'docker:web:1', 1]);
  const [summary] = library.list();
  assert.deepEqual([summary?.format, summary?.source?.kind, summary?.source?.reference], ['docker', 'docker', 'web:1']);
  assert.ok((summary?.sizeBytes ?? 0) > 0);
});

test('a source that doesn’t respond is a problem in the list, and a missing engine is reported', async (t) => {
  const { engine, names } = await bench(t);
  engine.faults.status = 500;
  const docker = await names.list('docker');
  assert.deepEqual([docker.images, docker.places, docker.problems.map(({ code }) => code)], [[], [], ['UNREACHABLE']]);
  const podman = await names.list('podman');
  assert.match(podman.problems[0]?.message ?? '', /no socket/);
  assert.deepEqual((await names.list('containerd')).problems, [{ place: '', code: 'NOT_FOUND', message: 'not found here' }]);
});

/** Makes an index of images for these platforms. */
function indexOf(platforms: readonly string[]): { files: Files; index: BuiltDescriptor } {
  const files = new Files();
  const images = platforms.map((platform) => {
    const [os = '', architecture = ''] = platform.split('/');
    const config = { os, architecture };
    return ociImage(files, { layers: [{ tar: tar(file(architecture, platform)), packed: 'gzip' }], config, platform: config });
  });
  return { files, index: ociIndex(files, images) };
}

test('an index’s platforms are found before anything is opened, and the chosen one is opened', async (t) => {
  const { registry, names, jobs, library } = await bench(t);
  const { files, index } = indexOf(['linux/s390x', 'linux/ppc64le']);
  registry.add('app', files, { '1': index.digest });
  const reference = `registry:${registry.host}/app:1`;
  const { source, platforms } = await names.look(reference);
  assert.deepEqual([source, platforms], ['registry', ['linux/s390x', 'linux/ppc64le']]);
  assert.ok(!registry.log.some((request) => request.path.includes('/blobs/')), 'no blob is fetched');
  assert.equal((await jobs.ended(names.open(reference, 'linux/ppc64le'))).state, 'done');
  assert.deepEqual(
    library.list()[0]?.images.map(({ platform }) => platform),
    ['linux/ppc64le'],
  );
});

test('this machine’s platform comes first', async (t) => {
  const { registry, names } = await bench(t);
  const { files, index } = indexOf(['linux/s390x', 'linux/amd64', 'linux/arm64']);
  registry.add('app', files, { '1': index.digest });
  const own = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
  assert.equal((await names.look(`${registry.host}/app:1`)).platforms[0], own);
});

test('the platforms of an engine’s image are those present; an engine too old to report platforms gives none', async (t) => {
  const { engine, names } = await bench(t);
  const own = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
  engine.images.push({ id: ID, names: ['web:1'], archive: ARCHIVE, platforms: ['linux/s390x', own, 'linux/riscv64'] });
  assert.deepEqual((await names.look('docker:web:1')).platforms, []);
  engine.version = '1.48';
  assert.deepEqual((await names.look('docker:web:1')).platforms, [own, 'linux/s390x']);
});

const isWrong = (what: RegExp) => (error: unknown) => hasCode('USAGE')(error) && what.test((error as Error).message);

test('an invalid name is refused with the reason, without contacting any source', async (t) => {
  const { engine, registry, names } = await bench(t);
  for (const [word, what] of [
    ['App:1', /names are lower case/],
    ['./app.tar', /file’s name/],
    ['image.tar.gz', /file’s name/],
    ['store:abc', /in a store/],
    ['docker://app', /write registry:app to ask a registry/],
    [`https://${registry.host}/app`, /registry:/],
    ['app:1 ', /not a tag/],
    ['-', /not/],
  ] as const) {
    await assert.rejects(names.look(word), isWrong(what), word);
    assert.throws(() => names.open(word, null), isWrong(what), word);
  }
  assert.deepEqual([engine.asked, registry.log], [[], []]);
});

test('an image that no source has is NOT_FOUND with every reason, engines first, without mentioning files', async (t) => {
  const { registry, names, jobs } = await bench(t);
  const name = `${registry.host}/none:1`;
  await assert.rejects(names.look(name), (error: unknown) => {
    assert.ok(error instanceof LayerscopeError);
    assert.equal(error.code, 'NOT_FOUND');
    assert.match(error.message, /docker \(unix:.*\): no such image; podman \(unix:.*no socket; registry: 127/);
    assert.ok(!error.message.includes('no such file'));
    return true;
  });
  const job = await jobs.ended(names.open(name, null));
  assert.deepEqual([job.state, job.error?.code], ['failed', 'NOT_FOUND']);
});

test('opening can be cancelled while an engine is silent', async (t) => {
  const { engine, names, jobs } = await bench(t);
  engine.faults.hangs = true;
  const jobId = names.open('docker:web:1', null);
  await until(() => engine.asked.length > 0, 'the engine is asked');
  jobs.cancel(jobId);
  assert.equal((await jobs.ended(jobId)).state, 'cancelled');
  const control = new AbortController();
  const listing = names.list('docker', { signal: control.signal });
  control.abort();
  await assert.rejects(listing, hasCode('CANCELLED'));
});

const refuse = async (): Promise<never> => {
  throw new LayerscopeError('PERMISSION', 'permission denied');
};

function sourceOf(place: string, images: readonly Partial<ListedImage>[] | null): ImageSource {
  const blank = { names: [], id: ID, digest: null, sizeBytes: null, created: null, platform: null };
  return {
    kind: 'docker',
    engine: 'docker',
    place,
    answers: () => true,
    list: images === null ? refuse : async () => images.map((image) => ({ ...blank, ...image })),
    platforms: refuse,
    open: refuse,
  };
}

test('an image in two places of an engine is listed once, with the facts from both', async () => {
  const { images, total, places, problems } = await listEngine('docker', [
    sourceOf('/var/lib/docker', [{ names: ['a:1', 'a:2'], platform: 'linux/amd64' }, { id: `sha256:${'cd'.repeat(32)}` }]),
    sourceOf('unix:///docker.sock', [{ names: ['a:1', 'a:2'], sizeBytes: 7 }]),
    sourceOf('/srv/docker', null),
  ]);
  assert.deepEqual(
    images.map(({ name, reference, sizeBytes, platform }) => [name, reference, sizeBytes, platform]),
    [
      ['a:1', 'docker:a:1', 7, 'linux/amd64'],
      ['a:2', 'docker:a:2', 7, 'linux/amd64'],
      ['cdcdcdcdcdcd', `docker:sha256:${'cd'.repeat(32)}`, null, null],
    ],
  );
  assert.deepEqual([total, places], [3, ['/var/lib/docker', 'unix:///docker.sock']]);
  assert.deepEqual(problems, [{ place: '/srv/docker', code: 'PERMISSION', message: 'permission denied' }]);
});

test('a source that lists too many names is reported as a problem, and the other sources are listed', async () => {
  const names = Array.from({ length: 100_001 }, (_, index) => `app:${index}`);
  const { images, problems } = await listEngine('docker', [sourceOf('/many', [{ names }]), sourceOf('/few', [{ names: ['app:1'] }])]);
  assert.deepEqual(
    images.map(({ name }) => name),
    ['app:1'],
  );
  assert.deepEqual(problems, [{ place: '/many', code: 'TOO_LARGE', message: 'more than 100000 image names' }]);
});

test('misleading names are shown escaped and opened by the image’s id', async () => {
  const { images } = await listEngine('docker', [sourceOf('x', [{ names: ['evil\u202etar:1\u001b[2J'] }])]);
  assert.deepEqual(
    images.map(({ name, reference }) => [name, reference]),
    [['evil\\u202Etar:1\\x1B[2J', `docker:${ID}`]],
  );
});
