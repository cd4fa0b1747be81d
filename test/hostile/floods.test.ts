// Small or endless inputs that would fill memory: requests, a stream, images that share one layer.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { member, writePieces } from '../support/hostile-inputs.ts';
import { measureCommand } from '../support/peak-memory.ts';
import { END_MARKER, file, tar } from '../support/tar-builder.ts';
import { envelopeOf, startFakeWeb } from '../support/web-client.ts';
import { testFolder } from '../support/workbench.ts';

const elsewhere = process.platform === 'linux' ? false : 'memory and reads are read from Linux’s /proc';
const MB = 1024 * 1024;

/**
 * Opens a connection; returns it and a promise that resolves when it ends. The host closes the connection, which may be an error on this
 * side.
 */
function connection(t: TestContext, port: number): { socket: Socket; closed: Promise<void> } {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  return { socket, closed: new Promise((resolve) => socket.once('close', () => resolve())) };
}

test('five thousand requests on one connection, whose replies are never read, get at most one reply and take little memory', async (t) => {
  await using web = await startFakeWeb({ page: 'x'.repeat(MB) });
  const session = await web.signIn();
  const before = process.memoryUsage.rss();
  const { socket, closed } = connection(t, web.port);
  socket.pause();
  socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${web.port}\r\n\r\n`.repeat(5_000));
  // The host still serves others.
  for (let round = 0; round < 20; round++) assert.equal(envelopeOf(await web.call('app.info', {}, session)).ok, true);
  const grown = process.memoryUsage.rss() - before;
  t.diagnostic(`${Math.round(grown / 1e6)} MB`);
  assert.ok(grown < 100 * MB, `${grown} bytes`);
  let received = '';
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1');
  });
  socket.resume();
  await closed;
  assert.ok(received.split('HTTP/1.1 ').length <= 2, 'more than one reply');
});

test('a connection that floods the host with requests is closed, even with a session’s secret, and the host stays usable', async (t) => {
  await using web = await startFakeWeb();
  const session = await web.signIn();
  const lines = Object.entries({ ...session, host: `127.0.0.1:${web.port}` }).map(([name, value]) => `${name}: ${value}\r\n`);
  const { socket, closed } = connection(t, web.port);
  socket.resume();
  socket.write(`POST /call/app.info HTTP/1.1\r\n${lines.join('')}content-length: 2\r\n\r\n{}`.repeat(2_000));
  await closed;
  assert.equal(envelopeOf(await web.call('app.info', {}, session)).ok, true);
});

const STREAM_BYTES = 300 * MB;

function* zeros(bytes: number): Generator<Uint8Array> {
  const piece = new Uint8Array(MB);
  for (let left = bytes; left > 0; left -= piece.length) yield piece.subarray(0, Math.min(left, piece.length));
}

/** Yields a layer with a single file of zeros. */
function* longLayer(bytes: number): Generator<Uint8Array> {
  yield* member('zeros', bytes, zeros(bytes));
  yield END_MARKER;
}

/** Yields, in pieces, a docker-archive of images that share one layer. */
function* dockerArchive(images: number, layerBytes: number, layer: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield* member('layer.tar', layerBytes, layer);
  const config = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } };
  yield file('c.json', JSON.stringify(config));
  const manifest = Array.from({ length: images }, (_, at) => ({ Config: 'c.json', RepoTags: [`a:${at}`], Layers: ['layer.tar'] }));
  yield file('manifest.json', JSON.stringify(manifest));
  yield END_MARKER;
}

test('opening 300 MB of standard input takes little more memory than opening a few bytes', { skip: elsewhere }, async (t) => {
  const folder = testFolder(t);
  const { signal } = t;
  const idle = await measureCommand(folder, ['inspect', '-', '--json'], { stdin: [tar(file('a', 'x'))], signal });
  assert.equal(idle.code, 0, idle.stderr);
  for (const [what, stream] of [
    ['a layer', longLayer(STREAM_BYTES)],
    ['a layer in an archive', dockerArchive(1, STREAM_BYTES + 512 + END_MARKER.length, longLayer(STREAM_BYTES))],
    ['nothing but zeros', zeros(STREAM_BYTES)],
  ] as const) {
    const { code, peakBytes, stderr } = await measureCommand(folder, ['inspect', '-', '--json'], { stdin: stream, signal });
    t.diagnostic(`${what}: ${Math.round(peakBytes / 1e6)} MB, ${Math.round(idle.peakBytes / 1e6)} MB for a few bytes`);
    assert.equal(code, 0, stderr);
    assert.ok(peakBytes < idle.peakBytes + 200 * MB, `${what}: ${peakBytes} bytes`);
  }
});

const IMAGES = 2_000;

for (const packing of ['none', 'gzip'] as const) {
  test(`one large layer that two thousand images name is read once: ${packing}`, { skip: elsewhere }, async (t) => {
    const folder = testFolder(t);
    const plain = tar(...Array.from({ length: 3_000 }, (_, at) => file(`folder/file${at}`, randomBytes(8_000))));
    const layer = packing === 'none' ? plain : new Uint8Array(gzipSync(plain, { level: 1 }));
    const archive = path.join(folder, 'archive');
    await writePieces(archive, dockerArchive(IMAGES, layer.length, [layer]));
    const small = path.join(folder, 'small');
    writeFileSync(small, tar(file('a', 'x')));
    const idle = await measureCommand(folder, ['inspect', small, '--json'], { signal: t.signal });
    const ended = await measureCommand(folder, ['inspect', archive, '--json'], { signal: t.signal });
    const { size } = statSync(archive);
    t.diagnostic(
      `${Math.round(ended.peakBytes / 1e6)} MB, ${Math.round((ended.readBytes - idle.readBytes) / 1e6)} MB read of ${Math.round(size / 1e6)}`,
    );
    assert.equal(ended.code, 0, ended.stderr);
    assert.ok(ended.readBytes - idle.readBytes < size * 2, `${ended.readBytes - idle.readBytes} bytes read of ${size}`);
    assert.ok(ended.peakBytes < idle.peakBytes + 300 * MB, `${ended.peakBytes} bytes`);
  });
}
