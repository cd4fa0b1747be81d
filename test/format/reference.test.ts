import assert from 'node:assert/strict';
import { test } from 'node:test';
import { familiarName, fullName, looksLikeFile, namesSame, parseImageWord, parseReference, tryReference } from '#format/reference';
import { hasCode } from '../support/asserts.ts';

const HEX = '0123456789abcdef'.repeat(4);
const SHA256 = `sha256:${HEX}`;
const SHA512 = `sha512:${HEX}${HEX}`;

test('a reference has a host, a name, and a tag or a digest', () => {
  const cases: readonly (readonly [text: string, full: string, familiar: string])[] = [
    ['nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
    ['nginx:1.27', 'docker.io/library/nginx:1.27', 'nginx:1.27'],
    ['x/y', 'docker.io/x/y:latest', 'x/y:latest'],
    ['docker.io/nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
    ['index.docker.io/library/nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
    ['library/nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
    ['library/x/y', 'docker.io/library/x/y:latest', 'library/x/y:latest'],
    // A part with a colon is a host only if a slash follows.
    ['a:5000', 'docker.io/library/a:5000', 'a:5000'],
    ['a:5000/b', 'a:5000/b:latest', 'a:5000/b:latest'],
    ['localhost/x', 'localhost/x:latest', 'localhost/x:latest'],
    ['localhost', 'docker.io/library/localhost:latest', 'localhost:latest'],
    ['localhost:5000/x/y:1', 'localhost:5000/x/y:1', 'localhost:5000/x/y:1'],
    ['GHCR.io/x/y:Tag', 'ghcr.io/x/y:Tag', 'ghcr.io/x/y:Tag'],
    ['[::1]:5000/x', '[::1]:5000/x:latest', '[::1]:5000/x:latest'],
    ['[2001:db8::1]/x:1', '[2001:db8::1]/x:1', '[2001:db8::1]/x:1'],
    [`nginx@${SHA256}`, `docker.io/library/nginx@${SHA256}`, `nginx@${SHA256}`],
    [`h.io/x:1@${SHA512}`, `h.io/x:1@${SHA512}`, `h.io/x:1@${SHA512}`],
    ['ab__c-d---e/f.g_h', 'docker.io/ab__c-d---e/f.g_h:latest', 'ab__c-d---e/f.g_h:latest'],
    ['abcdef123456', 'docker.io/library/abcdef123456:latest', 'abcdef123456:latest'],
    [`x:_${'t'.repeat(127)}`, `docker.io/library/x:_${'t'.repeat(127)}`, `x:_${'t'.repeat(127)}`],
  ];
  for (const [text, full, familiar] of cases) {
    assert.equal(fullName(parseReference(text)), full, text);
    assert.equal(familiarName(parseReference(text)), familiar, text);
    assert.equal(fullName(parseReference(full)), full, `${full} stays what it is`);
  }
});

test('a reference states which parts its text gives, because contacting a registry depends on them', () => {
  assert.deepEqual(parseReference('x').given, { host: false, tag: false, digest: false });
  assert.deepEqual(parseReference('h.io/x:1').given, { host: true, tag: true, digest: false });
  assert.deepEqual(parseReference(`x@${SHA256}`).given, { host: false, tag: false, digest: true });
});

test('an invalid reference is refused, naming the invalid part', () => {
  const cases: readonly (readonly [text: string, why: RegExp])[] = [
    ['', /empty/],
    ['x'.repeat(1025), /longer than 1024/],
    ['Nginx', /lower case/],
    ['x/Y', /lower case/],
    ['x:', / is not a tag/],
    ['x:-a', /-a is not a tag/],
    [`x:${'t'.repeat(129)}`, /is not a tag/],
    ['x@', /is not a digest/],
    [`x@sha256:${HEX.slice(1)}`, /is not a digest/],
    [`x@sha256:${HEX.toUpperCase()}`, /is not a digest/],
    [`x@md5:${HEX}`, /is not a digest/],
    [`x@${SHA256}@${SHA256}`, /is not a digest/],
    [`@${SHA256}`, /the name is missing/],
    [':1', /the name is missing/],
    ['/x', /not a name/],
    ['h.io/', /the name is missing/],
    ['x//y', /not a name/],
    ['x/', /not a name/],
    ['-x', /not a name/],
    ['x..y', /not a name/],
    ['x___y', /not a name/],
    ['a b', /not a name/],
    ['x:1:2', /1:2 is not a tag/],
    ['a:b:5000/x', /not a host/],
    ['h.io:/x', /not a host/],
    ['h.io:0/x', /not a host/],
    ['h.io:65536/x', /not a host/],
    ['-h.io/x', /not a host/],
    ['h..io/x', /not a host/],
    ['u@h.io/x', /not a digest/],
    ['::1/x', /not a host/],
    ['[::1/x', /not a host/],
    [`${'x'.repeat(256)}`, /longer than 255/],
    ['x\n', /x\\x0A is not a name/],
    ['\u202Ex', /\\u202Ex is not a name/],
  ];
  for (const [text, why] of cases) {
    assert.throws(
      () => parseReference(text),
      (error: Error) => hasCode('USAGE')(error) && why.test(error.message),
      JSON.stringify(text),
    );
    assert.equal(tryReference(text), null);
  }
});

test('an engine’s name matches the wanted one if the digest matches, or if host, name and tag do', () => {
  const same = (wanted: string, known: string) => namesSame(parseReference(wanted), parseReference(known));
  assert.equal(same('nginx', 'docker.io/library/nginx:latest'), true);
  assert.equal(same('nginx', 'nginx:1'), false);
  assert.equal(same('quay.io/nginx', 'nginx'), false);
  assert.equal(same(`nginx:1@${SHA256}`, `nginx@${SHA256}`), true);
  assert.equal(same(`nginx:1@${SHA256}`, 'nginx:1'), false);
});

test('the scheme decides which source is contacted', () => {
  const engine = parseImageWord('docker:app:1');
  assert.ok(engine.kind === 'engine' && engine.engine === 'docker' && engine.name.idStart === null);
  assert.equal(engine.name.reference && familiarName(engine.name.reference), 'app:1');
  const registry = parseImageWord('registry:ghcr.io/x/y');
  assert.equal(registry.kind === 'registry' && fullName(registry.reference), 'ghcr.io/x/y:latest');
  // Docker Hub also has images named `docker` and `registry`; the scheme takes precedence.
  const named = parseImageWord('docker:docker:27-dind');
  assert.equal(named.kind === 'engine' && named.name.reference && familiarName(named.name.reference), 'docker:27-dind');
  assert.deepEqual(parseImageWord('store:9f86'), { kind: 'store', id: '9f86' });
  assert.deepEqual(parseImageWord('container:docker/web_1'), {
    kind: 'container',
    engine: 'docker',
    id: 'web_1',
    text: 'container:docker/web_1',
  });
  assert.deepEqual(parseImageWord('container:web_1'), { kind: 'container', engine: null, id: 'web_1', text: 'container:web_1' });
});

test('hex digits are an id, unless an image has that name', () => {
  const name = (text: string) => {
    const word = parseImageWord(text);
    assert.ok(word.kind === 'engine' || word.kind === 'name');
    return { reference: word.name.reference === null ? null : familiarName(word.name.reference), idStart: word.name.idStart };
  };
  assert.deepEqual(name('docker:abcdef'), { reference: 'abcdef:latest', idStart: 'abcdef' });
  assert.deepEqual(name('docker:abcde'), { reference: 'abcde:latest', idStart: null });
  assert.deepEqual(name(`docker:${HEX}`), { reference: null, idStart: HEX });
  assert.deepEqual(name(`podman:${SHA256}`), { reference: null, idStart: HEX });
  assert.deepEqual(name('docker:sha256:abcdef'), { reference: null, idStart: 'abcdef' });
  assert.deepEqual(name('docker:sha256:xyz'), { reference: 'sha256:xyz', idStart: null });
  assert.deepEqual(name('abcdef12'), { reference: 'abcdef12:latest', idStart: 'abcdef12' });
  assert.deepEqual(name('docker:ABCDEF1'.toLowerCase()), { reference: 'abcdef1:latest', idStart: 'abcdef1' });
});

test('containerd’s names may begin with a namespace; where both interpretations fit, both are returned', () => {
  const readings = (text: string) => {
    const word = parseImageWord(text);
    assert.ok(word.kind === 'containerd');
    return word.readings.map(
      ({ namespace, name }) => `${namespace ?? '*'} ${name.reference === null ? name.idStart : fullName(name.reference)}`,
    );
  };
  assert.deepEqual(readings('containerd:app:1'), ['* docker.io/library/app:1']);
  assert.deepEqual(readings('containerd:moby/app:1'), ['* docker.io/moby/app:1', 'moby docker.io/library/app:1']);
  assert.deepEqual(readings('containerd:k8s.io/registry.k8s.io/pause:3.9'), [
    '* k8s.io/registry.k8s.io/pause:3.9',
    'k8s.io registry.k8s.io/pause:3.9',
  ]);
  assert.deepEqual(readings(`containerd:default/${SHA256}`), [`default ${HEX}`]);
  assert.deepEqual(readings('containerd:localhost:5000/x'), ['* localhost:5000/x:latest']);
  assert.deepEqual(readings('containerd:UPPER/app'), ['UPPER docker.io/library/app:latest']);
});

test('a registry may be contacted for a bare name only if the name has a tag, a digest or a host', () => {
  const mayBeRemote = (text: string) => {
    const word = parseImageWord(text);
    assert.equal(word.kind, 'name', text);
    return word.kind === 'name' && word.mayBeRemote;
  };
  for (const text of ['app:1', 'h.io/app', `app@${SHA256}`, 'a:5000']) assert.equal(mayBeRemote(text), true, text);
  for (const text of ['app', 'x/app', 'abcdef12', HEX, SHA256]) assert.equal(mayBeRemote(text), false, text);
});

test('text that looks like a file is not a name', () => {
  for (const text of ['./app', '../app', '/app', 'a\\b', 'C:\\x', 'app.tar', 'x/app.tgz', 'app.tar.gz', 'app.ZST', 'app.tar.xz']) {
    assert.equal(looksLikeFile(text), true, text);
    assert.equal(parseImageWord(text).kind, 'file', text);
  }
  for (const text of ['App', 'a b', '', '.hidden']) assert.equal(parseImageWord(text).kind, 'file', text);
  for (const text of ['app', 'app:tar', 'gz']) assert.equal(looksLikeFile(text), false, text);
});

test('addresses and schemes without a valid name are usage errors', () => {
  const cases: readonly (readonly [text: string, why: RegExp])[] = [
    ['docker://nginx', /registry:nginx to ask a registry, or docker:nginx/],
    ['podman://nginx', /podman:nginx/],
    ['containerd://', /containerd:NAME/],
    ['https://ghcr.io/x/y', /registry:ghcr\.io\/x\/y/],
    ['HTTP://x', /registry:x/],
    ['docker:', /docker:NAME/],
    ['registry:', /registry:NAME/],
    ['registry:Nginx', /lower case/],
    ['docker:a b', /not a name/],
    ['container:rkt/web', /is not a container/],
    ['container:', /container:NAME/],
    ['container:docker/', /is not a container/],
    ['container:docker/-x', /is not a container/],
    ['containerd:-x/A', /not a name/],
  ];
  for (const [text, why] of cases) {
    assert.throws(
      () => parseImageWord(text),
      (error: Error) => hasCode('USAGE')(error) && why.test(error.message),
      text,
    );
  }
});
