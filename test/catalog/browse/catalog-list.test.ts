// Open catalogs on the worker: what they report about a fleet, about damaged files, and about searches run part by part.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createCatalogList, createCatalogThread, looksLikeCatalog } from '#catalog/browse';
import { TABLES } from '#catalog/layout';
import type { CatalogCursor, CatalogHit, CatalogSummary } from '#contract';
import { createJobs } from '#engine';
import { CatalogFolder } from '../../../src/catalog/catalog-folder.ts';
import { groupsOf } from '../../../src/catalog/row-groups.ts';
import { hasCode } from '../../support/asserts.ts';
import { writeFleet } from '../../support/fleet.ts';
import { testFolder } from '../../support/workbench.ts';

function setUp(t: TestContext) {
  const jobs = createJobs();
  const thread = createCatalogThread();
  t.after(() => jobs[Symbol.asyncDispose]());
  t.after(() => thread[Symbol.asyncDispose]());
  const list = createCatalogList({ thread, jobs });
  let summaries: readonly CatalogSummary[] = [];
  list.subscribe((state) => {
    summaries = state;
  });
  const open = (folder: string) => jobs.ended(list.open({ path: folder, title: path.basename(folder) }));
  const find = async (catalogId: string, what: 'path' | 'package' | 'content', text: string): Promise<readonly CatalogHit[]> => {
    const hits: CatalogHit[] = [];
    for (let from: CatalogCursor | null = { file: 0, part: 0 }; from !== null; ) {
      const part = await list.search(catalogId, { what, text, from }, new AbortController().signal);
      hits.push(...part.hits);
      from = part.next;
    }
    return hits;
  };
  return { jobs, list, open, find, latest: () => summaries };
}

test('the list says which layers of a fleet are shared, which are used once, and where each image was found', async (t) => {
  const { catalog } = await writeFleet(testFolder(t), { services: 3, tags: 2, broken: true });
  assert.ok(looksLikeCatalog(catalog));
  assert.ok(!looksLikeCatalog(path.dirname(catalog)));
  const { list, open, find, latest } = setUp(t);
  const { catalogId = '', state } = await open(catalog);
  assert.equal(state, 'done');
  const { rows: images, total } = list.images(catalogId, { start: 0, count: 100 });
  const { rows: layers } = list.layers(catalogId, { start: 0, count: 100 });
  assert.equal(total, 9);
  const { files, packagedImages, indexed } = latest()[0] ?? { files: 0, packagedImages: 0, indexed: null };
  assert.ok(files > 9);
  assert.ok(images.every((image) => image.files !== null && image.files > 0));
  assert.deepEqual(
    images.map(({ hasPackages }) => hasPackages),
    images.map(({ layers: those }) => those.includes(0)),
  );
  assert.equal(packagedImages, images.filter(({ layers: those }) => those.includes(0)).length);
  assert.ok(indexed !== null && Math.abs(Date.now() - indexed) < 86_400_000);
  const holders = (layer: number) => images.filter((image) => image.layers.includes(layer)).length;
  // Debian is in six images: node, java, and two tags of a service on each. No layer is in more.
  assert.deepEqual([layers[0]?.createdBy, holders(0)], ['ADD debian-12.tar.xz /', 6]);
  assert.deepEqual(
    layers.map((_, layer) => holders(layer)),
    layers.map((_, layer) => holders(layer)).sort((a, b) => b - a),
  );
  // Images on the same shared layers are next to each other in the list.
  const onDebian = images.map((image) => image.layers.includes(0));
  assert.equal(onDebian.filter((is, index) => is !== onDebian[index - 1]).length, 2);
  assert.deepEqual(
    list.problems(catalogId).rows.map(({ code }) => code),
    ['NOT_AN_IMAGE'],
  );

  const [bash] = await find(catalogId, 'path', '/usr/bin/bash');
  assert.deepEqual([bash?.name, bash?.layer, bash?.bytes, bash?.image], ['usr/bin/bash', 0, 280_000, null]);
  const packages = await find(catalogId, 'package', 'libssl 3.0');
  assert.deepEqual(
    packages.map(({ image }) => image),
    images.flatMap((image, index) => (image.layers.includes(0) ? [index] : [])),
  );
  assert.deepEqual(await find(catalogId, 'package', 'libssl 4'), []);
  const digest = images[2]?.id.slice(0, 20) ?? '';
  assert.deepEqual(
    (await find(catalogId, 'content', digest)).map(({ kind, image }) => [kind, image]),
    [['image', 2]],
  );
  await assert.rejects(find(catalogId, 'content', 'x'), hasCode('USAGE'));
  await assert.rejects(find('c99', 'path', 'x'), hasCode('NOT_FOUND'));
});

test('damaged files are listed as problems with a code, and everything else is shown', async (t) => {
  const { catalog } = await writeFleet(testFolder(t), { services: 1, tags: 2 });
  const { list, open, find, latest } = setUp(t);
  const damage = (table: string, index: number): string => {
    const name = readdirSync(path.join(catalog, table)).filter((each) => each !== 'empty.parquet')[index] ?? '';
    writeFileSync(path.join(catalog, table, name), 'damaged, though not short enough');
    return `${table}/${name}`;
  };
  const damaged = [damage('images', 0), damage('history', 1)];
  const { catalogId = '' } = await open(catalog);
  const problems = list.problems(catalogId).rows;
  assert.ok(problems.every(({ code }) => code === 'TRUNCATED'));
  for (const { subject } of problems)
    assert.ok(
      damaged.some((file) => subject.endsWith(file)),
      subject,
    );
  assert.equal(list.images(catalogId, { start: 0, count: 100 }).total, 4);
  for (let index = 0; index < 2; index++) damage('entries', index);
  const part = await list.search(catalogId, { what: 'path', text: 'srv', from: { file: 0, part: 0 } }, new AbortController().signal);
  assert.ok(part.problems.length > 0);
  assert.ok((await find(catalogId, 'path', '/')).length > 0);

  // Opening the catalog again reads it again, and keeps its id.
  const again = await open(catalog);
  assert.equal(again.catalogId, catalogId);
  list.close(catalogId);
  assert.throws(() => list.images(catalogId, { start: 0, count: 1 }), hasCode('NOT_FOUND'));
  assert.ok(latest().length <= 1);
});

test('text repeated in each row of a small file is not returned for every row', async (t) => {
  const catalog = path.join(testFolder(t), 'catalog');
  const long = 'long '.repeat(1000);
  const rows = Array.from({ length: 10_000 }, () => ({ image: `sha256:${'a'.repeat(64)}`, source: long, reference: long }));
  using folder = CatalogFolder.create(catalog);
  folder.write('images', `${'a'.repeat(32)}-${'b'.repeat(32)}.parquet`, groupsOf(TABLES.images, rows));
  const { list, open } = setUp(t);
  const { catalogId = '' } = await open(catalog);
  const [problem] = list.problems(catalogId).rows;
  assert.deepEqual([problem?.code, problem?.message], ['TOO_LARGE', 'it has too much text']);
  const [image] = list.images(catalogId, { start: 0, count: 1 }).rows;
  assert.ok((image?.places.length ?? 0) > 1000);
});

test('a folder that isn’t a catalog, or one from another version, is refused as such', async (t) => {
  const folder = testFolder(t);
  const { open } = setUp(t);
  assert.equal((await open(folder)).error?.code, 'NOT_FOUND');
  writeFileSync(path.join(folder, 'catalog.json'), '{"kind":"layerscope-catalog","version":99}');
  assert.match((await open(folder)).error?.message ?? '', /version 99/);
  writeFileSync(path.join(folder, 'catalog.json'), '{"kind":"something else"}');
  assert.ok(!looksLikeCatalog(folder));
});

test('a catalog is not opened if reading it is cancelled', async (t) => {
  const { catalog } = await writeFleet(testFolder(t), { services: 1, tags: 1 });
  const { list, jobs, latest } = setUp(t);
  const jobId = list.open({ path: catalog, title: 'catalog' });
  jobs.cancel(jobId);
  assert.equal((await jobs.ended(jobId)).state, 'cancelled');
  assert.deepEqual(latest(), []);
});

test('an unfinished catalog may lack tables', async (t) => {
  const folder = testFolder(t);
  const { catalog } = await writeFleet(folder, { services: 1, tags: 1 });
  mkdirSync(path.join(folder, 'aside'));
  for (const table of ['findings', 'packages', 'entries']) renameSync(path.join(catalog, table), path.join(folder, 'aside', table));
  const { list, open, find } = setUp(t);
  const { catalogId = '' } = await open(catalog);
  assert.equal(list.images(catalogId, { start: 0, count: 9 }).total, 4);
  assert.deepEqual(await find(catalogId, 'path', 'bash'), []);
});
