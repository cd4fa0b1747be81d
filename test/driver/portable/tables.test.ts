// The store's cached tables of compressed layers. They avoid decompressing a layer again, and are never used for another blob.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs, { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { TableSeal } from '#archive';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { readBlobTable } from '../../../src/driver/portable/layer-blob.ts';
import { PortableHome } from '../../../src/driver/portable/portable-home.ts';
import { concat, file, pax, tar } from '../../support/tar-builder.ts';

async function openStore(t: TestContext): Promise<PortableDriver> {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-tables-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const driver = await PortableDriver.open(path.join(folder, 'home'), { cacheFolder: path.join(folder, 'cache') });
  t.after(() => driver[Symbol.asyncDispose]());
  return driver;
}

async function addPacked(driver: PortableDriver, id: string, layer: Uint8Array): Promise<string> {
  const packed = path.join(path.dirname(driver.home), `${id}.tar.gz`);
  writeFileSync(packed, gzipSync(layer));
  await driver.create(id, null);
  await driver.blobs.apply(id, packed);
  return (await driver.metadata(id)).file ?? '';
}

const kept = (driver: PortableDriver): string[] => readdirSync(path.join(driver.home, 'tables'));

async function mounted(driver: PortableDriver, id: string): Promise<Record<string, string>> {
  await using mount = await driver.mount(id);
  return Object.fromEntries(readdirSync(mount.path).map((name) => [name, readFileSync(path.join(mount.path, name), 'utf8')]));
}

test('mounting a compressed layer hashes and reads its blob once, because the import has read the headers', async (t) => {
  const driver = await openStore(t);
  const content = randomBytes(1 << 20).toString('base64');
  const blob = await addPacked(driver, 'a', tar(file('f', content)));
  assert.equal(kept(driver).length, 1);
  const { mock } = t.mock.method(fs, 'readSync');
  syncBuiltinESMExports();
  t.after(() => {
    mock.restore();
    syncBuiltinESMExports();
  });
  const timesRead = async (): Promise<number> => {
    mock.resetCalls();
    assert.deepEqual(await mounted(driver, 'a'), { f: content });
    return Math.round(mock.calls.reduce((sum, { result }) => sum + (result ?? 0), 0) / statSync(blob).size);
  };
  assert.equal(await timesRead(), 2, 'once for its digest, once for the bodies');
  rmSync(path.join(driver.home, 'tables'), { recursive: true });
  assert.equal(await timesRead(), 3, 'once more for the headers');
  assert.equal(await timesRead(), 2, 'cached by the previous mount');
});

test('a damaged table is ignored, and a changed blob is not mounted', async (t) => {
  const driver = await openStore(t);
  const blob = await addPacked(driver, 'a', tar(file('f', 'content'), file('g', 'more')));
  const other = await addPacked(driver, 'b', tar(file('first', 'x'.repeat(600)), file('f', 'other')));
  const [one = ''] = kept(driver);
  writeFileSync(path.join(driver.home, 'tables', one), 'no table');
  assert.deepEqual(await mounted(driver, 'a'), { f: 'content', g: 'more' });
  copyFileSync(other, blob);
  await assert.rejects(mounted(driver, 'a'), { code: 'DIGEST_MISMATCH' });
});

test('a layer whose table would be too large for its blob is refused, and nothing is kept', async (t) => {
  const driver = await openStore(t);
  const attribute = (at: number): Uint8Array => concat(pax({ [`SCHILY.xattr.user.a${at}`]: 'x'.repeat(1_000_000) }), file(`f${at}`, ''));
  const layer = (count: number): Uint8Array => tar(...Array.from({ length: count }, (_, at) => attribute(at)));
  await addPacked(driver, 'small', layer(3));
  await assert.rejects(addPacked(driver, 'large', layer(20)), { code: 'TOO_LARGE' });
  await driver.create('applied', null);
  await assert.rejects(driver.applyDiff('applied', [gzipSync(layer(20))]), { code: 'TOO_LARGE' });
  assert.equal(kept(driver).length, 1);
  assert.equal(readdirSync(path.join(driver.home, 'blobs', 'sha256')).length, 1);
  assert.deepEqual(readdirSync(path.join(driver.home, 'tmp')), []);
});

test('a table is removed with its blob, and an uncompressed layer has none', async (t) => {
  const driver = await openStore(t);
  await addPacked(driver, 'a', tar(file('f', 'content')));
  await driver.create('plain', null);
  await driver.applyDiff('plain', [tar(file('g', 'plain'))]);
  assert.equal(kept(driver).length, 1);
  assert.deepEqual(await mounted(driver, 'plain'), { g: 'plain' });
  assert.equal(kept(driver).length, 1);
  await driver.remove('a');
  assert.deepEqual(kept(driver), []);
});

test('a table that this user did not seal for the blob is not used', async (t) => {
  const driver = await openStore(t);
  const honest = await addPacked(driver, 'a', tar(file('good', 'content')));
  const bait = await addPacked(driver, 'b', tar(file('evil', 'content')));
  const home = await PortableHome.open(driver.home);
  const tableOf = (blob: string): string => path.join(driver.home, 'tables', `sha256-${path.basename(blob)}.idx`);
  const own = readFileSync(tableOf(honest));
  // A table of the other blob, sealed by someone else and claiming to belong to the honest blob.
  const strangers = await TableSeal.in(path.join(path.dirname(driver.home), 'stranger'), true);
  const digest = `sha256:${path.basename(honest)}`;
  const { cacheKey } = home.blob(digest);
  const forged = (await readBlobTable(home.blob(`sha256:${path.basename(bait)}`), {})).indexed;
  const sealed = strangers?.encode({ digest, cacheKey }, forged) ?? Buffer.alloc(0);
  assert.equal(strangers?.decode({ digest, cacheKey }, sealed)?.table.memberCount, 1);
  for (const [what, bytes] of [
    ['with a stranger’s seal', sealed],
    ['without a seal', sealed.subarray(32)],
    ['with the seal of the true table', Buffer.concat([own.subarray(0, 32), sealed.subarray(32)])],
    ['of another blob, which this user sealed', readFileSync(tableOf(bait))],
  ] as const) {
    writeFileSync(tableOf(honest), bytes);
    assert.deepEqual(await mounted(driver, 'a'), { good: 'content' }, what);
    assert.deepEqual(readFileSync(tableOf(honest)), own, `${what}: created again`);
  }
});

test('verify compares the tables that would be used with their blobs', async (t) => {
  const driver = await openStore(t);
  const blob = await addPacked(driver, 'a', tar(file('f', 'content'), pax({ comment: 'x' }), file('g', 'more')));
  assert.deepEqual(await driver.images.verify(), []);
  const home = await PortableHome.open(driver.home);
  const digest = `sha256:${path.basename(blob)}`;
  const seal = await TableSeal.in(path.join(path.dirname(driver.home), 'cache'), false);
  const source = home.blob(digest);
  const { indexed } = await readBlobTable(source, {});
  indexed.table.size[0] = 3;
  const table = path.join(driver.home, 'tables', `sha256-${path.basename(blob)}.idx`);
  writeFileSync(table, seal?.encode({ digest, cacheKey: source.cacheKey }, indexed) ?? '');
  assert.deepEqual(
    (await driver.images.verify()).map(({ name }) => name),
    [digest],
  );
});

test('without a cache folder no table is kept or used, and a cache folder that others may enter has no key', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-tables-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await using driver = await PortableDriver.open(path.join(folder, 'home'));
  await addPacked(driver, 'a', tar(file('f', 'content')));
  assert.deepEqual(await mounted(driver, 'a'), { f: 'content' });
  assert.equal(existsSync(path.join(driver.home, 'tables')), false);
  const cache = path.join(folder, 'cache');
  assert.equal(await TableSeal.in(cache, false), null, 'reading creates nothing');
  assert.equal(existsSync(cache), false);
  assert.notEqual(await TableSeal.in(cache, true), null);
  assert.equal(statSync(path.join(cache, 'index', 'tables.key')).mode & 0o077, 0);
  writeFileSync(path.join(cache, 'index', 'tables.key'), 'short');
  assert.equal(await TableSeal.in(cache, false), null, 'a damaged key');
  assert.notEqual(await TableSeal.in(cache, true), null, 'is replaced');
});
