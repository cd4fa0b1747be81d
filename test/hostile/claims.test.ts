// Inputs that make false claims, none of which may cost memory, disk space or time, or be mistaken for content.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { createBench } from '../cli/run-cli.ts';
import { runCommand } from '../support/command-line.ts';
import { base256, concat, file, header, member, pax, paxSparse, symlink, tar, zeros } from '../support/tar-builder.ts';
import { testFile, testFolder } from '../support/workbench.ts';

interface Told {
  readonly findings: readonly { readonly code: string; readonly message: string }[];
}

test('a size larger than any disk is reported as a truncated body, one too large for a number as a bad header; earlier members are read', async (t) => {
  const claim = (size: bigint) => concat(file('before', 'x'), header({ name: 'huge', size: base256(size, 12) }), zeros(512));
  for (const [size, code] of [
    [2n ** 52n, 'truncated'],
    [2n ** 60n, 'bad-tar'],
  ] as const) {
    for (const bytes of [claim(size), gzipSync(claim(size)), zstdCompressSync(claim(size))]) {
      const { code: exit, stdout, stderr } = await runCommand(['inspect', testFile(t, bytes), '--json']);
      assert.equal(exit, 0, stderr);
      const { findings } = JSON.parse(stdout) as Told;
      assert.ok(
        findings.some((told) => told.code === code),
        JSON.stringify(findings),
      );
    }
  }
});

test('a PAX header with a million records, or one that claims to be four gigabytes, is reported as bad or truncated', async (t) => {
  const million = new TextEncoder().encode('9 k=abcd\n'.repeat(1_000_000));
  for (const bytes of [
    tar(file('before', 'x'), pax(million), file('f', 'x')),
    concat(file('before', 'x'), header({ name: 'x', typeflag: 'x', size: 2 ** 32 }), zeros(2048)),
  ]) {
    const { code, stdout, stderr } = await runCommand(['inspect', testFile(t, bytes), '--json']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /"code": ?"(bad-tar|truncated)"/);
  }
});

test('a sparse file of 2^50 bytes is listed with its size and costs nothing', async (t) => {
  const image = testFile(t, tar(paxSparse('1.0', 'sparse', 2 ** 50, [[2 ** 50 - 4, 4]], 'data')));
  const { code, stdout, stderr } = await runCommand(['ls', image, '--json']);
  assert.equal(code, 0, stderr);
  assert.equal((JSON.parse(stdout) as { size: number }).size, 2 ** 50);
});

test('a manifest that isn’t JSON, is deeply nested or takes a hundred megabytes is reported and gives no image', async (t) => {
  for (const text of ['['.repeat(2_000_000), '{"a":'.repeat(500_000), `${'['.repeat(100_000)}${']'.repeat(100_000)}`, '[null']) {
    const { code, stdout, stderr } = await runCommand(['inspect', testFile(t, tar(file('manifest.json', text))), '--json']);
    if (code === 0) assert.equal((JSON.parse(stdout) as { format: string }).format, 'layer');
    else assert.match(stderr, /^layerscope: (BAD_MANIFEST|TOO_LARGE): [^\n]{1,400}\n$/);
  }
  const huge = tar(file('c.json', '{"os":"linux"}'), file('manifest.json', `[{"Config":"${'x'.repeat(100_000_000)}"}]`));
  const asLayer = await runCommand(['inspect', testFile(t, huge), '--json']);
  assert.equal(asLayer.code, 0);
  assert.match(asLayer.stdout, /"manifest-unreadable"/);
  const image = tar(huge.subarray(0, -1024), file('blobs/sha256/x', ''), file('layer.tar', tar(file('a', 'x'))));
  const { code, stderr } = await runCommand(['inspect', testFile(t, image), '--json']);
  assert.equal(code, 3);
  assert.match(stderr, /^layerscope: TOO_LARGE: [^\n]{1,400}\n$/);
});

test('layer.tar links that form a loop or point outside are not layers', async (t) => {
  const config = JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: ['sha256:00', 'sha256:00'] } });
  for (const [first, second] of [
    ['../b/layer.tar', '../a/layer.tar'],
    ['layer.tar', 'layer.tar'],
    ['../../../etc/passwd', '/etc/passwd'],
  ] as const) {
    const image = tar(
      symlink('a/layer.tar', first),
      symlink('b/layer.tar', second),
      file('c.json', config),
      file('manifest.json', JSON.stringify([{ Config: 'c.json', RepoTags: ['x:1'], Layers: ['a/layer.tar', 'b/layer.tar'] }])),
    );
    const { code, stdout, stderr } = await runCommand(['inspect', testFile(t, image), '--json']);
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout) as { images: { layers: { status: string }[] }[] };
    assert.deepEqual(
      report.images[0]?.layers.map(({ status }) => status),
      ['missing', 'missing'],
    );
  }
});

test('reading an index that refers to itself, once or twice, ends', async (t) => {
  const folder = testFolder(t);
  const entry = { mediaType: 'application/vnd.oci.image.index.v1+json', digest: `sha256:${'0'.repeat(64)}`, size: 10 };
  const bomb = JSON.stringify({ schemaVersion: 2, manifests: [entry, entry] });
  const image = path.join(folder, 'image.tar');
  writeFileSync(
    image,
    tar(file('oci-layout', '{"imageLayoutVersion":"1.0.0"}'), file('index.json', bomb), file(`blobs/sha256/${'0'.repeat(64)}`, bomb)),
  );
  const { code, stdout, stderr } = await runCommand(['inspect', image, '--json']);
  assert.ok(code === 0 || code === 3);
  if (code === 3) assert.match(stderr, /^layerscope: [A-Z_]+: [^\n]+\n$/);
  else assert.ok((JSON.parse(stdout) as { images: unknown[] }).images.length < 10);
});

test('bombs: a few kilobytes that unpack to a gigabyte are read in bounded memory', async (t) => {
  const bench = createBench(t);
  // Built from separate members and frames to keep this process small, because a child's peak includes the parent's memory at the start.
  const body = member({ name: 'zeros' }, zeros(32 * 1024 * 1024));
  const repeated = (packed: Uint8Array) => concat(...Array.from({ length: 32 }, () => packed));
  const memory = path.join(bench.folder, 'memory');
  const hook = path.resolve(import.meta.dirname, '..', 'bench', 'report-memory.ts');
  for (const [name, bytes] of [
    ['gzip', repeated(gzipSync(body))],
    ['zstd', repeated(zstdCompressSync(body))],
    // Compressed twice: the archive and its layer.
    ['twice', gzipSync(repeated(gzipSync(body)))],
  ] as const) {
    const input = bench.write(name, bytes);
    assert.ok(bytes.length < 2_000_000);
    const { code, stderr } = await bench.cli(['inspect', input, '--json', '--no-cache'], {
      env: { NODE_OPTIONS: `--import ${hook}`, LAYERSCOPE_BENCH_MEMORY: memory },
    });
    assert.ok(code === 0 || code === 3, stderr);
    const peak = Number(readFileSync(memory, 'utf8'));
    assert.ok(peak < 256 * 1024 * 1024, `${name}: ${(peak / 1e6).toFixed(0)} MB`);
  }
  assert.deepEqual(
    readdirSync(path.dirname(bench.folder)).filter((entry) => entry !== 'work' && entry !== 'cache'),
    [],
  );
});
