import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { HostCertificates, readStore } from '../../../src/source/http/tls-files.ts';
import { hasCode } from '../../support/asserts.ts';
import { listen, standInRegistry } from '../../support/registry.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../../support/test-certificate.ts';
import { testFolder } from '../../support/workbench.ts';
import { sampleImage, testClient } from '../registry/bench.ts';

test('a registry’s certificate must be trusted, and certs.d makes it trusted only for that host and port', async (t) => {
  const server = https.createServer({ key: TEST_KEY, cert: TEST_CERTIFICATE });
  const registry = await standInRegistry(t, server);
  const { files, image } = sampleImage();
  registry.add('app', files, { '1': image.digest });
  const folder = testFolder(t);
  await assert.rejects(testClient(t, registry.host, { certificateFolders: [folder] }).manifest('1'), (error: Error) => {
    assert.match(error.message, /certificate is not trusted/);
    return hasCode('UNREACHABLE')(error);
  });
  mkdirSync(path.join(folder, 'localhost'));
  writeFileSync(path.join(folder, 'localhost/ca.crt'), TEST_CERTIFICATE);
  await assert.rejects(testClient(t, registry.host, { certificateFolders: [folder] }).manifest('1'), hasCode('UNREACHABLE'));
  mkdirSync(path.join(folder, registry.host));
  writeFileSync(path.join(folder, registry.host, 'ca.crt'), TEST_CERTIFICATE);
  const client = testClient(t, registry.host, { certificateFolders: [folder] });
  assert.equal((await client.manifest('1')).digest, image.digest);
});

test('a registry that asks for a client certificate gets the one in certs.d', async (t) => {
  const options = { key: TEST_KEY, cert: TEST_CERTIFICATE, ca: TEST_CERTIFICATE, requestCert: true, rejectUnauthorized: true };
  const registry = await standInRegistry(t, https.createServer(options));
  const { files, image } = sampleImage();
  registry.add('app', files, { '1': image.digest });
  const folder = testFolder(t);
  const own = path.join(folder, registry.host);
  mkdirSync(own);
  writeFileSync(path.join(own, 'ca.crt'), TEST_CERTIFICATE);
  await assert.rejects(testClient(t, registry.host, { certificateFolders: [folder] }).manifest('1'), hasCode('UNREACHABLE'));
  writeFileSync(path.join(own, 'client.cert'), TEST_CERTIFICATE);
  writeFileSync(path.join(own, 'client.key'), TEST_KEY);
  const client = testClient(t, registry.host, { certificateFolders: [folder] });
  assert.equal((await client.manifest('1')).digest, image.digest);
});

test('an untrusted certificate never leads to plain http instead of TLS', async (t) => {
  const registry = await standInRegistry(t, https.createServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }));
  await assert.rejects(testClient(t, registry.host).manifest('1'), hasCode('UNREACHABLE'));
  assert.deepEqual(registry.log, []);
});

test('a host’s name can’t lead to another folder', (t) => {
  const folder = testFolder(t);
  writeFileSync(path.join(folder, 'ca.crt'), 'not for everybody');
  const certificates = new HostCertificates([path.join(folder, 'certs.d')], { SSL_CERT_FILE: '/nowhere' });
  for (const host of ['..', '../', '..\\', '.']) assert.equal(certificates.of(host).ca, undefined, host);
});

test('Windows’ and macOS’s authorities come from the system’s store, where the runtime can read it', () => {
  const read = (type: string): readonly string[] => [`${type} store`];
  assert.deepEqual(readStore('win32', read), ['system store']);
  assert.deepEqual(readStore('darwin', read), ['system store']);
  assert.deepEqual(readStore('linux', read), [], 'Linux keeps them in files');
  assert.deepEqual(readStore('win32', null), [], 'Node 20 can’t read it');
  assert.deepEqual(
    readStore('win32', () => {
      throw new Error('no store');
    }),
    [],
  );
});

test('certs.d makes the token server’s certificate trusted for its own host and port', async (t) => {
  const registry = await standInRegistry(t, https.createServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }));
  const tokens = https.createServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, (request, response) =>
    registry.server.emit('request', request, response),
  );
  await listen(t, tokens);
  const tokenHost = `127.0.0.1:${(tokens.address() as AddressInfo).port}`;
  registry.auth = { scheme: 'bearer', realm: `https://${tokenHost}/token` };
  const { files, image } = sampleImage();
  registry.add('app', files, { '1': image.digest });
  const folder = testFolder(t);
  const trust = (host: string): void => {
    mkdirSync(path.join(folder, host));
    writeFileSync(path.join(folder, host, 'ca.crt'), TEST_CERTIFICATE);
  };
  trust(registry.host);
  await assert.rejects(testClient(t, registry.host, { certificateFolders: [folder] }).manifest('1'), (error: Error) => {
    assert.match(error.message, new RegExp(`^${tokenHost}: its certificate is not trusted`));
    return hasCode('UNREACHABLE')(error);
  });
  trust(tokenHost);
  const client = testClient(t, registry.host, { certificateFolders: [folder] });
  assert.equal((await client.manifest('1')).digest, image.digest);
});
