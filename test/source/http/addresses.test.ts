import assert from 'node:assert/strict';
import type dns from 'node:dns';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import { test } from 'node:test';
import { isAllowed, isAllowedName } from '../../../src/source/http/address.ts';
import { ruleOf } from '../../../src/source/http/follow.ts';
import type { HttpReply } from '../../../src/source/http/http-client.ts';
import { hasCode } from '../../support/asserts.ts';
import { listen, standInRegistry } from '../../support/registry.ts';
import { sampleImage, testClient, testHttp } from '../registry/bench.ts';

/** Addresses that no server may redirect to, in any form. */
const FORBIDDEN = [
  '169.254.169.254',
  '169.254.0.1',
  '0.0.0.0',
  '0.1.2.3',
  '::',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '64:ff9b::a9fe:a9fe',
  // Rarer forms of 169.254.169.254.
  '::169.254.169.254',
  '::ffff:0:169.254.169.254',
  '64:ff9b:1::a9fe:a9fe',
  '2002:a9fe:a9fe::',
  '2002:a9fe:a9fe::1',
  '2001:0:a9fe:a9fe::1',
  '2001::5601:5601',
  'fd12::5efe:169.254.169.254',
  '2001:db8::200:5efe:a9fe:a9fe',
  'fe80::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  'fd00:42::42',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  '224.0.0.1',
  'ff02::1',
  '255.255.255.255',
];
const LOOPBACK = [
  '127.0.0.1',
  '127.255.0.1',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::127.0.0.1',
  '2002:7f00:1::1',
  '64:ff9b::7f00:1',
];
const FINE = [
  '1.1.1.1',
  '10.0.0.1',
  '192.168.1.1',
  '2606:4700::1111',
  '::ffff:1.1.1.1',
  'fd12::1',
  '2002:101:101::1',
  '64:ff9b::1.1.1.1',
  '2001:db8:0:1:1:1:1:1',
];

test('link-local addresses, metadata services and invalid targets are refused, as is this machine unless the server is on it', () => {
  for (const address of FORBIDDEN)
    for (const rule of ['foreign', 'neighbour'] as const) assert.ok(!isAllowed(address, rule), `${address} ${rule}`);
  for (const address of LOOPBACK)
    assert.deepEqual([isAllowed(address, 'foreign'), isAllowed(address, 'neighbour')], [false, true], address);
  for (const address of FINE) assert.ok(isAllowed(address, 'foreign'), address);
  for (const address of [...FORBIDDEN, ...LOOPBACK]) assert.ok(isAllowed(address, 'any'), address);
  assert.ok(!isAllowed('not an address', 'foreign'));
});

test('only a server on this machine may lead to the addresses of its network interfaces', () => {
  for (const { address, family, internal } of Object.values(os.networkInterfaces()).flatMap((list) => list ?? [])) {
    if (internal || address.startsWith('fe80')) continue;
    for (const form of family === 'IPv4' ? [address, `::ffff:${address}`] : [address])
      assert.deepEqual([isAllowed(form, 'foreign'), isAllowed(form, 'local'), isAllowed(form, 'neighbour')], [false, true, true], form);
  }
  for (const address of LOOPBACK) assert.ok(!isAllowed(address, 'local'), address);
});

test('names for this machine and for metadata services are refused without a look-up', () => {
  for (const name of ['localhost', 'LOCALHOST.', 'a.localhost', 'metadata.google.internal', 'metadata', '127.0.0.1']) {
    assert.ok(!isAllowedName(name, 'foreign'), name);
  }
  assert.ok(isAllowedName('localhost', 'neighbour'));
  assert.ok(!isAllowedName('metadata.google.internal', 'neighbour'));
  assert.ok(isAllowedName('example.com', 'foreign'));
});

test('a numeric address is refused in any spelling that a URL may have', async (t) => {
  const client = testHttp(t);
  for (const host of [
    '169.254.169.254',
    '0xa9fea9fe',
    '2852039166',
    '0251.0376.0251.0376',
    '[::ffff:169.254.169.254]',
    '0.0.0.0',
    '[::]',
  ]) {
    await assert.rejects(client.request(new URL(`http://${host}/`), { rule: 'neighbour' }), hasCode('UNREACHABLE'), host);
  }
  for (const host of ['127.1', '0x7f.1', '[::1]', 'localhost']) {
    await assert.rejects(client.request(new URL(`http://${host}:1/`), { rule: 'foreign' }), (error: Error) => {
      assert.match(error.message, /refused/);
      return hasCode('UNREACHABLE')(error);
    });
  }
  assert.equal(client.requests, 0);
});

/** Returns a lookup function that returns the next of these lists on each call, and repeats the last one. */
function lookupOf(...answers: readonly (readonly string[])[]): typeof dns.lookup {
  let calls = 0;
  const lookup = (_name: string, _options: object, callback: (error: null, found: object) => void): void => {
    const found = answers[Math.min(calls++, answers.length - 1)] ?? [];
    callback(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return lookup as unknown as typeof dns.lookup;
}

test('a name is checked by the address actually connected to', async (t) => {
  const server = http.createServer((_request, response) => response.end('hello'));
  await listen(t, server);
  const { port } = server.address() as AddressInfo;
  const url = new URL(`http://registry.test:${port}/`);
  // Names that resolve to this machine: as IPv4, as IPv6, and next to another refused address.
  for (const answers of [[['127.0.0.1']], [['::ffff:127.0.0.1']], [['169.254.169.254', '127.0.0.1']]]) {
    const client = testHttp(t, { lookup: lookupOf(...answers) });
    await assert.rejects(client.request(url, { rule: 'foreign' }), (error: Error) => {
      assert.match(error.message, /refused/);
      return hasCode('UNREACHABLE')(error);
    });
  }
  const client = testHttp(t, { lookup: lookupOf(['169.254.169.254', '127.0.0.1']) });
  const reply = await client.request(url, { rule: 'neighbour' });
  assert.equal(reply.peer, '127.0.0.1', 'the allowed one of several addresses is used');
  assert.equal(Buffer.from(await reply.bytes(10)).toString(), 'hello');
});

test('a connection made under one rule is not reused under another', async (t) => {
  const server = http.createServer((_request, response) => response.end());
  await listen(t, server);
  const url = new URL(`http://registry.test:${(server.address() as AddressInfo).port}/`);
  const client = testHttp(t, { lookup: lookupOf(['127.0.0.1']) });
  await (await client.request(url)).bytes(10);
  await assert.rejects(client.request(url, { rule: 'foreign' }), hasCode('UNREACHABLE'));
});

test('only a server on this machine may name other servers on it', () => {
  const from = (peer: string | null): string => ruleOf({ peer } as HttpReply);
  assert.deepEqual([from('127.0.0.1'), from('::1'), from('10.0.0.1'), from(null)], ['neighbour', 'neighbour', 'foreign', 'foreign']);
});

test('a registry can’t lead to metadata services, neither by its realm nor by a redirect', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  registry.add('app', files, { '1': image.digest });
  const [layer] = image.layers;
  assert.ok(layer !== undefined);
  for (const address of ['http://169.254.169.254', 'http://metadata.google.internal', 'http://0.0.0.0:1', 'http://[fe80::1]']) {
    registry.auth = { scheme: 'bearer', realm: `${address}/latest/meta-data` };
    await assert.rejects(testClient(t, registry.host).manifest('1'), refused);
    registry.auth = null;
    registry.faults.blobsAt = address;
    await assert.rejects(testClient(t, registry.host).document(layer.digest, layer.size, 1e6), refused);
  }
});

function refused(error: Error): boolean {
  assert.match(error.message, /refused: a server may not lead/);
  return hasCode('UNREACHABLE')(error);
}

const outward = Object.values(os.networkInterfaces())
  .flat()
  .find((each) => each !== undefined && !each.internal && each.family === 'IPv4')?.address;

test('a remote registry can’t lead to this machine', {
  skip: outward === undefined && 'not run: this machine has no network address',
}, async (t) => {
  const target = await standInRegistry(t);
  const server = http.createServer();
  const registry = await standInRegistry(t, server, { port: 0, host: outward ?? '' });
  const { files, image } = sampleImage();
  registry.add('app', files, { '1': image.digest });
  const host = `${outward}:${(server.address() as AddressInfo).port}`;
  const [layer] = image.layers;
  assert.ok(layer !== undefined);
  registry.faults.blobsAt = target.address;
  await assert.rejects(testClient(t, host).document(layer.digest, layer.size, 1e6), refused);
  registry.auth = { scheme: 'bearer', realm: `${target.address}/token` };
  await assert.rejects(testClient(t, host).manifest('1'), refused);
  registry.auth = { scheme: 'bearer', realm: `${target.address.replace('127.0.0.1', 'localhost')}/token` };
  await assert.rejects(testClient(t, host).manifest('1'), refused);
  assert.deepEqual(target.log, []);
});
