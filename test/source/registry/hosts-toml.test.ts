import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseImageWord } from '#format/reference';
import { RegistrySource, type SourceWord } from '#source';
import { readHosts } from '../../../src/source/registry/hosts-toml.ts';
import { RegistrySettings } from '../../../src/source/registry/registry-settings.ts';
import { hasCode } from '../../support/asserts.ts';
import { standInRegistry } from '../../support/registry.ts';
import { testFolder, testReader } from '../../support/workbench.ts';
import { sampleImage } from './bench.ts';

/** Creates a folder to use instead of `/etc`, with a hosts.toml for each host. */
function systemWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const system = testFolder(t);
  for (const [host, text] of Object.entries(files)) {
    const folder = path.join(system, 'containerd/certs.d', host);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'hosts.toml'), text);
  }
  return system;
}

function placesOf(system: string, host: string, { name = 'team/app', digest = null as `sha256:${string}` | null } = {}) {
  const settings = new RegistrySettings({ env: {}, home: path.join(system, 'home'), system });
  return settings.places({ host, name, digest: digest as never }).map((place) => `${place.host}${place.path} ${place.name}`);
}

test('mirrors are tried in order, then the registry or its replacement', (t) => {
  const system = systemWith(t, {
    'docker.io': `server = "https://registry-1.docker.io"
[host."https://one.test/hub"]
[host."https://two.test/v2/cache"]
  override_path = true
[host."https://registry-1.docker.io"]
`,
    'moved.test': 'server = "https://new.test:5000"\n',
    'port.test_5000_': '[host."https://three.test"]\n',
    _default: '[host."https://four.test"]\n',
  });
  assert.deepEqual(placesOf(system, 'docker.io', { name: 'library/app' }), [
    'one.test/hub library/app',
    'two.test cache/library/app',
    'registry-1.docker.io library/app',
  ]);
  assert.deepEqual(placesOf(system, 'moved.test'), ['new.test:5000 team/app']);
  assert.deepEqual(placesOf(system, 'port.test:5000'), ['three.test team/app', 'port.test:5000 team/app']);
  assert.deepEqual(placesOf(system, 'any.test'), ['four.test team/app', 'any.test team/app']);
});

test('a mirror without the `resolve` capability is only asked for digests, and one without `pull` never', (t) => {
  const system = systemWith(t, {
    'x.test': `[host."https://blobs.test"]
  capabilities = ["pull"]
[host."https://push.test"]
  capabilities = ["push"]
[host."https://nowhere.test/other/api"]
  override_path = true
[host."ftp://files.test"]
[host."https://me:secret@files.test"]
`,
  });
  assert.deepEqual(placesOf(system, 'x.test'), ['x.test team/app']);
  const digest = `sha256:${'a'.repeat(64)}` as const;
  assert.deepEqual(placesOf(system, 'x.test', { digest }), ['blobs.test team/app', 'x.test team/app']);
});

test('authorities and unchecked certificates apply only to their host', (t) => {
  const system = systemWith(t, {
    'x.test': `[host."https://one.test"]
  ca = "one.pem"
[host."https://two.test"]
  ca = ["/two.pem"]
  skip_verify = true
`,
  });
  const settings = new RegistrySettings({ env: {}, home: path.join(system, 'home'), system });
  settings.places({ host: 'x.test', name: 'app', digest: null });
  assert.deepEqual(settings.authorities('one.test'), [path.join(system, 'containerd/certs.d/x.test/one.pem')]);
  assert.deepEqual(settings.authorities('two.test'), ['/two.pem']);
  assert.deepEqual(
    ['one.test', 'two.test', 'x.test'].map((host) => settings.isInsecure(host)),
    [false, true, false],
  );
});

test('a file that is not TOML is reported, and a host whose name isn’t valid as a folder name has no file', (t) => {
  const system = systemWith(t, { 'x.test': '[host' });
  assert.throws(() => placesOf(system, 'x.test'), hasCode('UNREACHABLE'));
  assert.deepEqual(readHosts([system], '../x.test'), { mirrors: [], server: null });
});

test('an image comes from a mirror in hosts.toml, and from the registry if the mirror lacks it', async (t) => {
  const { files, image } = sampleImage();
  const [own, mirror] = [await standInRegistry(t), await standInRegistry(t)];
  own.add('team/app', files, { '1': image.digest });
  const system = systemWith(t, { [own.host]: `[host."http://${mirror.host}"]\n` });
  const open = async () => {
    const source = new RegistrySource({ env: {}, home: testFolder(t), platform: 'linux', offline: false }, { system });
    await using _archive = await source.open(parseImageWord(`${own.host}/team/app:1`) as SourceWord, { reader: testReader(t) });
  };
  await open();
  assert.ok(mirror.log.length > 0 && own.log.length > 0);
  mirror.add('team/app', files, { '1': image.digest });
  own.log.length = 0;
  await open();
  assert.deepEqual(own.log, []);
});
