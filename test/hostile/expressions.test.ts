// Work on names and times from an archive takes time linear in their length, not quadratic.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseImageWord } from '#format/reference';
import { trimEnd, trimStart } from '#model';
import { parseAddress } from '../../renderer/state/address.ts';
import { mtimeText } from '../../renderer/state/details/attributes.ts';
import { fileName } from '../../src/engine/export/entry-export.ts';
import { folderOfPath } from '../../src/format/layer/layer-chain.ts';
import { UserCredentials } from '../../src/source/registry/credentials.ts';
import { RegistrySettings } from '../../src/source/registry/registry-settings.ts';
import { hasCode } from '../support/asserts.ts';
import { testFolder } from '../support/workbench.ts';

const MANY = 2_000_000;
/** A length that fits in a settings file. */
const SOME = 700_000;

test('millions of trailing slashes, dots or zeros are stripped, but kept if something follows', () => {
  assert.equal(trimEnd(`a${'/'.repeat(MANY)}`, '/'), 'a');
  assert.equal(trimEnd(`${'/'.repeat(MANY)}a`, '/').length, MANY + 1);
  assert.equal(trimStart(`${'. '.repeat(MANY)}a`, '. '), 'a');
  assert.equal(trimEnd('////', '/'), '');
  assert.equal(fileName(`a${'. '.repeat(MANY)}b`), 'a', 'the name is cut, and no system allows a name that ends in dots or spaces');
  assert.equal(fileName('. '.repeat(MANY)), 'file');
  assert.match(mtimeText(`1700000000.${'0'.repeat(MANY)}1`), /^2023-11-14 22:13:20\.0+1 UTC$/);
  assert.notEqual(parseAddress(`#/image/a1/layer/0?path=a${'/'.repeat(MANY)}b`), null);
});

test('long runs of slashes or zeros that end with another character are handled quickly wherever names and settings come from outside', async (t) => {
  assert.equal(folderOfPath(`${'/'.repeat(MANY)}a${'\\/'.repeat(MANY)}`), 'a');
  assert.equal(folderOfPath(`${'/'.repeat(MANY)}a`), 'a');
  assert.throws(() => parseImageWord(`docker://${'/'.repeat(MANY)}a`), hasCode('USAGE'));

  const home = testFolder(t);
  const write = (name: string, text: string): void => {
    mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    writeFileSync(path.join(home, name), text);
  };
  const long = `https://localhost:1/${'/'.repeat(SOME)}a`;
  write('.config/containerd/certs.d/localhost:2/hosts.toml', `server = "${long}"\n`);
  write('.docker/daemon.json', JSON.stringify({ 'registry-mirrors': [long] }));
  const settings = new RegistrySettings({ env: {}, home, system: home });
  const find = (host: string) => settings.places({ host, name: 'app', digest: null })[0]?.path.length;
  assert.equal(find('localhost:2'), SOME + 2);
  assert.equal(find('docker.io'), SOME + 2);

  const auth = Buffer.from(`me:${'\0'.repeat(SOME)}x`).toString('base64');
  write('.docker/config.json', JSON.stringify({ auths: { 'localhost:2': { auth } } }));
  const found = await new UserCredentials({}, home).find('localhost:2', 'app', undefined);
  assert.equal(found?.password.length, SOME + 1);
});
