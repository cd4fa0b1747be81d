import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameChoices, namedIn, typedName } from '../../renderer/state/open-name/name-choices.ts';
import { initialOpenName, openNameReducer } from '../../renderer/state/open-name/open-name.ts';

const image = (name: string, engine = 'docker') => ({
  name,
  reference: `${engine}:${name}`,
  sizeBytes: 12_000_000,
  created: '2026-01-02T03:04:05Z',
  platform: 'linux/arm64',
});

test('a typed name shows where the image will be looked for, or what is wrong with it', () => {
  assert.equal(typedName('  '), null);
  const where = (text: string) => typedName(text)?.where;
  assert.equal(where('app'), 'from engines on this machine');
  assert.equal(where('app:1'), 'from engines on this machine, then docker.io');
  assert.equal(where('ghcr.io/owner/app'), 'from engines on this machine, then ghcr.io');
  assert.equal(where('registry:app'), 'from docker.io');
  assert.equal(where('podman:app'), 'from podman');
  assert.equal(where('container:docker/web'), 'from docker');
  assert.equal(where('containerd:k8s.io/app:1'), 'from containerd');
  const problem = (text: string) => typedName(text)?.problem ?? '';
  assert.match(problem('App'), /names are lower case/);
  assert.match(problem('app:'), /not a tag/);
  assert.match(problem('docker://app'), /registry:app/);
  assert.match(problem('image.tar'), /looks like a file/);
  assert.match(problem('/etc/passwd'), /looks like a file/);
  assert.match(problem('store:web'), /store/);
  assert.equal(typedName(' app:1 ')?.reference, 'app:1');
});

test('only an image’s name is taken from dropped or pasted text, even if it is in a command', () => {
  for (const [text, name] of [
    ['nginx', 'nginx'],
    [' ghcr.io/owner/app:1\n', 'ghcr.io/owner/app:1'],
    ['docker pull nginx:1.27', 'nginx:1.27'],
    ['$ podman image pull quay.io/a/b', 'quay.io/a/b'],
    [`app@sha256:${'a'.repeat(64)}`, `app@sha256:${'a'.repeat(64)}`],
    ['docker://nginx', 'docker://nginx'],
  ] as const)
    assert.equal(namedIn(text), name, text);
  for (const text of [
    '',
    'two words',
    'https://example.com/app',
    '/etc/passwd',
    'image.tar.gz',
    'App',
    'a\nb',
    'x'.repeat(2_000),
    'store:a',
  ])
    assert.equal(namedIn(text), null, text.slice(0, 40));
});

test('the dialog lists matching recent names and each engine’s images, and the typed name first once it is complete', () => {
  const engines = [
    { engine: 'docker' as const, images: [image('web-api:1.8'), image('docker.io/library/nginx:1')] },
    { engine: 'podman' as const, images: [image('web:2', 'podman')] },
  ];
  const labels = (text: string) => nameChoices(text, ['ghcr.io/a/web:3'], engines).map(({ group, label }) => `${group}: ${label}`);
  assert.deepEqual(labels(''), ['Recent names: ghcr.io/a/web:3', 'Docker: web-api:1.8', 'Docker: nginx:1', 'Podman: web:2']);
  assert.deepEqual(labels('web'), ['Recent names: ghcr.io/a/web:3', 'Docker: web-api:1.8', 'Podman: web:2', 'As typed: Open web']);
  assert.deepEqual(labels('web:2'), ['As typed: Open web:2', 'Podman: web:2']);
  assert.deepEqual(labels('Web API'), ['Docker: web-api:1.8']);
  const [line] = nameChoices('nginx', [], engines);
  assert.deepEqual([line?.reference, line?.detail], ['docker:docker.io/library/nginx:1', 'linux/arm64 · 12.0 MB · Jan 2, 2026']);
});

test('only a hundred out of thousands of images are listed, and typing finds the others', () => {
  const images = Array.from({ length: 3_000 }, (_, index) => image(`app-${index}:1`));
  assert.equal(nameChoices('', [], [{ engine: 'docker', images }]).length, 100);
  assert.equal(nameChoices('app-2999', [], [{ engine: 'docker', images }])[0]?.label, 'app-2999:1');
});

test('an error disappears when the text changes, and a new dialog starts afresh', () => {
  const error = { code: 'NOT_FOUND', message: 'app: nobody has it' };
  const failed = openNameReducer({ ...initialOpenName, text: 'app' }, { type: 'stopped', error });
  assert.deepEqual([failed.error, failed.text], [error, 'app']);
  assert.equal(openNameReducer(failed, { type: 'typed', text: 'app:1' }).error, null);
  const opening = openNameReducer(failed, { type: 'opening', reference: 'app', jobId: 'j1' });
  assert.deepEqual([opening.step.kind, opening.error], ['opening', null]);
  assert.deepEqual(openNameReducer(opening, { type: 'begun', text: 'b' }), { ...initialOpenName, text: 'b' });
});
