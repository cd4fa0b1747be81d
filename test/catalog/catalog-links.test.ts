// Catalog folders that someone replaces with links while they are being written: nothing is written or removed outside.
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { EMPTY_FILE, TABLE_NAMES, TABLES } from '#catalog/layout';
import { TargetFolder } from '#files';
import { CatalogFolder } from '../../src/catalog/catalog-folder.ts';
import { groupsOf } from '../../src/catalog/row-groups.ts';
import { hasCode } from '../support/asserts.ts';
import { writeArchive } from '../support/catalog.ts';
import { runCommand } from '../support/command-line.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const onLinux = process.platform === 'linux' ? {} : { skip: 'folders are held by descriptor on Linux' };
const forRoot = process.getuid?.() === 0 ? {} : { skip: 'needs root, to be another user' };
const NOBODY = 65_534;
const PARTS = [...TABLE_NAMES, 'marks'] as const;

/** Returns the path of a catalog, and creates a folder `victim` outside it. */
function setUp(t: TestContext) {
  const folder = testFolder(t);
  const to = path.join(folder, 'catalog');
  const victim = path.join(folder, 'victim');
  mkdirSync(victim);
  return { folder, to, victim };
}

const NAME = `sha256-${'a'.repeat(64)}.parquet`;
/** An unfinished file's name, from a process that has ended. */
const LEFT = `.layerscope-${'0'.repeat(16)}-1-1-00000000`;

test('a catalog writes, marks, removes and cleans up only in the folders that it has checked', onLinux, (t) => {
  const { to, victim } = setUp(t);
  using catalog = CatalogFolder.create(to);
  catalog.write('layers', NAME, []);
  for (const name of [NAME, LEFT]) writeFileSync(path.join(victim, name), 'precious');
  for (const part of PARTS) {
    writeFileSync(path.join(to, part, LEFT), '');
    renameSync(path.join(to, part), path.join(to, `${part}-before`));
    symlinkSync(victim, path.join(to, part));
  }
  for (const table of TABLE_NAMES) catalog.write(table, `${NAME}x`, groupsOf(TABLES[table], []));
  catalog.mark('mark');
  catalog.remove('layers', NAME);
  catalog.sweep();
  assert.deepEqual(readdirSync(victim).sort(), [LEFT, NAME].sort());
  assert.ok(!existsSync(path.join(to, 'layers-before', NAME)));
  assert.ok(existsSync(path.join(to, 'entries-before', `${NAME}x`)));
  assert.ok(existsSync(path.join(to, 'marks-before', 'mark')));
  assert.throws(() => catalog.requireThere(), hasCode('IO'));
});

test('the catalog’s own folder is kept open: nothing is written through a link that replaces it', onLinux, (t) => {
  const { folder, to, victim } = setUp(t);
  using catalog = CatalogFolder.create(to);
  catalog.requireThere();
  for (const part of PARTS) mkdirSync(path.join(victim, part));
  renameSync(to, path.join(folder, 'before'));
  symlinkSync(victim, to);
  catalog.write('entries', NAME, []);
  assert.deepEqual(readdirSync(path.join(victim, 'entries')), []);
  assert.ok(existsSync(path.join(folder, 'before', 'entries', NAME)));
  assert.throws(() => catalog.requireThere(), hasCode('IO'));
});

test('a link that replaces a folder between its check and its opening is not followed', onLinux, (t) => {
  const { to, victim } = setUp(t);
  CatalogFolder.create(to)[Symbol.dispose]();
  const inner = TargetFolder.prototype.inner;
  t.mock.method(TargetFolder.prototype, 'inner', function (this: TargetFolder, name: string) {
    if (name === 'layers') {
      renameSync(path.join(to, name), path.join(to, 'before'));
      symlinkSync(victim, path.join(to, name));
    }
    return inner.call(this, name);
  });
  assert.throws(() => CatalogFolder.create(to), { message: /catalog.layers/ });
  assert.deepEqual(readdirSync(victim), []);
});

test('indexing reports that its catalog was replaced while it ran', onLinux, async (t) => {
  const { folder, to, victim } = setUp(t);
  const archive = writeArchive(folder, 'image.tar', [{ name: 'app:1', layers: [{ tar: tar(file('f', 'x')) }] }]);
  const write = CatalogFolder.prototype.write;
  t.mock.method(CatalogFolder.prototype, 'write', function (this: CatalogFolder, ...parts: Parameters<CatalogFolder['write']>) {
    if (parts[0] === 'layers' && parts[1] !== EMPTY_FILE) {
      renameSync(path.join(to, 'layers'), path.join(to, 'before'));
      symlinkSync(victim, path.join(to, 'layers'));
    }
    return write.apply(this, parts);
  });
  const { error } = await runCommand(['catalog', 'index', archive, '--to', to]);
  assert.equal(error?.code, 'IO');
  assert.match(error.message, /layers was replaced/);
  assert.deepEqual(readdirSync(victim), []);
});

test('a catalog behind another user’s link, or owned by another user who shares it with nobody, is refused', forRoot, (t) => {
  const { folder, to, victim } = setUp(t);
  const link = path.join(folder, 'link');
  symlinkSync(victim, link);
  CatalogFolder.create(path.join(link, 'mine'))[Symbol.dispose]();
  lchownSync(link, NOBODY, NOBODY);
  for (const through of [link, path.join(link, 'mine'), path.join(link, 'new')]) {
    assert.throws(() => CatalogFolder.create(through), { code: 'PERMISSION', message: /another user’s link/ });
  }
  assert.deepEqual(readdirSync(victim), ['mine']);
  unlinkSync(link);

  mkdirSync(to);
  chownSync(to, NOBODY, NOBODY);
  chmodSync(to, 0o755);
  assert.throws(() => CatalogFolder.create(to), { code: 'PERMISSION', message: /another user \(65534\)/ });
  assert.deepEqual(readdirSync(to), []);
  chmodSync(to, 0o775);
  CatalogFolder.create(to)[Symbol.dispose]();
  assert.ok(existsSync(path.join(to, 'catalog.json')));
});
