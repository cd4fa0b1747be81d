import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareConfigs } from '#format/image';

const of = (config: object, outer: object = {}) => ({ os: 'linux', architecture: 'amd64', ...outer, config });
const differences = (a: unknown, b: unknown) => compareConfigs(a, b).map((each) => [each.field, each.a, each.b]);

test('differing fields of configs are listed one by one, in a fixed order, with null for one that is not set', () => {
  const a = of({
    Env: ['PATH=/bin', 'GONE=1', 'SAME=x=y'],
    Cmd: ['sh'],
    Labels: { a: '1', b: '2' },
    ExposedPorts: { '80/tcp': {} },
    WorkingDir: '/',
  });
  const b = of(
    {
      WorkingDir: '/srv',
      Labels: { b: '3', a: '1', 'x.y': '' },
      Env: ['SAME=x=y', 'PATH=/usr/bin', 'EMPTY='],
      User: 'root',
      Entrypoint: ['/run', '--all'],
      Volumes: { '/data': {} },
      Healthcheck: { Test: ['NONE'] },
      StopSignal: 'SIGINT',
      Shell: ['bash', '-c'],
      OnBuild: ['RUN x'],
      Unknown: { deep: [1] },
    },
    { architecture: 'arm64', variant: 'v8', 'os.version': '10.0' },
  );
  assert.deepEqual(differences(a, b), [
    ['architecture', 'amd64', 'arm64'],
    ['variant', null, 'v8'],
    ['os.version', null, '10.0'],
    ['User', null, 'root'],
    ['Env.EMPTY', null, ''],
    ['Env.GONE', '1', null],
    ['Env.PATH', '/bin', '/usr/bin'],
    ['Entrypoint', null, ['/run', '--all']],
    ['Cmd', ['sh'], null],
    ['WorkingDir', '/', '/srv'],
    ['ExposedPorts.80/tcp', {}, null],
    ['Volumes./data', null, {}],
    ['Labels.b', '2', '3'],
    ['Labels.x.y', null, ''],
    ['Healthcheck', null, { Test: ['NONE'] }],
    ['StopSignal', null, 'SIGINT'],
    ['Shell', null, ['bash', '-c']],
    ['OnBuild', null, ['RUN x']],
    ['Unknown', null, { deep: [1] }],
  ]);
  assert.deepEqual(differences(a, a), []);
});

test('null, empty and missing fields of configs are equal; the order matters in commands, but not in keys and variables', () => {
  const empty = { Env: null, Cmd: [], User: '', Labels: {}, Volumes: null, ArgsEscaped: false, OnBuild: null };
  assert.deepEqual(differences(of({}), of(empty)), []);
  assert.deepEqual(differences(of({}), { os: 'linux', architecture: 'amd64' }), []);
  assert.deepEqual(differences(of({ Env: ['A=1', 'B=2'] }), of({ Env: ['B=2', 'A=0', 'A=1'] })), []);
  assert.deepEqual(differences(of({ Healthcheck: { Test: ['x'], Retries: 3 } }), of({ Healthcheck: { Retries: 3, Test: ['x'] } })), []);
  assert.deepEqual(differences(of({ Cmd: ['a', 'b'] }), of({ Cmd: ['b', 'a'] })), [['Cmd', ['a', 'b'], ['b', 'a']]]);
});

test('an image’s creation time and container are not compared', () => {
  const a = { ...of({ Hostname: '1f2e', Image: 'sha256:1' }), created: '2020-01-01T00:00:00Z', history: [1], rootfs: {}, id: 'x' };
  const b = { ...of({ Hostname: 'ab34', Domainname: 'd', Tty: true }), created: '2021-01-01T00:00:00Z', docker_version: '20' };
  assert.deepEqual(differences(a, b), []);
});

test('malformed configs are read as far as possible', () => {
  assert.deepEqual(differences(null, of({ User: 'x' }))[0], ['architecture', null, 'amd64']);
  assert.deepEqual(differences(of({ Env: ['A=1', 7, '=C:=C:\\', 'B'] }), of({ Env: 'A=1', Labels: ['l'] })), [
    ['Env', null, 'A=1'],
    ['Env.=C:', 'C:\\', null],
    ['Env.A', '1', null],
    ['Env.B', '', null],
    ['Labels', null, ['l']],
  ]);
  assert.deepEqual(differences(JSON.parse('{"config":{"Labels":{"__proto__":"x"}}}'), {}), [['Labels.__proto__', 'x', null]]);
});
