// Engines and registries on the command line: what is listed, and what is contacted.
import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fakeEngine } from '../support/fake-engine.ts';
import { archiveOf, digestOf, dockerArchive, Files, json, ociImage } from '../support/image-builder.ts';
import { standInRegistry } from '../support/registry.ts';
import { file, tar } from '../support/tar-builder.ts';
import { createBench } from './run-cli.ts';

const ID = `sha256:${'ab'.repeat(32)}`;
const ARCHIVE = archiveOf(dockerArchive([{ layers: [tar(file('etc/hosts', 'x'))], tags: ['web:1'] }]));

/** Starts a fake Docker, and returns a command line that finds it but none of this machine's own engines. */
async function surroundings(t: TestContext) {
  const { engine, socket } = await fakeEngine(t);
  engine.images.push({ id: ID, names: ['web:1'], archive: ARCHIVE });
  const bench = createBench(t);
  const none = path.join(bench.folder, 'none');
  const env = {
    HOME: bench.folder,
    XDG_RUNTIME_DIR: none,
    XDG_CONFIG_HOME: none,
    XDG_DATA_HOME: none,
    DOCKER_HOST: `unix://${socket}`,
    CONTAINER_HOST: `unix://${none}`,
    CONTAINERS_STORAGE_CONF: none,
    CONTAINERS_REGISTRIES_CONF: none,
  };
  return { engine, socket, cli: (...args: string[]) => bench.cli(args, { env }) };
}

test('sources lists an engine’s images by the names that open them, and the reason why another engine has no images', async (t) => {
  const { engine, socket, cli } = await surroundings(t);
  const { code, stdout } = await cli('sources', 'docker');
  assert.equal(code, 0);
  assert.ok(stdout.startsWith('docker (') && stdout.includes(`unix://${socket}`), stdout);
  assert.match(stdout, /^ {2}docker:web:1 .* 5 B {2}1970-01-01$/m);
  const report = JSON.parse((await cli('sources', '--json')).stdout) as { engines: Record<string, unknown>[] };
  assert.deepEqual(
    report.engines.map((each) => each.engine),
    ['docker', 'podman', 'containerd'],
  );
  const [docker, podman] = report.engines as { images: Record<string, unknown>[]; problems: { message: string }[] }[];
  const found = docker?.images.find(({ reference }) => reference === 'docker:web:1');
  assert.deepEqual([found?.id, found?.name, found?.sizeBytes], [ID, 'web:1', 5]);
  assert.match(podman?.problems[0]?.message ?? '', /no socket/);
  assert.ok(engine.asked.every((asked) => /_ping|images\/json/.test(asked)));
  engine.asked.length = 0;
  const offline = await cli('sources', 'docker', '--offline');
  assert.deepEqual([offline.code, engine.asked], [0, []]);
  assert.match(offline.stdout, /--offline/);
  assert.equal((await cli('sources', 'rkt')).code, 2);
});

test('tags lists all pages of a repository, and refuses a name with a tag', async (t) => {
  const registry = await standInRegistry(t);
  const { cli } = await surroundings(t);
  const files = new Files();
  const { digest } = ociImage(files, { layers: [{ tar: tar(file('a', 'a')) }] });
  registry.add('team/app', files, Object.fromEntries(['1', '2', '3', '4', '5'].map((tag) => [tag, digest])));
  const name = `${registry.host}/team/app`;
  assert.equal((await cli('tags', name)).stdout, '1\n2\n3\n4\n5\n');
  const { stdout } = await cli('tags', `registry:${name}`, '--json');
  assert.deepEqual(JSON.parse(stdout), { name, tags: ['1', '2', '3', '4', '5'] });
  for (const word of [`${name}:1`, `${name}@${digest}`, 'docker:app', 'image.tar', 'docker://app'])
    assert.equal((await cli('tags', word)).code, 2, word);
  const missing = await cli('tags', `${registry.host}/none`);
  assert.deepEqual([missing.code, missing.stderr.split(':', 2)[1]], [3, ' NOT_FOUND']);
  registry.faults.endlessPages = true;
  const endless = await cli('tags', name);
  assert.deepEqual([endless.code, endless.stderr.split(':', 2)[1]], [3, ' TOO_LARGE']);
  registry.log.length = 0;
  assert.deepEqual([(await cli('tags', name, '--offline')).code, registry.log], [3, []]);
});

test('referrers lists an image’s referrers, from the registry’s list or from the fallback tag', async (t) => {
  const registry = await standInRegistry(t);
  const { cli } = await surroundings(t);
  const files = new Files();
  const { digest } = ociImage(files, { layers: [{ tar: tar(file('a', 'a')) }] });
  const types = ['application/spdx+json', 'application/vnd.dev.cosign', 'application/spdx+json'];
  const entries = types.map((artifactType, index) => ({ digest: digestOf(json({ index })), artifactType, subject: digest }));
  registry.add('app', files, { '1': digest });
  registry.referrers = entries;
  const name = `${registry.host}/app:1`;
  const all = await cli('referrers', name);
  assert.equal(all.code, 0, all.stderr);
  for (const entry of entries) assert.ok(all.stdout.includes(entry.digest));
  const some = JSON.parse((await cli('referrers', name, '--type', 'application/spdx+json', '--json')).stdout) as {
    subject: string;
    referrers: { digest: string; artifactType: string }[];
  };
  assert.equal(some.subject, digest);
  assert.deepEqual(
    some.referrers.map((each) => each.digest),
    [entries[0]?.digest, entries[2]?.digest],
  );
  const index = files.add(
    json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [{ digest: entries[1]?.digest, size: 2, artifactType: 'x/y' }],
    }),
    'application/vnd.oci.image.index.v1+json',
  );
  registry.add('app', files, { '1': digest, [digest.replace(':', '-')]: index.digest });
  registry.referrers = null;
  const old = await cli('referrers', name);
  assert.ok(old.stdout.includes(entries[1]?.digest ?? '?') && old.stdout.includes('x/y'), old.stdout);
  registry.add('app', files, { '1': digest });
  assert.equal((await cli('referrers', name)).stdout, `nothing refers to ${digest}\n`);
});

test('a bare name that no source has gives one line with every reason, the engines’ before the registry’s', async (t) => {
  const registry = await standInRegistry(t);
  const { cli } = await surroundings(t);
  const { code, stderr } = await cli('inspect', `${registry.host}/none:1`);
  assert.equal(code, 3);
  assert.match(
    stderr,
    /^layerscope: NOT_FOUND: .*: no such file; .*docker \(unix:.*\): no such image; podman \(.*\): .*no socket; .*registry: .*no such image\n$/,
  );
});

test('serve accepts a name only with --allow-sources, and open and serve refuse anything that is neither a file nor a name', async (t) => {
  const { engine, cli } = await surroundings(t);
  const refused = await cli('serve', 'docker:web:1');
  assert.deepEqual([refused.code, refused.stderr], [2, 'layerscope: USAGE: docker:web:1 is an image’s name: add --allow-sources\n']);
  for (const command of ['serve', 'open']) {
    assert.equal((await cli(command, 'missing.tar')).code, 3, command);
    assert.equal((await cli(command, 'store:abc')).code, 2, command);
    assert.equal((await cli(command, '-')).code, 2, command);
  }
  assert.deepEqual(engine.asked, []);
});
