// What `catalog index` writes, read by DuckDB and compared with what the other commands print.
import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { IndexSummary } from '#catalog';
import { duckRows, type SmallImage, tableRows, writeArchive, writeLayout } from '../support/catalog.ts';
import { commandJson, commandLines, runCommand } from '../support/command-line.ts';
import { archiveOf, dockerArchive } from '../support/image-builder.ts';
import { directory, file, hardlink, latin1, symlink, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const STATUS = 'Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.2.13-1\nInstalled-Size: 160\n\n';
const BASE = tar(
  directory('usr/', { mtime: 1_600_000_000 }),
  file('usr/tool', 'a tool', { mode: 0o4755, uid: 7, gid: 8, mtime: 1_600_000_001 }),
  file(latin1('usr/caf\xe9'), 'coffee'),
  file('usr/back\\slash', 'x'),
  file('usr/it\'s "quoted"; DROP TABLE entries --', 'y'),
  symlink('usr/link', 'tool'),
  hardlink('usr/hard', 'usr/tool', { mode: 0o4755, uid: 7, gid: 8, mtime: 1_600_000_001 }),
  file('var/lib/dpkg/status', STATUS),
  file('tmp/twice', 'first'),
  file('tmp/twice', 'second'),
);
const TOP = tar(file('usr/.wh.tool'), directory('tmp/'), file('tmp/.wh..wh..opq'), file('usr/big', 'b'.repeat(100_000)));

function images(): SmallImage[] {
  return [
    { name: 'registry.example/base:1', layers: [{ tar: BASE, packed: 'gzip' }], history: ['ADD base'] },
    {
      name: 'registry.example/app:1',
      layers: [
        { tar: BASE, packed: 'gzip' },
        { tar: TOP, packed: 'gzip' },
      ],
      history: ['ADD base', 'RUN top'],
      config: { Labels: { team: 'red', empty: '' } },
    },
  ];
}

async function index(folder: string, ...inputs: string[]): Promise<IndexSummary & { linksSkipped: number; errors: { code: string }[] }> {
  return commandJson(['catalog', 'index', ...inputs, '--to', folder, '--json']);
}

function setUp(t: TestContext): { readonly layout: string; readonly to: string; readonly folder: string } {
  const folder = testFolder(t);
  return { layout: writeLayout(path.join(folder, 'layout'), images()), to: path.join(folder, 'catalog'), folder };
}

test('every layer is written once, with the entries that raw lists and the facts that inspect reports', async (t) => {
  const { layout, to } = setUp(t);
  const summary = await index(to, layout);
  assert.deepEqual([summary.images, summary.newImages, summary.newLayers, summary.failed], [2, 2, 2, 0]);
  const report = await commandJson<{ images: { names: string[]; layers: Record<string, unknown>[]; totals: Record<string, unknown> }[] }>([
    'inspect',
    layout,
    '--json',
  ]);
  const app = report.images.find(({ names }) => names.includes('registry.example/app:1'));
  assert.ok(app);
  const layers = await tableRows(to, 'layers');
  assert.equal(layers.length, 2);
  for (const { diffId, digest, blobBytes, tarBytes, fileBytes, entries, compression } of app.layers) {
    const row = layers.find(({ layer }) => layer === diffId);
    assert.ok(row);
    assert.deepEqual(
      [row.digest, row.bytes, row.tarBytes, row.fileBytes, row.entries, row.compression, row.verified, row.scanned],
      [digest, blobBytes, tarBytes, fileBytes, entries, compression, false, false],
    );
  }
  const rows = await tableRows(to, 'images');
  const row = rows.find(({ reference }) => reference === 'registry.example/app:1');
  assert.ok(row);
  assert.deepEqual(
    row.layers,
    app.layers.map(({ diffId }) => diffId),
  );
  assert.deepEqual(
    [row.files, row.fileBytes, row.finalBytes, row.wastedBytes],
    [app.totals.files, app.totals.fileBytes, app.totals.finalBytes, app.totals.wastedBytes],
  );
  assert.deepEqual([row.repository, row.tag, row.error, row.source], ['registry.example/app', '1', null, layout]);
  assert.match(String(row.labels), /team.*red/);
});

test('a name that is only a tag has no repository', async (t) => {
  const { to, folder } = setUp(t);
  const layers = [{ tar: BASE }];
  for (const file of ['one.tar', 'two.tar']) writeArchive(folder, file, [{ name: '1', layers }]);
  await index(to, path.join(folder, 'one.tar'), path.join(folder, 'two.tar'));
  const rows = await tableRows(to, 'images');
  assert.deepEqual(
    rows.map(({ reference, repository, tag }) => [reference, repository, tag]),
    [
      ['1', null, '1'],
      ['1', null, '1'],
    ],
  );
});

test('entries match what raw lists, except for those that a later member of the layer replaces', async (t) => {
  const { layout, to } = setUp(t);
  await index(to, layout);
  const raw = await commandLines(['raw', layout, '--image', 'registry.example/app:1', '--layer', 'all', '--json']);
  const entries = await duckRows(to, "SELECT *, epoch_us(mtime) AS us FROM read_parquet('DIR/entries/*.parquet')");
  const byPath = (path: string): (typeof entries)[number] | undefined => entries.find((row) => row.path === path && row.kind === 'entry');
  const members = raw.filter(({ name, type }) => typeof name === 'string' && type !== 'global' && !String(name).includes('.wh.'));
  assert.ok(members.length > 8);
  for (const { name, size, mode, uid, gid, linkname } of members) {
    const row = byPath(String(name).replace(/\/$/, ''));
    assert.ok(row, String(name));
    if (name === 'tmp/twice') continue;
    assert.deepEqual(
      [row.mode, row.uid, row.gid, row.link],
      [Number.parseInt(String(mode), 8) & 0o7777, uid, gid, linkname ?? null],
      String(name),
    );
    if (row.type === 'file') assert.equal(row.size, size, String(name));
  }
  assert.equal(entries.filter(({ path }) => path === 'tmp/twice').length, 1);
  assert.equal(byPath('tmp/twice')?.size, 'second'.length);
  assert.deepEqual(
    [byPath('usr/caf\\xE9')?.pathBytes, byPath('usr/back\\\\slash')?.pathBytes, byPath('usr/tool')?.pathBytes],
    ['usr/caf\xe9', 'usr/back\\slash', null],
  );
  const marks = entries.filter(({ kind }) => kind !== 'entry').map(({ kind, path, type, size }) => [kind, path, type, size]);
  assert.deepEqual(marks.sort(), [
    ['opaque', 'tmp', null, null],
    ['whiteout', 'usr/tool', null, null],
  ]);
  assert.equal(entries.find(({ path, kind }) => path === 'usr/tool' && kind === 'entry')?.us, 1_600_000_001_000_000);
  assert.match(String(byPath('usr/big')?.content), /^[0-9a-f]{16}$/);
});

test('packages and findings match what packages and inspect print', async (t) => {
  const { layout, to } = setUp(t);
  await index(to, layout);
  const image = 'registry.example/app:1';
  const printed = await commandLines(['packages', layout, '--image', image, '--layer', '1', '--json']);
  const [id] = await duckRows(to, `SELECT image FROM read_parquet('DIR/images/*.parquet') WHERE reference = '${image}'`);
  const packages = (await tableRows(to, 'packages')).filter((row) => row.image === id?.image);
  const facts = ({
    type,
    name,
    arch,
    version,
    status,
    source,
    sourceVersion,
    location,
    files,
    bytes,
    statedBytes,
  }: Record<string, unknown>) => [...[type, name, arch, version, status, source, sourceVersion, location, files, bytes, statedBytes]];
  // A catalog has null where nothing says which files belong to the package.
  const known = printed.map((each) => (each.filesKnown === false ? { ...each, files: null, bytes: null } : each));
  assert.deepEqual(packages.map(facts), known.map(facts));
  assert.equal(packages.length, 1);
  const report = await commandJson<{ images: { index: number; names: string[] }[]; findings: Record<string, unknown>[] }>([
    'inspect',
    layout,
    '--json',
  ]);
  const number = report.images.find(({ names }) => names.includes(image))?.index;
  const expected = report.findings.filter((finding) => finding.image === number);
  const found = (await tableRows(to, 'findings')).filter((row) => row.image === id?.image);
  assert.ok(found.length > 0);
  assert.deepEqual(
    found.map(({ code, path, layerIndex, message, bytes }) => [code, path, layerIndex, message, bytes]),
    expected.map(({ code, path, layer, message, bytes }) => [code, path ?? null, layer ?? null, message, bytes ?? null]),
  );
});

/** Returns every file of a catalog, with its bytes. */
function contents(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return new Map(
    names
      .filter((name) => statSync(path.join(folder, name)).isFile())
      .map((name) => [name, readFileSync(path.join(folder, name), 'latin1')]),
  );
}

test('indexing again opens nothing that is unchanged, and writes nothing', async (t) => {
  const { layout, to } = setUp(t);
  await index(to, layout);
  const before = contents(to);
  const again = await index(to, layout);
  assert.deepEqual([again.subjects, again.unchanged, again.images, again.newLayers], [1, 1, 0, 0]);
  // The layout is read again because its time has changed, but nothing in it is new.
  utimesSync(path.join(layout, 'index.json'), 1, 1);
  const touched = await index(to, layout);
  assert.deepEqual([touched.unchanged, touched.images, touched.newImages, touched.newLayers], [0, 2, 0, 0]);
  const after = contents(to);
  for (const [name, bytes] of before) assert.equal(after.get(name), bytes, name);
});

test('a run reports what it left out or found unchanged', async (t) => {
  const { folder, to } = setUp(t);
  const many = path.join(folder, 'many');
  const [base] = images();
  assert.ok(base);
  const archive = writeArchive(many, 'base.tar', [base]);
  const run = async (...inputs: string[]) => runCommand(['catalog', 'index', ...inputs, '--to', to]);
  assert.match((await run(many)).stdout, /^1 image · 1 new · 1 new layer with \d+ entries, /);
  assert.deepEqual([(await run(many)).stdout, (await run(many)).stderr], ['nothing new · 1 of 1 source unchanged\n', '']);
  symlinkSync('base.tar', path.join(many, 'link.tar'));
  symlinkSync('nowhere', path.join(many, 'notes.txt'));
  const link = path.join(many, 'link.tar');
  const one = await run(many);
  assert.equal(one.stderr, `layerscope: warning: the link ${link} is not followed: to index what a link leads to, name it\n`);
  symlinkSync(folder, path.join(many, 'up'));
  const two = await run(many);
  assert.match(two.stderr, /^layerscope: warning: 2 links, such as .*link\.tar, are not followed/);
  assert.equal((await index(to, many)).linksSkipped, 2);
  assert.match((await run(link)).stdout, /^1 image · 0 new/);
  rmSync(archive);
  rmSync(link);
  assert.equal((await run(many)).stdout, 'nothing to index: no archive and no image folder was found\n');
});

test('a folder that may not be entered is an error, and the other folders are indexed', {
  skip: process.getuid?.() === 0 ? 'root may enter every folder' : process.platform === 'win32' && 'this is Windows',
}, async (t) => {
  const { folder, to } = setUp(t);
  const many = path.join(folder, 'many');
  writeArchive(many, 'whole.tar', images());
  const closed = path.join(many, 'closed');
  mkdirSync(closed, { mode: 0 });
  const { code, stdout } = await runCommand(['catalog', 'index', many, '--to', to, '--json']);
  chmodSync(closed, 0o700);
  assert.equal(code, 3);
  const { images: looked, failed, errors } = JSON.parse(stdout) as IndexSummary & { errors: { code: string }[] };
  assert.deepEqual([looked, failed, errors.map((error) => error.code)], [2, 1, ['PERMISSION']]);
});

test('a file whose images have changed loses its previous rows', async (t) => {
  const { folder, to } = setUp(t);
  const [base, app] = images();
  assert.ok(base && app);
  const archive = writeArchive(folder, 'one.tar', [base, app]);
  await index(to, archive);
  assert.equal((await tableRows(to, 'images')).length, 2);
  rmSync(archive);
  writeArchive(folder, 'one.tar', [{ ...app, name: 'registry.example/app:2' }]);
  await index(to, archive);
  assert.deepEqual(
    (await tableRows(to, 'images')).map(({ reference }) => reference),
    ['registry.example/app:2'],
  );
});

test('an image whose layer or config is a link leading elsewhere is recorded with the finding’s code', async (t) => {
  const { folder, to } = setUp(t);
  const image = (name: string): SmallImage => ({ name, layers: [{ tar: tar(file('one', name)) }, { tar: tar(file('two', name)) }] });
  const links = { outside: path.join(folder, 'blob'), loop: 'LOOP', missing: 'nothing' };
  const expected = { outside: 'link-outside', loop: 'link-loop', missing: 'missing-blob' };
  for (const [kind, target] of Object.entries(links)) {
    for (const which of ['layer', 'config'] as const) {
      const layout = writeLayout(path.join(folder, `${kind}-${which}`), [image(`${kind}-${which}:1`)]);
      const blobs = path.join(layout, 'blobs', 'sha256');
      const json = (name: string) => JSON.parse(readFileSync(path.join(blobs, name), 'utf8'));
      const [descriptor] = JSON.parse(readFileSync(path.join(layout, 'index.json'), 'utf8')).manifests;
      const manifest = json(descriptor.digest.slice(7));
      const name = (which === 'layer' ? manifest.layers[0] : manifest.config).digest.slice(7);
      renameSync(path.join(blobs, name), path.join(folder, 'blob'));
      symlinkSync(target === 'LOOP' ? name : target, path.join(blobs, name));
      // Once before the catalog knows the image, and once after.
      for (const isKnown of [false, true]) {
        if (isKnown) await index(to, writeLayout(path.join(folder, `${kind}-${which}-whole`), [image(`${kind}-${which}:1`)]));
        await runCommand(['catalog', 'index', layout, '--to', to]);
        const rows = (await tableRows(to, 'images')).filter(({ source }) => source === layout);
        const codes = rows.map(({ error }) => error);
        assert.deepEqual(
          codes,
          [kind === 'missing' && which === 'config' ? codes[0] : expected[kind as keyof typeof expected]],
          `${kind} ${which}`,
        );
        assert.notEqual(codes[0], null);
      }
    }
  }
});

test('a damaged image is recorded with its error, the others are indexed, and the error is gone once the image is repaired', async (t) => {
  const { folder, to } = setUp(t);
  const [base, app] = images();
  assert.ok(base && app);
  const many = path.join(folder, 'many');
  const whole = writeArchive(many, 'whole.tar', [base]);
  const damaged = writeArchive(path.join(many, 'below'), 'damaged.tar', [app]);
  writeFileSync(path.join(many, 'no image.tar.gz'), 'nothing of the kind');
  writeFileSync(path.join(many, 'README.md'), 'not looked at');
  const good = readFileSync(damaged);
  const bad = Buffer.from(good);
  // The top layer's gzip stream, which comes after the base's in the archive.
  const gzip = bad.lastIndexOf(Buffer.from([0x1f, 0x8b, 0x08]));
  bad.fill(0xff, gzip + 20, gzip + 60);
  writeFileSync(damaged, bad);
  const { code, stderr, stdout } = await runCommand(['catalog', 'index', many, '--to', to, '--json']);
  assert.equal(code, 3);
  const summary = JSON.parse(stdout) as IndexSummary & { errors: { source: string; code: string }[] };
  assert.equal(summary.failed, 2, stderr);
  assert.equal(stderr.match(/^layerscope: warning: /gm)?.length, 2, stderr);
  const rows = await tableRows(to, 'images');
  assert.deepEqual(rows.map(({ source, error }) => [path.basename(String(source)), error]).sort(), [
    ['damaged.tar', rows.find(({ source }) => source === damaged)?.error],
    ['no image.tar.gz', rows.find(({ source }) => String(source).endsWith('.gz'))?.error],
    ['whole.tar', null],
  ]);
  assert.ok(rows.filter(({ error }) => error !== null).every(({ message }) => typeof message === 'string' && message !== ''));
  // The damaged image's base is known; nothing is recorded about its top layer or its packages.
  assert.equal((await tableRows(to, 'layers')).length, 1);
  assert.equal((await duckRows(to, "SELECT DISTINCT image FROM read_parquet('DIR/history/*.parquet')")).length, 1);
  writeFileSync(damaged, good);
  rmSync(path.join(many, 'no image.tar.gz'));
  const healed = await index(to, many);
  assert.deepEqual([healed.failed, healed.newLayers, healed.unchanged], [0, 1, 1]);
  assert.equal((await tableRows(to, 'images')).filter(({ source, error }) => source === damaged && error === null).length, 1);
  assert.equal(statSync(whole).isFile(), true);
});

test('a scan adds secrets and content checksums, once, to layers that were indexed without them', async (t) => {
  const { folder, to } = setUp(t);
  const token = `ghp_${'a1B2c3D4e5'.repeat(3)}F6g7h8`;
  const layer = tar(file('app/.env', `GITHUB_TOKEN=${token}\n`), file('app/plain', 'plain'));
  const archive = path.join(folder, 'plain.tar');
  writeFileSync(archive, archiveOf(dockerArchive([{ layers: [layer], tags: ['plain:1'] }])));
  await index(to, archive);
  const before = await tableRows(to, 'entries');
  assert.ok(before.every(({ content }) => content === null));
  const scanned: IndexSummary = await commandJson(['catalog', 'index', archive, '--to', to, '--json', '--scan']);
  assert.deepEqual([scanned.newLayers, scanned.newImages], [1, 1]);
  const after = await tableRows(to, 'entries');
  assert.equal(after.length, before.length);
  assert.ok(after.filter(({ type }) => type === 'file').every(({ content }) => /^[0-9a-f]{16}$/.test(String(content))));
  const secrets = (await tableRows(to, 'findings')).filter(({ code }) => String(code).startsWith('secret-'));
  const report = await commandJson<{ findings: { code: string }[] }>(['inspect', archive, '--scan', '--json']);
  assert.equal(secrets.length, report.findings.filter(({ code }) => code.startsWith('secret-')).length);
  for (const [name, bytes] of contents(to)) assert.equal(bytes.includes(token), false, name);
  const again: IndexSummary = await commandJson(['catalog', 'index', archive, '--to', to, '--json', '--scan']);
  assert.deepEqual([again.unchanged, again.newLayers], [1, 0]);
});

test('--verify notices a layer that claims another layer’s diffID, and corrects what was recorded', async (t) => {
  const { folder, to } = setUp(t);
  const honest = tar(file('etc/os-release', 'true'));
  const liar = tar(file('etc/os-release', 'false!'));
  const { createHash } = await import('node:crypto');
  const diffIds = [`sha256:${createHash('sha256').update(honest).digest('hex')}`];
  const lying = path.join(folder, 'liar.tar');
  writeFileSync(lying, archiveOf(dockerArchive([{ layers: [liar], tags: ['liar:1'], config: { diffIds } }])));
  const telling = path.join(folder, 'honest.tar');
  writeFileSync(telling, archiveOf(dockerArchive([{ layers: [honest], tags: ['honest:1'] }])));
  await runCommand(['catalog', 'index', lying, '--to', to]);
  const { code } = await runCommand(['catalog', 'index', lying, telling, '--to', to, '--verify']);
  assert.equal(code, 3);
  const [row, ...more] = await tableRows(to, 'entries');
  assert.deepEqual([more.length, row?.size], [0, 'true'.length]);
  assert.deepEqual(
    (await tableRows(to, 'layers')).map(({ verified }) => verified),
    [true],
  );
  const errors = (await tableRows(to, 'images')).map(({ reference, error }) => [reference, error]).sort();
  assert.deepEqual(errors, [
    ['honest:1', null],
    ['liar:1', 'diffid-mismatch'],
  ]);
});

test('a folder of other files is left alone, and so is a catalog from another version', async (t) => {
  const { layout, to, folder } = setUp(t);
  const { error } = await runCommand(['catalog', 'index', layout, '--to', folder]);
  assert.equal(error?.code, 'EXISTS');
  assert.deepEqual(readdirSync(folder), ['layout']);
  await index(to, layout);
  writeFileSync(path.join(to, 'catalog.json'), '{"kind":"layerscope-catalog","version":1}');
  for (const argv of [
    ['catalog', 'index', layout, '--to', to],
    ['catalog', 'query', 'SELECT 1', '--from', to],
  ]) {
    const result = await runCommand(argv);
    assert.equal(result.error?.code, 'UNSUPPORTED', argv.join(' '));
    assert.match(result.stderr, /version 1;/);
  }
  writeFileSync(path.join(to, 'catalog.json'), '{"kind":"layerscope-catalog","version":{"toString":1}}');
  assert.equal(
    (await runCommand(['catalog', 'query', 'SELECT 1', '--from', to])).error?.code,
    'UNSUPPORTED',
    'a version that is an object',
  );
});

test('a catalog can be moved, and its files copied into another', async (t) => {
  const { layout, to, folder } = setUp(t);
  await index(to, layout);
  const moved = path.join(folder, 'moved');
  renameSync(to, moved);
  const other = path.join(folder, 'other');
  await index(other, writeLayout(path.join(folder, 'layout2'), [{ name: 'z:1', layers: [{ tar: tar(file('z', 'z')) }] }]));
  cpSync(moved, other, { recursive: true });
  assert.equal((await tableRows(other, 'images')).length, 3);
  const again = await index(other, layout);
  assert.deepEqual([again.unchanged, again.newLayers], [1, 0]);
});
