import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChallenges } from '../../../src/source/registry/challenge.ts';
import type { Credentials } from '../../../src/source/registry/credential-helper.ts';
import { retryAfter } from '../../../src/source/registry/rate-limit.ts';
import { isOwnRealm, realmUrl, registrableDomain } from '../../../src/source/registry/realm.ts';
import { hasCode } from '../../support/asserts.ts';
import { type RegistryAuth, type StandInRegistry, standInRegistry } from '../../support/registry.ts';
import { sampleImage, testClient } from './bench.ts';

const ME: Credentials = { username: 'me', password: 'secret', identityToken: null };
const BASIC = `Basic ${Buffer.from('me:secret').toString('base64')}`;

function withImage(registry: StandInRegistry, auth: RegistryAuth): string {
  const { files, image } = sampleImage();
  registry.add('app', files, { '1': image.digest });
  registry.auth = auth;
  return image.digest;
}

test('a token is requested once, with our own scope, and again when it has expired', async (t) => {
  const registry = await standInRegistry(t);
  const digest = withImage(registry, { scheme: 'bearer' });
  const client = testClient(t, registry.host);
  for (let count = 0; count < 3; count++) assert.equal((await client.manifest('1')).digest, digest);
  const tokens = registry.log.filter(({ path }) => path.startsWith('/token'));
  assert.deepEqual(
    tokens.map(({ path, authorization }) => [path, authorization]),
    [['/token?service=stand-in&scope=repository%3Aapp%3Apull', null]],
  );
  registry.expireTokens();
  assert.equal((await client.manifest('1')).digest, digest);
  registry.auth = { scheme: 'bearer', expiresIn: 1 };
  assert.equal((await client.manifest('1')).digest, digest);
});

test('a user and a password get a token, or are sent with each request if the registry demands it', async (t) => {
  for (const scheme of ['bearer', 'basic'] as const) {
    const registry = await standInRegistry(t);
    const digest = withImage(registry, { scheme, user: 'me', password: 'secret' });
    assert.equal((await testClient(t, registry.host, { credentials: ME }).manifest('1')).digest, digest);
    const sent = registry.log.filter(({ authorization }) => authorization === BASIC).map(({ path }) => path.replace(/\?.*/, ''));
    assert.deepEqual(sent, [scheme === 'bearer' ? '/token' : '/v2/app/manifests/1']);
    for (const credentials of [null, { ...ME, password: 'wrong' }]) {
      await assert.rejects(testClient(t, registry.host, { credentials }).manifest('1'), (error: Error) => {
        assert.doesNotMatch(error.message, /secret|wrong/);
        return hasCode('UNAUTHORIZED')(error);
      });
    }
  }
});

test('an identity token is exchanged by POST, and never sent as a password', async (t) => {
  const registry = await standInRegistry(t);
  const digest = withImage(registry, { scheme: 'bearer', user: 'me', identityToken: 'long-lived' });
  const credentials = { username: '', password: '', identityToken: 'long-lived' };
  assert.equal((await testClient(t, registry.host, { credentials }).manifest('1')).digest, digest);
  const [token] = registry.log.filter(({ path }) => path === '/token');
  assert.deepEqual([token?.method, token?.authorization], ['POST', null]);
  assert.match(token?.body ?? '', /grant_type=refresh_token.*scope=repository%3Aapp%3Apull.*refresh_token=long-lived/);
});

test('every authentication challenge of a registry is read, in any order', async (t) => {
  const registry = await standInRegistry(t);
  const digest = withImage(registry, { scheme: 'bearer', before: 'Negotiate, Basic realm="a, Bearer realm=\\"x\\""' });
  assert.equal((await testClient(t, registry.host).manifest('1')).digest, digest);
  assert.deepEqual(
    parseChallenges('Basic realm="a \\"b\\"" , Bearer realm="https://x/t",service=s , scope="r:a,b:pull"').map(({ scheme, parameters }) => [
      scheme,
      Object.fromEntries(parameters),
    ]),
    [
      ['basic', { realm: 'a "b"' }],
      ['bearer', { realm: 'https://x/t', service: 's', scope: 'r:a,b:pull' }],
    ],
  );
  assert.deepEqual(parseChallenges(undefined), []);
  assert.deepEqual(parseChallenges('"",;=='), []);
});

test('an endless 401 is retried only once, with a token', async (t) => {
  const registry = await standInRegistry(t);
  withImage(registry, { scheme: 'bearer' });
  registry.faults.always401 = true;
  await assert.rejects(testClient(t, registry.host).manifest('1'), hasCode('UNAUTHORIZED'));
  assert.equal(registry.log.filter(({ path }) => path.startsWith('/v2/')).length, 2);
});

test('credentials are never sent to another owner’s token server, unless the user names it', async (t) => {
  const [registry, other] = [await standInRegistry(t), await standInRegistry(t)];
  // Another name for this machine represents another owner's host.
  const realm = other.address.replace('127.0.0.1', 'localhost');
  withImage(registry, { scheme: 'bearer', realm: `${realm}/token`, user: 'me', password: 'secret' });
  await assert.rejects(testClient(t, registry.host, { credentials: ME }).manifest('1'), (error: Error) => {
    assert.match(error.message, /--realm localhost:\d+/);
    return hasCode('UNAUTHORIZED')(error);
  });
  assert.deepEqual(other.log, []);
  // If the user allows the host, it gets the credentials. Its token isn't valid here.
  other.auth = { scheme: 'bearer', user: 'me', password: 'secret' };
  await assert.rejects(testClient(t, registry.host, { credentials: ME, realms: ['localhost'] }).manifest('1'), hasCode('UNAUTHORIZED'));
  assert.deepEqual(
    other.log.map(({ authorization }) => authorization),
    [BASIC],
  );
  // Without credentials, a token may be requested from any server.
  await assert.rejects(testClient(t, registry.host).manifest('1'), hasCode('UNAUTHORIZED'));
  assert.equal(other.log.length, 2);
});

test('a list of tags that is redirected to another server is read there, page by page, without credentials', async (t) => {
  const [registry, other] = [await standInRegistry(t), await standInRegistry(t)];
  const { files, image } = sampleImage();
  other.add('app', files, { a: image.digest, b: image.digest, c: image.digest });
  for (const scheme of ['bearer', 'basic'] as const) {
    withImage(registry, { scheme, user: 'me', password: 'secret' });
    registry.faults.tagsAt = `${other.address}/v2/app/tags/list`;
    assert.deepEqual(await testClient(t, registry.host, { credentials: ME }).tags(), ['a', 'b', 'c']);
  }
  assert.equal(other.log.length, 4);
  // The other server demands credentials for the second page only.
  other.faults.nextPageAt = '/v2/app/tags/list?last=b';
  other.demandsCredentials = (path) => path.endsWith('last=b');
  for (const scheme of ['bearer', 'basic'] as const) {
    other.auth = { scheme, user: 'me', password: 'secret' };
    for (const own of [null, { scheme, user: 'me', password: 'secret' }]) {
      registry.auth = own;
      await assert.rejects(testClient(t, registry.host, { credentials: ME }).tags(), hasCode('UNAUTHORIZED'));
    }
  }
  assert.deepEqual([...new Set(other.log.map(({ authorization }) => authorization))], [null]);
  assert.ok(!other.asked.some((asked) => asked.includes('/token')), 'no token was requested from the other server');
});

test('the address of a next page must be valid, and on the same server', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  registry.add('app', files, { a: image.digest, b: image.digest, c: image.digest });
  const other = await standInRegistry(t);
  for (const address of ['http://[', 'file:///etc/passwd', `http://me:secret@${registry.host}/`, `//${other.host}/x`, 'https://[::1]:1/']) {
    registry.faults.nextPageAt = address;
    await assert.rejects(testClient(t, registry.host).tags(), hasCode('UNREACHABLE'), address);
  }
  assert.deepEqual(other.log, []);
});

test('a token server’s redirect is not followed', async (t) => {
  const [registry, other] = [await standInRegistry(t), await standInRegistry(t)];
  withImage(registry, { scheme: 'bearer', user: 'me', password: 'secret', tokenRedirect: `${other.address}/token` });
  await assert.rejects(testClient(t, registry.host, { credentials: ME }).manifest('1'), hasCode('UNREACHABLE'));
  assert.deepEqual(other.log, []);
});

test('a token that is missing, endless or contains control characters is refused and not quoted', async (t) => {
  const answers = {
    '{"token":"a\\r\\nX-Other: b"}': 'UNREACHABLE',
    '{"token":"to ken"}': 'UNREACHABLE',
    '{}': 'UNREACHABLE',
    '[]': 'UNREACHABLE',
    'secret-text': 'UNREACHABLE',
    [`{"token":"${'x'.repeat(2 * 1024 * 1024)}"}`]: 'TOO_LARGE',
  } as const;
  for (const [tokenBody, code] of Object.entries(answers)) {
    const registry = await standInRegistry(t);
    withImage(registry, { scheme: 'bearer', tokenBody });
    await assert.rejects(testClient(t, registry.host).manifest('1'), (error: Error) => {
      assert.doesNotMatch(error.message, /secret-text|X-Other/);
      return hasCode(code)(error);
    });
  }
});

test('a realm is an https address without a password, or http if the registry is at http', () => {
  const [safe, plain] = [new URL('https://registry.test'), new URL('http://127.0.0.1:5000')];
  assert.equal(realmUrl('https://auth.test/token?a=b', safe).href, 'https://auth.test/token?a=b');
  assert.equal(realmUrl('http://auth.test/token', plain).href, 'http://auth.test/token');
  for (const realm of [
    'http://auth.test/token',
    'https://me:secret@auth.test',
    'https://me@auth.test',
    'file:///x',
    '/token',
    '',
    undefined,
  ]) {
    assert.throws(
      () => realmUrl(realm, safe),
      (error: Error) => !/secret/.test(error.message) && hasCode('UNREACHABLE')(error),
      realm ?? 'none',
    );
  }
  assert.throws(() => realmUrl('ftp://auth.test', plain), hasCode('UNREACHABLE'));
});

test('a server belongs to a registry if both domains have the same owner', () => {
  const own = (realm: string, registry: string): boolean => isOwnRealm(new URL(realm), new URL(registry), new Set());
  for (const [realm, registry] of [
    ['https://auth.docker.io/token', 'https://registry-1.docker.io'],
    ['https://ghcr.io/token', 'https://ghcr.io'],
    ['https://gitlab.example.com/jwt/auth', 'https://registry.example.com'],
    ['https://gitlab.com/jwt/auth', 'https://registry.gitlab.com'],
    ['https://me.azurecr.io/oauth2/token', 'https://me.azurecr.io'],
    ['https://auth.example.co.uk', 'https://registry.example.co.uk:5000'],
    ['https://10.0.0.1:8443', 'https://10.0.0.1'],
  ] as const) {
    assert.ok(own(realm, registry), `${realm} of ${registry}`);
  }
  for (const [realm, registry] of [
    ['https://auth.docker.io/token', 'https://registry.evil.test'],
    ['https://evil.docker.io', 'https://registry-1.docker.io'],
    ['https://docker.io.evil.test', 'https://registry-1.docker.io'],
    ['https://you.azurecr.io', 'https://me.azurecr.io'],
    ['https://azurecr.io', 'https://me.azurecr.io'],
    ['https://other.co.uk', 'https://example.co.uk'],
    ['https://b.github.io', 'https://a.github.io'],
    ['https://x.b.s3.amazonaws.com', 'https://1.dkr.ecr.eu-west-1.amazonaws.com.cn'],
    ['https://10.0.0.2', 'https://10.0.0.1'],
    ['https://evilexample.com', 'https://example.com'],
  ] as const) {
    assert.ok(!own(realm, registry), `${realm} of ${registry}`);
  }
  assert.equal(registrableDomain('com'), null);
});

test('Retry-After is a number of seconds or a date', () => {
  const now = Date.parse('2030-01-01T00:00:00Z');
  assert.deepEqual(
    [undefined, '', '5', 'Tue, 01 Jan 2030 00:00:07 GMT', 'Mon, 31 Dec 2029 00:00:00 GMT', '-1', 'soon'].map((text) =>
      retryAfter(text, now),
    ),
    [null, null, 5, 7, 0, null, null],
  );
});
