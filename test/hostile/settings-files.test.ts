// Settings of engines and registries that are pipes, endless, or otherwise wrong. Reading such a file must end, with an error that names
// the file.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { findDiskSources } from '../../src/source/disk/find-disk-sources.ts';
import { findEndpoints } from '../../src/source/engine-api/endpoints.ts';
import { HostCertificates } from '../../src/source/http/tls-files.ts';
import { UserCredentials } from '../../src/source/registry/credentials.ts';
import { RegistrySettings } from '../../src/source/registry/registry-settings.ts';
import { createBench } from '../cli/run-cli.ts';
import { hasCode } from '../support/asserts.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../support/test-certificate.ts';
import { testFolder } from '../support/workbench.ts';

const CONTEXT = createHash('sha256').update('work').digest('hex');
const REGISTRY = 'localhost:1';
const ON_WINDOWS = { skip: process.platform === 'win32' && 'no pipes, no devices' };

function put(make: (file: string) => void, ...files: readonly string[]): void {
  for (const file of files) {
    mkdirSync(path.dirname(file), { recursive: true });
    make(file);
  }
}

test('settings that are pipes don’t block a command', ON_WINDOWS, async (t) => {
  const bench = createBench(t);
  const home = testFolder(t);
  const config = path.join(home, '.config');
  put(
    (file) => execFileSync('mkfifo', [file]),
    path.join(home, '.docker/config.json'),
    path.join(home, `.docker/contexts/meta/${CONTEXT}/meta.json`),
    path.join(config, 'docker/daemon.json'),
    path.join(config, 'containers/storage.conf'),
    path.join(config, 'containers/podman-connections.json'),
  );
  const env = { HOME: home, DOCKER_CONFIG: '', XDG_CONFIG_HOME: '', XDG_RUNTIME_DIR: '', XDG_DATA_HOME: '', REGISTRY_AUTH_FILE: '' };
  for (const DOCKER_CONTEXT of ['', 'work']) {
    const { code, stderr } = await bench.cli(['inspect', `${REGISTRY}/app:1`, '--offline'], { env: { ...env, DOCKER_CONTEXT } });
    assert.equal(code, 3, stderr);
    assert.doesNotMatch(stderr, /INTERNAL/);
  }
});

test('a setting that is a device is refused with an error that names it, wherever it is read', ON_WINDOWS, async (t) => {
  const find = { digest: null, host: REGISTRY, name: 'app' };
  const places: Readonly<Record<string, (home: string) => unknown>> = {
    '.config/containers/registries.conf': (home) => new RegistrySettings({ env: {}, home, system: home }),
    'containers/registries.conf.d/a.conf': (home) => new RegistrySettings({ env: {}, home, system: home }),
    '.docker/daemon.json': (home) => new RegistrySettings({ env: {}, home, system: home }),
    [`.config/containerd/certs.d/${REGISTRY}/hosts.toml`]: (home) => new RegistrySettings({ env: {}, home, system: home }).places(find),
    '.config/containers/auth.json': (home) => new UserCredentials({}, home).find(REGISTRY, 'app', undefined),
    '.docker/config.json': (home) => new UserCredentials({}, home).find(REGISTRY, 'app', undefined),
    [`certs.d/${REGISTRY}/ca.crt`]: (home) => new HostCertificates([path.join(home, 'certs.d')], {}).of(REGISTRY),
    [`certs.d/${REGISTRY}/x.cert`]: (home) => new HostCertificates([path.join(home, 'certs.d')], {}).of(REGISTRY),
    'ca.pem': (home) =>
      findEndpoints({
        env: { DOCKER_HOST: 'tcp://h:1', DOCKER_TLS: '1', DOCKER_CERT_PATH: home },
        home,
        platform: 'linux',
        offline: false,
      })[0]?.tls?.(),
  };
  for (const [place, read] of Object.entries(places)) {
    const home = testFolder(t);
    const file = path.join(home, place);
    put((link) => symlinkSync('/dev/null', link), file);
    await assert.rejects(
      async () => read(home),
      (error: unknown) => hasCode('IO')(error) && (error as Error).message === `${file} is not a regular file`,
      place,
    );
  }
});

test('the error for an invalid certificate or key names the file', (t) => {
  const folder = testFolder(t);
  const env = { DOCKER_HOST: 'tcp://127.0.0.1:1', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder };
  const ofEngine = () => findEndpoints({ env, home: folder, platform: 'linux', offline: false })[0]?.tls?.();
  const host = path.join(folder, 'host');
  mkdirSync(host);
  const ofHost = () => new HostCertificates([folder], { SSL_CERT_FILE: '/nowhere' }).of('host');
  const broken = TEST_CERTIFICATE.replace(/\n[A-Za-z0-9+/]{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
  for (const [names, find] of [
    [['ca.pem', 'cert.pem', 'key.pem'], ofEngine],
    [['host/x.crt', 'host/y.cert', 'host/y.key'], ofHost],
  ] as const) {
    const files = names.map((name) => path.join(folder, name));
    const [ca = '', cert = '', key = ''] = files;
    const good = () => {
      writeFileSync(ca, TEST_CERTIFICATE);
      writeFileSync(cert, TEST_CERTIFICATE);
      writeFileSync(key, TEST_KEY);
    };
    good();
    assert.equal(find()?.key, TEST_KEY);
    for (const file of files) {
      for (const text of ['', 'garbage', broken, TEST_KEY.replace(/\n[A-Za-z0-9+/]{20}/, '\nAAAAAAAAAAAAAAAAAAAA')]) {
        good();
        writeFileSync(file, text);
        assert.throws(
          find,
          (error: unknown) => hasCode('UNREACHABLE')(error) && (error as Error).message.startsWith(`${file} is not `),
          `${file}: ${text}`,
        );
      }
    }
  }
});

test('a storage.conf of a million line feeds is read line by line', (t) => {
  const home = testFolder(t);
  const conf = path.join(home, 'storage.conf');
  const root = path.join(home, 'root');
  const second = path.join(home, 'second');
  for (const folder of [root, second]) mkdirSync(folder);
  const places = (text: string) => {
    writeFileSync(conf, text);
    return findDiskSources({ env: { CONTAINERS_STORAGE_CONF: conf }, home, platform: 'linux', offline: false })
      .filter(({ engine }) => engine === 'podman')
      .map(({ place }) => place);
  };
  const settings = `# graphroot = "/x"\n[storage]\n  graphroot = "${root}"\n[storage.options]\nadditionalimagestores = [\n  # "/y"\n  "${second}",\n]\n`;
  assert.deepEqual(places(settings), [root, second]);
  assert.deepEqual(places('\n'.repeat(1_000_000 - settings.length) + settings), [root, second]);
  assert.deepEqual(places('additionalimagestores = ['.repeat(40_000)), []);
});
