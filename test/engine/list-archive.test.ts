// Listing archives inside an image: all compressions, and damaged or hostile archives.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { createReader } from '#archive';
import { listArchive, loadImage } from '#engine';
import { encodeUtf8 } from '#model';
import { dockerArchive } from '../support/docker-archive.ts';
import { BZIP2_BOMB, BZIP2_SAMPLES, XZ_SAMPLES } from '../support/packed-samples.ts';
import { concat, directory, file, pax, tar } from '../support/tar-builder.ts';

const { signal } = new AbortController();
const inner = tar(directory('d/'), file('d/a', 'abc'), file('evil\u202e', 'x'));

async function listAll(t: TestContext, files: Readonly<Record<string, Uint8Array>>, limit = 100) {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-inner-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const image = path.join(folder, 'image.tar');
  writeFileSync(image, dockerArchive({ name: 'x:1', layers: [tar(...Object.entries(files).map(([name, bytes]) => file(name, bytes)))] }));
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await reader.open(image);
  const loaded = await loadImage(reader, archive, 0);
  const listed: Record<string, string> = {};
  for (const name of Object.keys(files)) {
    const found = await listArchive(loaded, 0, [encodeUtf8(name)], { limit, signal });
    listed[name] =
      found === null
        ? 'none'
        : `${found.format}: ${found.entries.map((entry) => `${entry.name}=${entry.type === 'file' ? entry.size : entry.type}`).join(' ')}${found.complete ? '' : ` … ${found.problem ?? ''}`}`;
  }
  return listed;
}

/** Makes a ZIP file with Python's library. */
function zip(files: Readonly<Record<string, string>>, comment = ''): Uint8Array {
  const script =
    'import sys,json,zipfile,io\nb=io.BytesIO()\nz=zipfile.ZipFile(b,"w",zipfile.ZIP_DEFLATED)\nf,c=json.loads(sys.argv[1])\n[z.writestr(k,v) for k,v in f.items()]\nz.comment=c.encode()\nz.close()\nsys.stdout.buffer.write(b.getvalue())';
  return new Uint8Array(execFileSync('python3', ['-c', script, JSON.stringify([files, comment])]));
}

test('an archive with megabyte-long names is listed up to the limit, with each name cut off', async (t) => {
  const long = (index: number) => concat(pax({ path: `${index}/${'x'.repeat(1_000_000)}` }), file('s', ''));
  const packed = gzipSync(tar(concat(...Array.from({ length: 60 }, (_, index) => long(index)))));
  const names = gzipSync(
    tar(...Array.from({ length: 3_000 }, (_, index) => concat(pax({ path: `${index}/${'y'.repeat(4_000)}` }), file('s', '')))),
  );
  const listed = await listAll(t, { 'mega.tgz': packed, 'many.tgz': names }, 10_000);
  assert.match(listed['mega.tgz'] ?? '', /^tar\.gz: 0\/x{4094}…=0 1\/x{4094}…=0 /);
  assert.ok((listed['mega.tgz'] ?? '').length < 60 * 5_000);
  assert.match(listed['many.tgz'] ?? '', / … $/);
  assert.ok((listed['many.tgz'] ?? '').length < 5 * 1024 * 1024);
});

test('tars compressed with xz or bzip2 are listed as far as they can be read; other compressed files are not archives', async (t) => {
  assert.deepEqual(
    await listAll(t, {
      'a.tar.bz2': BZIP2_BOMB,
      'cut.tar.bz2': BZIP2_BOMB.subarray(0, 100),
      'text.xz': XZ_SAMPLES.crc64,
      'text.bz2': BZIP2_SAMPLES['one stream'],
    }),
    {
      'a.tar.bz2': 'tar.bz2: big=67108864',
      'cut.tar.bz2': 'tar.bz2: big=67108864 … it ends inside a stream',
      'text.xz': 'none',
      'text.bz2': 'none',
    },
  );
});

test('tars are listed, plain and compressed; a compressed file that is not a tar is not an archive', async (t) => {
  const list = 'd/=directory d/a=3 evil\\u202E=1';
  assert.deepEqual(
    await listAll(t, {
      plain: inner,
      'a.tgz': gzipSync(inner),
      'a.tar.zst': zstdCompressSync(inner),
      'log.gz': gzipSync('x'.repeat(5_000)),
      'empty.gz': gzipSync(''),
      text: encodeUtf8('just text'),
      empty: new Uint8Array(0),
    }),
    {
      plain: `tar: ${list}`,
      'a.tgz': `tar.gz: ${list}`,
      'a.tar.zst': `tar.zst: ${list}`,
      'log.gz': 'none',
      'empty.gz': 'none',
      text: 'none',
      empty: 'none',
    },
  );
});

test('a truncated or damaged archive is listed as far as it can be read', async (t) => {
  const many = tar(...Array.from({ length: 50 }, (_, at) => file(`f${at}`, 'x'.repeat(3000))));
  const listed = await listAll(t, { cut: many.subarray(0, 20_000), 'cut.tgz': gzipSync(many).subarray(0, 300) }, 10_000);
  assert.match(listed.cut ?? '', /^tar: f0=3000 f1=3000/);
  assert.match(listed['cut.tgz'] ?? '', /^(none|tar\.gz: f0=3000.* … .+)/);
  const first = await listAll(t, { many }, 3);
  assert.equal(first.many, 'tar: f0=3000 f1=3000 f2=3000 … ');
});

test('ZIP files are listed by their central directory, even with a comment at the end', {
  skip: pythonIsThere() ? false : 'needs Python 3, which writes the ZIP files',
}, async (t) => {
  const files = { 'META-INF/MANIFEST.MF': 'x'.repeat(100), 'a/': '', 'grüße.txt': 'hi' };
  const plain = zip(files);
  const listed = await listAll(t, {
    'a.jar': plain,
    'b.jar': zip(files, 'a comment PK\u0005\u0006 in it'),
    'cut.jar': plain.subarray(0, plain.length - 30),
  });
  const list = 'zip: META-INF/MANIFEST.MF=100 a/=directory grüße.txt=2';
  assert.deepEqual(listed, { 'a.jar': list, 'b.jar': list, 'cut.jar': 'none' });
  const broken = plain.slice();
  broken.fill(0, broken.length - 60, broken.length - 30);
  const damaged = await listAll(t, { 'a.jar': broken });
  assert.match(damaged['a.jar'] ?? '', /^zip: /);
});

function pythonIsThere(): boolean {
  try {
    execFileSync('python3', ['-c', '']);
    return true;
  } catch {
    return false;
  }
}
