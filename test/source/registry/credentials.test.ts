import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { findProgram } from '../../../src/files/find-program.ts';
import { askHelper } from '../../../src/source/registry/credential-helper.ts';
import { UserCredentials } from '../../../src/source/registry/credentials.ts';
import { hasCode } from '../../support/asserts.ts';
import { testFolder } from '../../support/workbench.ts';

type Env = Record<string, string>;

function write(file: string, value: unknown): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
}

function auth(user: string): { auth: string } {
  return { auth: Buffer.from(`${user}:pass:word`).toString('base64') };
}

/** Returns the user name found for a repository, or null. */
async function userFor(home: string, env: Env, host: string, name = 'team/app'): Promise<string | null> {
  const found = await new UserCredentials(env, home).find(host, name, undefined);
  if (found !== null && found.identityToken === null) assert.equal(found.password, 'pass:word');
  return found?.username ?? null;
}

/** Creates a folder with a program `docker-credential-NAME` that runs shell commands. */
function helper(t: TestContext, name: string, script: string): string {
  const folder = testFolder(t);
  const file = path.join(folder, `docker-credential-${name}`);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return folder;
}

test('the first file that has credentials for a host is used', async (t) => {
  const home = testFolder(t);
  const env: Env = { XDG_RUNTIME_DIR: path.join(home, 'run'), REGISTRY_AUTH_FILE: path.join(home, 'given.json') };
  const files = [
    [path.join(home, '.dockercfg'), { 'x.test': auth('dockercfg') }],
    [path.join(home, '.docker/config.json'), { auths: { 'x.test': auth('docker') } }],
    [path.join(home, '.config/containers/auth.json'), { auths: { 'x.test': auth('config') } }],
    [path.join(home, 'run/containers/auth.json'), { auths: { 'x.test': auth('run') } }],
    [path.join(home, 'given.json'), { auths: { 'x.test': auth('given') } }],
  ] as const;
  assert.equal(await userFor(home, env, 'x.test'), null);
  const found: (string | null)[] = [];
  for (const [file, value] of files) {
    write(file, value);
    found.push(await userFor(home, env, 'x.test'));
  }
  assert.deepEqual(found, ['dockercfg', 'docker', 'config', 'run', 'given']);
  assert.equal(await userFor(home, env, 'y.test'), null);
  assert.equal(await userFor(home, { DOCKER_CONFIG: testFolder(t) }, 'x.test'), 'config');
});

test('keys of credentials files are hosts, old addresses such as Docker Hub’s, and in auth.json also paths, where the longest match wins', async (t) => {
  const home = testFolder(t);
  write(path.join(home, '.docker/config.json'), {
    auths: {
      'https://index.docker.io/v1/': auth('hub'),
      'https://old.test/v2/': auth('old'),
      'x.test:5000': auth('port'),
      'x.test/team': auth('never'),
    },
  });
  assert.deepEqual(
    [
      await userFor(home, {}, 'docker.io'),
      await userFor(home, {}, 'old.test'),
      await userFor(home, {}, 'x.test:5000'),
      await userFor(home, {}, 'x.test'),
    ],
    ['hub', 'old', 'port', null],
  );
  write(path.join(home, '.config/containers/auth.json'), {
    auths: { 'x.test': auth('host'), 'x.test/team': auth('team'), 'x.test/team/app': auth('app'), 'x.test/te': auth('never') },
  });
  assert.deepEqual(
    await Promise.all(['team/app', 'team/other', 'other', 'team/app/deep'].map((name) => userFor(home, {}, 'x.test', name))),
    ['app', 'team', 'host', 'app'],
  );
});

test('a host named like a property of every object has no credentials', async (t) => {
  const home = testFolder(t);
  write(path.join(home, '.docker/config.json'), { auths: {}, credHelpers: {} });
  for (const host of ['constructor', '__proto__', 'toString']) assert.equal(await userFor(home, {}, host), null);
});

test('identity tokens are recognized in files and from helpers', async (t) => {
  const home = testFolder(t);
  write(path.join(home, '.docker/config.json'), {
    auths: { 'x.test': { ...auth('me'), identitytoken: 'long' } },
    credHelpers: { 'y.test': 'x' },
  });
  const PATH = helper(t, 'x', `cat >/dev/null; echo '{"ServerURL":"y","Username":"<token>","Secret":"longer"}'`);
  const credentials = new UserCredentials({ PATH: `${PATH}:/bin:/usr/bin` }, home);
  assert.equal((await credentials.find('x.test', 'a', undefined))?.identityToken, 'long');
  assert.deepEqual(await credentials.find('y.test', 'a', undefined), { username: '', password: '', identityToken: 'longer' });
});

test('a credential helper is used for its own host, a credential store for every host, and the file for everything else', async (t) => {
  const home = testFolder(t);
  const PATH = [
    helper(t, 'own', `read server; echo "{\\"Username\\":\\"own $server\\",\\"Secret\\":\\"pass:word\\"}"`),
    helper(
      t,
      'all',
      `read server; case $server in known.test|https://index.docker.io/v1/) echo "{\\"Username\\":\\"all $server\\",\\"Secret\\":\\"pass:word\\"}";; *) echo "credentials not found in native keychain"; exit 1;; esac`,
    ),
    '/bin:/usr/bin',
  ].join(':');
  write(path.join(home, '.docker/config.json'), {
    credHelpers: { 'own.test': 'own' },
    credsStore: 'all',
    auths: { 'file.test': auth('file'), 'known.test': {} },
  });
  const users = await Promise.all(
    ['own.test', 'known.test', 'docker.io', 'file.test', 'none.test'].map((host) => userFor(home, { PATH }, host)),
  );
  assert.deepEqual(users, ['own own.test', 'all known.test', 'all https://index.docker.io/v1/', 'file', null]);
});

test('a helper’s name can’t be a path, an option or shell syntax', async (t) => {
  const folder = testFolder(t);
  const PATH = `${helper(t, 'x', 'exit 1')}:/bin:/usr/bin`;
  for (const name of ['../x', 'a/b', 'x;touch y', 'x y', '$(x)', '', 'x\n', '..\\x']) {
    await assert.rejects(askHelper(name, 'x.test', undefined, { env: { PATH } }), (error: Error) => {
      assert.match(error.message, /not the name of a credential helper/, JSON.stringify(name));
      return hasCode('UNAUTHORIZED')(error);
    });
  }
  assert.ok(!existsSync(path.join(folder, 'y')));
});

test('a helper is only searched for in absolute folders of the PATH, never in the working folder', async (t) => {
  const folder = helper(t, 'x', 'echo');
  const relative = path.relative(process.cwd(), folder);
  for (const PATH of [relative, '.', '', `${relative}:`, `:${relative}`])
    assert.equal(findProgram('docker-credential-x', { PATH }), null, PATH);
  const before = process.cwd();
  process.chdir(folder);
  try {
    for (const PATH of ['.', '', ':', './']) assert.equal(findProgram('docker-credential-x', { PATH }), null, PATH);
    await assert.rejects(askHelper('x', 'x.test', undefined, { env: { PATH: '.' } }), hasCode('UNAUTHORIZED'));
  } finally {
    process.chdir(before);
  }
  assert.equal(findProgram('docker-credential-x', { PATH: `.:${folder}` }), path.join(folder, 'docker-credential-x'));
});

test('a helper that fails, hangs, floods or prints nothing useful is an error that quotes none of its output', async (t) => {
  const scripts = {
    fails: 'echo secret-word; exit 3',
    floods: 'yes secret-word',
    hangs: 'exec sleep 1000',
    holds: 'sleep 10 & exit 1',
    nonsense: 'echo secret-word',
    empty: "echo '{}'",
  };
  for (const [name, script] of Object.entries(scripts)) {
    const PATH = `${helper(t, name, script)}:/bin:/usr/bin`;
    const timeoutMs = name === 'hangs' || name === 'holds' ? 100 : 20_000;
    await assert.rejects(askHelper(name, 'x.test', undefined, { env: { PATH }, timeoutMs }), (error: Error) => {
      assert.doesNotMatch(error.message, /secret-word/);
      return hasCode('UNAUTHORIZED')(error);
    });
  }
});

test('cancelling stops a helper', async (t) => {
  const PATH = `${helper(t, 'x', 'exec sleep 1000')}:/bin:/usr/bin`;
  const abort = new AbortController();
  const asked = askHelper('x', 'x.test', abort.signal, { env: { PATH } });
  abort.abort();
  await assert.rejects(asked, hasCode('CANCELLED'));
});

test('the error for a damaged credentials file names it but doesn’t quote it', async (t) => {
  const home = testFolder(t);
  write(path.join(home, '.docker/config.json'), '{"auths": {"x.test": {"auth": "secret-word"');
  await assert.rejects(userFor(home, {}, 'x.test'), (error: Error) => {
    assert.match(error.message, /config\.json/);
    assert.doesNotMatch(error.message, /secret-word/);
    return hasCode('UNAUTHORIZED')(error);
  });
  write(path.join(home, '.docker/config.json'), '');
  assert.equal(await userFor(home, {}, 'x.test'), null);
});
