// A writer killed at any moment leaves either the old or the new state. Nothing is lost, and the next writer cleans up and continues.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { dockerArchive } from '../../support/docker-archive.ts';
import { directory, file, tar } from '../../support/tar-builder.ts';
import { turns } from '../../support/waiting.ts';

/**
 * LAYERSCOPE_KILLS: how many writers to kill, each at a random moment. test/hostile/faults also kills the store's commands, and CI runs
 * more of those kills.
 */
const KILLS = Number(process.env.LAYERSCOPE_KILLS ?? 15);

/**
 * Determines from a worker's output whether each layer and image must exist, must not exist, or may do either because a step was
 * interrupted.
 */
function follow(said: string, expected: Map<string, 'has' | 'gone' | 'either'>): void {
  for (const line of said.split('\n')) {
    const [mark, what, name] = line.split(' ');
    if (name === undefined) continue;
    expected.set(name, mark === '=' && (what === 'has' || what === 'gone') ? what : 'either');
  }
}

test(`a store survives ${KILLS} killed writers`, async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-kill-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const home = path.join(folder, 'home');
  const layer = path.join(folder, 'layer.tar.gz');
  const image = path.join(folder, 'image.tar');
  const files = Array.from({ length: 200 }, (_, at) => file(`d/f${at}`, `${at}`.repeat(500)));
  writeFileSync(layer, gzipSync(tar(directory('d/'), ...files)));
  writeFileSync(image, dockerArchive({ name: 'image:0', layers: [tar(...files.slice(0, 100)), tar(file('top', 'x'.repeat(100_000)))] }));
  {
    await using driver = await PortableDriver.open(home);
    await driver.create('kept', null);
    await driver.blobs.apply('kept', layer);
  }
  const worker = path.resolve(import.meta.dirname, '..', '..', 'support', 'store-worker.ts');
  const found = { lock: 0, unfinished: 0, mounts: 0, layers: 0, images: 0, half: 0 };
  const expected = new Map<string, 'has' | 'gone' | 'either'>([['kept', 'has']]);
  const list = (name: string) => (existsSync(path.join(home, name)) ? readdirSync(path.join(home, name)) : []);
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [worker, home, layer, image, String(kill)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    const ended = new Promise((resolve) => child.once('close', resolve));
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (bytes) => {
        said += bytes;
        resolve();
      });
      child.once('exit', () => resolve());
    });
    await delay(Math.random() * 250);
    child.kill('SIGKILL');
    await ended;
    assert.equal(child.signalCode, 'SIGKILL', 'the worker failed without being killed');
    follow(said, expected);
    if (existsSync(path.join(home, 'lock'))) found.lock++;
    found.unfinished += list('tmp').length;
    found.mounts += list('mounts').length;
    if ([...expected.values()].includes('either')) found.half++;

    // A reader sees the completed steps before anything is cleaned up.
    await using driver = await PortableDriver.open(home);
    const layers = await driver.list();
    const images = await driver.images.list();
    const there = new Set([...layers.map(({ id }) => id), ...images.flatMap(({ names }) => names)]);
    for (const [name, what] of expected) {
      if (what !== 'either') assert.equal(there.has(name), what === 'has', `${name}: ${what}\n${said}`);
      expected.set(name, there.has(name) ? 'has' : 'gone');
    }
    found.layers += layers.length;
    found.images += images.length;
    for (const { id, state, problem } of layers) {
      assert.equal(state, 'ready', `${id}: ${problem}`);
      if (id.endsWith('-run')) continue;
      for await (const _ of driver.diff(id));
    }
    assert.deepEqual(await driver.images.verify(), []);
    // The next writer breaks the dead writer's lock and leaves nothing behind.
    await driver.cleanup();
    assert.deepEqual([...list('tmp'), ...list('mounts'), ...readdirSync(home).filter((name) => name.startsWith('lock'))], []);
    const written = layers.filter(({ id }) => id.endsWith('-run')).map(({ id }) => id);
    for (const id of list('written')) assert.ok(written.includes(id), `files that belong to no layer: ${id}`);
    for (const id of written) await driver.remove(id);
    const named = new Set<string | undefined>();
    for (const { id } of await driver.list()) named.add((await driver.metadata(id)).digest?.slice(7));
    for (const { root } of await driver.images.list()) for (const { digest } of root.blobs) named.add(digest.slice(7));
    for (const blob of list('blobs/sha256')) {
      assert.ok(named.has(blob), `a blob that nothing refers to: ${blob}`);
      const bytes = readFileSync(path.join(home, 'blobs', 'sha256', blob));
      assert.equal(createHash('sha256').update(bytes).digest('hex'), blob);
    }
  }
  t.diagnostic(
    `${KILLS} kills, ${found.half} in the middle of an import or removal: found ${found.lock} locks of the dead, ${found.unfinished} unfinished files, ` +
      `${found.mounts} mounts; ${found.layers} layers and ${found.images} images read whole, none lost, nothing left`,
  );
});

test('two simultaneous writers both add their layers, and a reader sees only complete layers', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-two-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const home = path.join(folder, 'home');
  const [one, two, reader] = await Promise.all([PortableDriver.open(home), PortableDriver.open(home), PortableDriver.open(home)]);
  let writing = true;
  const reading = (async () => {
    while (writing) {
      for (const { id, state, problem } of await reader.list()) assert.equal(state, 'ready', `${id}: ${problem}`);
      await turns(1);
    }
  })();
  await Promise.all(
    [one, two].map(async (driver, writer) => {
      for (let at = 0; at < 10; at++) {
        await driver.create(`w${writer}-${at}`, null);
        await driver.applyDiff(`w${writer}-${at}`, [tar(file('f', `${writer} ${at}`))]);
      }
    }),
  );
  writing = false;
  await reading;
  assert.equal((await reader.list()).length, 20);
});

test('a store from a newer version, a folder of other files, and a malformed record are reported', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-odd-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, 'letter.txt'), 'dear store');
  await assert.rejects(PortableDriver.open(folder), { code: 'IO' });
  const home = path.join(folder, 'home');
  const driver = await PortableDriver.open(home);
  await driver.create('a', null);
  await driver.create('b', 'a');
  const record = path.join(home, 'layers', 'a.json');
  writeFileSync(record, '{');
  assert.deepEqual(
    (await driver.list()).map(({ id, state }) => [id, state]),
    [
      ['a', 'broken'],
      ['b', 'broken'],
    ],
  );
  assert.deepEqual(await driver.cleanup(), [], 'nothing is removed while a record cannot be read');
  writeFileSync(record, JSON.stringify({ version: 2 }));
  await assert.rejects(driver.list(), { code: 'UNSUPPORTED' });
  writeFileSync(path.join(home, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}');
  await assert.rejects(PortableDriver.open(home), { code: 'UNSUPPORTED' });
});
