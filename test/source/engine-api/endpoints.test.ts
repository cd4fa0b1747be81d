import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { SourceEnvironment } from '#source';
import { type EngineEndpoint, findEndpoints } from '../../../src/source/engine-api/endpoints.ts';
import { findEngines } from '../../../src/source/engine-api/find-engines.ts';
import { hasCode } from '../../support/asserts.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../../support/test-certificate.ts';
import { testFolder } from '../../support/workbench.ts';

type Settings = Partial<SourceEnvironment> & { readonly home: string };

function environment({ env = {}, home, platform = 'linux' }: Settings): SourceEnvironment {
  return { env, home, platform, offline: false };
}

/** Returns one engine's endpoints, without this machine's. */
function of(engine: string, settings: Settings): EngineEndpoint[] {
  const isOwn = ({ address }: EngineEndpoint): boolean => /^unix:\/\/\/(var\/)?run\//.test(address);
  return findEndpoints(environment(settings)).filter((each) => each.engine === engine && !isOwn(each));
}

function write(file: string, content: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}

const CONTEXT = createHash('sha256').update('work').digest('hex');

test('DOCKER_HOST names the only Docker, in every form that Docker accepts', (t) => {
  const home = testFolder(t);
  write(path.join(home, '.rd/docker.sock'), '');
  for (const [host, address] of [
    ['unix:///x/docker.sock', 'unix:///x/docker.sock'],
    ['tcp://h:2375', 'tcp://h:2375'],
    ['h:2375', 'tcp://h:2375'],
    ['ssh://me@h:22', 'ssh://me@h:22'],
    ['npipe:////./pipe/docker_engine', 'npipe:////./pipe/docker_engine'],
    ['npipe:\\\\.\\pipe\\docker_engine', 'npipe:////./pipe/docker_engine'],
    ['npipe://\\\\.\\pipe\\docker_engine', 'npipe:////./pipe/docker_engine'],
  ] as const) {
    assert.deepEqual(
      of('docker', { home, env: { DOCKER_HOST: host } }).map((each) => each.address),
      [address],
    );
  }
  assert.throws(() => of('docker', { home, env: { DOCKER_HOST: 'ssh://me:secret@h' } }), hasCode('USAGE'));
  assert.throws(() => of('docker', { home, env: { DOCKER_HOST: 'fd://' } }), hasCode('USAGE'));
});

test('the current context is the only Docker, with its certificates', (t) => {
  const home = testFolder(t);
  const folder = path.join(home, '.docker');
  write(path.join(folder, 'config.json'), JSON.stringify({ currentContext: 'work' }));
  assert.throws(() => of('docker', { home }), hasCode('NOT_FOUND'));
  write(path.join(folder, 'contexts/meta', CONTEXT, 'meta.json'), JSON.stringify({ Endpoints: { docker: { Host: 'tcp://h:2376' } } }));
  write(path.join(folder, 'contexts/tls', CONTEXT, 'docker/ca.pem'), TEST_CERTIFICATE);
  const [endpoint] = of('docker', { home });
  assert.deepEqual([endpoint?.address, endpoint?.tls?.()], ['tcp://h:2376', { ca: [TEST_CERTIFICATE] }]);
  // The variable takes precedence, and `default` isn't a context.
  assert.deepEqual(of('docker', { home, env: { DOCKER_CONTEXT: 'default' } }), []);
  assert.throws(() => of('docker', { home, env: { DOCKER_CONTEXT: 'other' } }), hasCode('NOT_FOUND'));
  assert.equal(of('docker', { home: testFolder(t), env: { DOCKER_CONFIG: folder } })[0]?.address, 'tcp://h:2376');
});

test('certificates are used with DOCKER_TLS_VERIFY, and the check is not skipped if they are missing', (t) => {
  const home = testFolder(t);
  write(path.join(home, 'certs/ca.pem'), TEST_CERTIFICATE);
  write(path.join(home, 'certs/cert.pem'), TEST_CERTIFICATE);
  write(path.join(home, 'certs/key.pem'), TEST_KEY);
  const env = { DOCKER_HOST: 'tcp://h:2376', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: path.join(home, 'certs') };
  assert.deepEqual(of('docker', { home, env })[0]?.tls?.(), { ca: [TEST_CERTIFICATE], cert: TEST_CERTIFICATE, key: TEST_KEY });
  assert.deepEqual(of('docker', { home, env: { ...env, DOCKER_CERT_PATH: home } })[0]?.tls?.(), {});
  assert.equal(of('docker', { home, env: { DOCKER_HOST: 'tcp://h:2375' } })[0]?.tls, null);
});

test('the sockets of other engines are found: Rancher, Colima, Lima, OrbStack, Docker Desktop, rootless', (t) => {
  const home = testFolder(t);
  const sockets = [
    '.docker/run/docker.sock',
    '.docker/desktop/docker.sock',
    '.rd/docker.sock',
    '.colima/a/docker.sock',
    '.lima/b/sock/docker.sock',
    '.orbstack/run/docker.sock',
  ];
  for (const socket of [...sockets, 'run/docker.sock']) write(path.join(home, socket), '');
  assert.deepEqual(
    of('docker', { home, env: { XDG_RUNTIME_DIR: path.join(home, 'run') } }).map(({ address }) => address),
    ['run/docker.sock', ...sockets].map((socket) => `unix://${path.join(home, socket)}`),
  );
  assert.deepEqual(of('docker', { home: testFolder(t) }), []);
});

test('Podman is found by CONTAINER_HOST, its sockets or its default connection', (t) => {
  const home = testFolder(t);
  const connections = {
    Connection: { Default: 'm', Connections: { m: { URI: 'ssh://core@127.0.0.1:5/run/podman/podman.sock', Identity: '/k' } } },
  };
  write(path.join(home, '.config/containers/podman-connections.json'), JSON.stringify(connections));
  write(path.join(home, 'run/podman/podman.sock'), '');
  const env = { XDG_RUNTIME_DIR: path.join(home, 'run') };
  assert.deepEqual(
    of('podman', { home, env }).map(({ address, identity }) => [address, identity]),
    [
      [`unix://${home}/run/podman/podman.sock`, null],
      ['ssh://core@127.0.0.1:5/run/podman/podman.sock', '/k'],
    ],
  );
  assert.deepEqual(
    of('podman', { home, env: { ...env, CONTAINER_HOST: 'tcp://h:1' } }).map(({ address }) => address),
    ['tcp://h:1'],
  );
});

test('on Windows, Docker is found at a pipe', (t) => {
  assert.deepEqual(
    of('docker', { home: testFolder(t), platform: 'win32' }).map(({ address }) => address),
    ['npipe:////./pipe/docker_engine'],
  );
});

test('invalid settings result in an engine that reports them, and don’t hide other sources', async (t) => {
  const [source] = findEngines(environment({ home: testFolder(t), env: { DOCKER_CONTEXT: 'none' } }));
  assert.ok(source?.list);
  await assert.rejects(source.list({}), hasCode('NOT_FOUND'));
});

test('any value of DOCKER_HOST and CONTAINER_HOST results in a clear message', async (t) => {
  const home = testFolder(t);
  const noHost = [
    'tcp://',
    'tcp:///',
    'tcp://:',
    'tcp://:2375',
    'tcp://h:99999',
    'http://',
    'https://',
    'ssh:///x',
    '/x/docker.sock',
    '//',
    ' ',
  ];
  const noUrl = [
    'tcp://%',
    'tcp://%00:1',
    'tcp://h%2f:1',
    'tcp://1.1.1.1.1:1',
    'tcp://[::1',
    'tcp://a b',
    'ssh://%@h',
    'ssh://%ff@h',
    'ssh://a b',
  ];
  for (const key of ['DOCKER_HOST', 'CONTAINER_HOST']) {
    for (const address of [...noHost, ...noUrl, 'unix://', 'npipe://', ':', '::', 'fd://']) {
      assert.throws(() => findEndpoints(environment({ home, env: { [key]: address } })), hasCode('USAGE'), address);
    }
    // These have the form of addresses, but no engine can be reached at them.
    for (const address of ['unix:///', `unix:///${'x'.repeat(300)}`, 'unix:///a\0b', 'unix://x', 'npipe:////./pipe/']) {
      const engine = key === 'DOCKER_HOST' ? 'docker' : 'podman';
      const found = findEngines(environment({ home, env: { [key]: address } })).find(
        (each) => each.engine === engine && each.place === address,
      );
      assert.ok(found?.list, address);
      await assert.rejects(found.list({}), hasCode('UNREACHABLE'), address);
    }
  }
});
