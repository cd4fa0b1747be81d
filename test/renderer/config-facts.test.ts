import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configFacts } from '../../renderer/state/details/config-facts.ts';

test('the config’s facts say how an image is run', () => {
  const config = {
    author: 'me',
    config: {
      Entrypoint: ['/bin/sh', '-c', 'echo "hi there"'],
      Cmd: ['serve', '--port=80'],
      WorkingDir: '/app',
      User: '',
      Env: ['PATH=/bin', 'A=b c'],
      ExposedPorts: { '80/tcp': {} },
      Volumes: null,
      Labels: { 'org.x': '1' },
      Healthcheck: { Test: ['CMD-SHELL', 'curl -f localhost'], Interval: 30e9, Timeout: 120e9, Retries: 3 },
    },
  };
  assert.deepEqual(
    configFacts(config).map(({ label, values }) => `${label}: ${values.join(' | ')}`),
    [
      'Entrypoint: /bin/sh -c "echo \\"hi there\\""',
      'Command: serve --port=80',
      'Workdir: /app',
      'Environment: PATH=/bin | A=b c',
      'Ports: 80/tcp',
      'Health check: curl -f localhost (every 30 s, timeout 2 min, 3 retries)',
      'Labels: org.x=1',
      'Author: me',
    ],
  );
});

test('a config of any shape causes no error', () => {
  for (const config of [
    null,
    1,
    'x',
    [],
    {},
    { config: [] },
    { config: { Env: 'A=b', Cmd: 'x y', Labels: [1], Healthcheck: { Test: [] }, ExposedPorts: 7 } },
  ]) {
    assert.ok(Array.isArray(configFacts(config)));
  }
  assert.deepEqual(configFacts({ config: { Cmd: 'x y', Healthcheck: { Test: ['NONE'] } } }), [
    { label: 'Command', values: ['x y'] },
    { label: 'Health check', values: ['none'] },
  ]);
});
