// The window's exports: files unchanged, folders as tars with all metadata, comparisons and reports as the command line's JSON. They are
// saved completely or not at all.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import zlib, { gunzipSync, gzipSync } from 'node:zlib';
import { createReader, packOciArchive } from '#archive';
import { createJobs, createLibrary, type ExportRequest, fileName } from '#engine';
import { faultsIn } from '../support/asserts.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { directory, file, hardlink, member, pax, symlink, tar } from '../support/tar-builder.ts';
import { collect } from '../support/tar-collect.ts';

const odd = Buffer.concat([Buffer.from('srv/'), Buffer.of(0x6e, 0xe4, 0x6d, 0x65)]);
const layers = [
  tar(
    directory('srv/', { mode: 0o2750, uid: 7, gid: 8, mtime: 1_500_000_000 }),
    file('srv/one', 'first', { mode: 0o4755, uid: 1, gid: 2, uname: 'web', mtime: 1_400_000_001 }),
    hardlink('srv/two', 'srv/one', { mode: 0o4755, uid: 1, gid: 2, uname: 'web', mtime: 1_400_000_001 }),
    symlink('srv/to', '../etc/passwd'),
    file('srv/gone', 'x'),
    file('other', 'y'),
  ),
  tar(
    pax({ 'SCHILY.xattr.user.note': 'kept', path: 'srv/deep/noted' }),
    file('srv/deep/noted', 'noted'),
    file('srv/.wh.gone'),
    file(odd, 'odd'),
    member({ name: 'srv/pipe', typeflag: '6', mode: 0o600 }),
    hardlink('srv/out', '../../etc/shadow'),
  ),
];

async function openLibrary(t: TestContext) {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-exports-'));
  const image = path.join(folder, 'image.tar');
  writeFileSync(image, dockerArchive({ name: 'web:1', layers }));
  const reader = createReader({ cacheFolder: null, workers: 0 });
  const jobs = createJobs({ intervalMs: 0 });
  const library = createLibrary({ reader, jobs, intervalMs: 0 });
  t.after(async () => {
    await jobs[Symbol.asyncDispose]();
    await library[Symbol.asyncDispose]();
    await reader[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  await jobs.ended(library.open({ path: image, title: 'image.tar' }));
  const entry = (name: string, layer = 1): ExportRequest => ({
    what: 'entry',
    entry: { archiveId: 'a1', image: 0, layer, path: Buffer.from(name, 'latin1') },
  });
  const bytesOf = async (wanted: ExportRequest): Promise<Buffer> => {
    const all: Uint8Array[] = [];
    for await (const bytes of library.exported(wanted).bytes(new AbortController().signal)) all.push(bytes.slice());
    return Buffer.concat(all);
  };
  return { folder, jobs, library, entry, bytesOf };
}

test('a file is exported as seen at the layer, a link as its target', async (t) => {
  const { library, entry, bytesOf } = await openLibrary(t);
  assert.equal((await bytesOf(entry('srv/two'))).toString(), 'first');
  assert.deepEqual([library.exported(entry('srv/one')).name, library.exported(entry('srv/one')).totalBytes], ['one', 5]);
  assert.equal((await bytesOf(entry('srv/gone', 0))).toString(), 'x');
  for (const name of ['srv/gone', 'srv/to', 'srv/pipe', 'nothing']) {
    assert.throws(() => library.exported(entry(name)), { code: 'NOT_FOUND' }, name);
  }
});

test('a folder is exported as a tar with owners, modes, times, links, attributes and raw names', async (t) => {
  const { library, entry, bytesOf } = await openLibrary(t);
  const { name, leftOut } = library.exported(entry('srv'));
  assert.deepEqual([name, leftOut], ['srv.tar', 1]);
  const { members, findings } = collect(await bytesOf(entry('srv')));
  assert.deepEqual(findings, []);
  const lines = members.map(({ name: raw, type, mode, uid, gid, uname, mtimeSeconds, linkname, content, pax: records }) =>
    [raw, type, mode.toString(8), uid, gid, uname, mtimeSeconds, linkname, content, JSON.stringify(records)].join('|'),
  );
  assert.deepEqual(
    lines.sort(),
    [
      'srv/deep/noted|file|644|0|0||0||noted|{"SCHILY.xattr.user.note":"kept"}',
      'srv/deep/|directory|755|0|0||0|||null',
      'srv/n\xe4me|file|644|0|0||0||odd|{"path":"srv/n\xe4me"}',
      'srv/one|file|4755|1|2|web|1400000001||first|null',
      'srv/pipe|fifo|600|0|0||0|||null',
      'srv/to|symlink|777|0|0||0|../etc/passwd||null',
      'srv/two|hardlink|4755|1|2|web|1400000001|srv/one||null',
      'srv/|directory|2750|7|8||1500000000|||null',
    ].sort(),
  );
  assert.equal(library.exported(entry('')).name, 'root.tar');
  const all = collect(await bytesOf(entry(''))).members.map((member) => member.name);
  assert.ok(all.includes('other') && all.includes('srv/one'));
});

test('a comparison and a report are exported as the command line prints them', async (t) => {
  const { library, bytesOf } = await openLibrary(t);
  const ref = { archiveId: 'a1', image: 0 };
  const comparison: ExportRequest = { what: 'comparison', a: { ...ref, layer: 0 }, b: { ...ref, layer: 1 } };
  const lines = (await bytesOf(comparison)).toString().trimEnd().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as { kind: string; path: string });
  assert.deepEqual(
    rows.map(({ kind, path: where }) => `${kind} ${where}`),
    ['added srv/deep/noted', 'removed srv/gone', 'added srv/n\\xE4me', 'added srv/out', 'added srv/pipe'],
  );
  const report = JSON.parse((await bytesOf({ what: 'report', archiveId: 'a1' })).toString()) as { images: { names: string[] }[] };
  assert.deepEqual(report.images[0]?.names, ['web:1']);
  assert.equal(library.exported({ what: 'report', archiveId: 'a1' }).name, 'image.tar.json');
  for (const wanted of [comparison, { what: 'report', archiveId: 'a1' } as const]) {
    const gone = JSON.parse(JSON.stringify(wanted).replaceAll('"a1"', '"a7"')) as ExportRequest;
    assert.throws(() => library.exported(gone), { code: 'NOT_FOUND' });
  }
});

test('a layer tar becomes an image in either format with its layer unchanged; the job has the file’s digest', async (t) => {
  const { folder, jobs, library } = await openLibrary(t);
  const layer = path.join(folder, 'layer.tar.gz');
  writeFileSync(layer, gzipSync(layers[0] as Uint8Array));
  await jobs.ended(library.open({ path: layer, title: 'layer.tar.gz' }));
  for (const format of ['docker-archive', 'oci-archive'] as const) {
    const target = path.join(folder, `made-${format}`);
    const done = await jobs.ended(library.save({ what: 'image', format, archiveId: 'a2', image: 0 }, target));
    assert.equal(done.state, 'done', done.error?.message);
    const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    assert.equal(done.digest, sha256(readFileSync(target)));
    const opened = await jobs.ended(library.open({ path: target, title: format }));
    const { images, findings } = library.summary(opened.archiveId ?? '');
    assert.deepEqual(faultsIn(findings), []);
    assert.deepEqual(
      images.map((image) => image.layers.map(({ digest, diffId }) => [digest, diffId])),
      [[[sha256(readFileSync(layer)), sha256(layers[0] as Uint8Array)]]],
    );
    const verified = await jobs.ended(library.verify({ archiveId: opened.archiveId ?? '', image: 0 }));
    assert.deepEqual([verified.state, faultsIn(library.summary(opened.archiveId ?? '').findings)], ['done', []]);
  }
});

test('a layer is saved as stored or uncompressed, an image as an archive in either format', async (t) => {
  const { folder, jobs, library, bytesOf } = await openLibrary(t);
  const ref = { archiveId: 'a1', image: 0 };
  const plain = await bytesOf({ what: 'layer', form: 'plain', ...ref, layer: 1 });
  assert.ok(plain.equals(Buffer.from(layers[1] as Uint8Array)));
  assert.equal(library.exported({ what: 'layer', form: 'stored', ...ref, layer: 0 }).name, 'layer-0.tar');
  assert.equal(library.exported({ what: 'layer', form: 'gzip', ...ref, layer: 0 }).name, 'layer-0.tar.gz');
  assert.ok(gunzipSync(await bytesOf({ what: 'layer', form: 'gzip', ...ref, layer: 1 })).equals(plain));
  if (typeof zlib.zstdDecompressSync === 'function')
    assert.ok(zlib.zstdDecompressSync(await bytesOf({ what: 'layer', form: 'zstd', ...ref, layer: 1 })).equals(plain));
  else assert.throws(() => library.exported({ what: 'layer', form: 'zstd', ...ref, layer: 1 }), { code: 'UNSUPPORTED', message: /22\.15/ });
  assert.throws(() => library.exported({ what: 'layer', form: 'stored', ...ref, layer: 9 }), { code: 'NOT_FOUND' });
  const file2 = path.join(folder, 'oci.tar');
  const pieces: Uint8Array[] = [];
  const made = {
    name: 'app:2',
    os: 'linux',
    architecture: 'amd64',
    layers: layers.map((each) => ({ tar: each, createdBy: 'x', gzip: true })),
  };
  for await (const piece of packOciArchive([made])) pieces.push(piece);
  writeFileSync(file2, Buffer.concat(pieces));
  await jobs.ended(library.open({ path: file2, title: 'oci.tar' }));
  const before = library.summary('a2').images[0];
  for (const format of ['docker-archive', 'oci-archive'] as const) {
    const target = path.join(folder, format);
    const done = await jobs.ended(library.save({ what: 'image', format, archiveId: 'a2', image: 0 }, target));
    assert.equal(done.state, 'done', done.error?.message);
    const opened = await jobs.ended(library.open({ path: target, title: format }));
    const { format: found, images } = library.summary(opened.archiveId ?? '');
    assert.deepEqual([found, images[0]?.names, images[0]?.manifestDigest], [format, ['app:2'], before?.manifestDigest]);
  }
  const stored = await bytesOf({ what: 'layer', form: 'stored', archiveId: 'a2', image: 0, layer: 0 });
  assert.deepEqual([...stored.subarray(0, 2)], [0x1f, 0x8b]);
});

test('saving replaces a file atomically, reports what is left out, and leaves nothing behind after a failure', async (t) => {
  const { folder, jobs, library, entry } = await openLibrary(t);
  const target = path.join(folder, 'saved');
  writeFileSync(target, 'before');
  const saved = await jobs.ended(library.save(entry('srv/one'), target));
  assert.deepEqual([saved.state, saved.title, saved.doneBytes], ['done', 'saved', 5]);
  assert.equal(readFileSync(target, 'utf8'), 'first');
  const partial = await jobs.ended(library.save(entry('srv'), path.join(folder, 'srv.tar')));
  assert.deepEqual([partial.state, partial.error?.code], ['failed', 'PATH_ESCAPE']);
  assert.match(partial.error?.message ?? '', /^saved without 1 entry whose path or link points/);
  assert.ok(existsSync(path.join(folder, 'srv.tar')));
  const nowhere = await jobs.ended(library.save(entry('srv/one'), path.join(folder, 'no', 'such')));
  assert.deepEqual([nowhere.state, nowhere.error?.code], ['failed', 'NOT_FOUND']);
  const jobId = library.save(entry(''), path.join(folder, 'cancelled'));
  jobs.cancel(jobId);
  assert.equal((await jobs.ended(jobId)).state, 'cancelled');
  assert.deepEqual(readdirSync(folder).sort(), ['image.tar', 'saved', 'srv.tar']);
});

test('closing the archive aborts its exports', async (t) => {
  const { library, entry } = await openLibrary(t);
  const pieces = library.exported(entry('')).bytes(new AbortController().signal)[Symbol.asyncIterator]();
  await pieces.next();
  const closing = library.close('a1');
  await assert.rejects(async () => {
    for (let turn = 0; turn < 1000; turn++) if ((await pieces.next()).done === true) return;
  });
  await closing;
});

test('closing doesn’t wait for a consumer that stopped reading', async (t) => {
  const { library, entry } = await openLibrary(t);
  const pieces = library.exported(entry('')).bytes(new AbortController().signal)[Symbol.asyncIterator]();
  await pieces.next();
  await library.close('a1');
  await assert.rejects(async () => pieces.next(), { code: 'CANCELLED' });
  // Closing doesn't wait for a consumer that never started, either.
  const { library: other, entry: of } = await openLibrary(t);
  other.exported(of('')).bytes(new AbortController().signal);
  await other.close('a1');
});

test('names of saved files are valid on every system', () => {
  for (const [text, name] of [
    ['a/b\\c:d', 'a_b_c_d'],
    ['..', 'file'],
    ['nul.txt', '_nul.txt'],
    ['\u202egnp.exe', '_gnp.exe'],
    ['grüße (1).tar', 'grüße (1).tar'],
    ['x'.repeat(300), 'x'.repeat(120)],
    [`${'x'.repeat(119)}\u{1d49c}`, 'x'.repeat(119)],
    [`${'x'.repeat(118)}\u{1d49c}y`, `${'x'.repeat(118)}\u{1d49c}`],
    [`${'x'.repeat(118)}. y`, 'x'.repeat(118)],
    ['half \ud835', 'half _'],
  ] as const) {
    assert.equal(fileName(text), name);
  }
});
