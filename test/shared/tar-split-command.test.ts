// Compares tar-split's own command, a Go module, with ours in both directions. Needs Go and the module, whose version is set here.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { assembleTar, readSplitEntries, splitTar } from '#format/tar-split';
import { decodeUtf8, LayerscopeError } from '#model';
import { gather } from '../support/random-chunks.ts';
import { splitLayer } from '../support/split-layer.ts';
import { WindowsBench } from '../support/windows-bench.ts';
import { windowsTar } from '../support/windows-tars.ts';

const MODULE = 'github.com/vbatts/tar-split/cmd/tar-split@v0.12.3';
const corpus = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'corpus');
let folder = '';

before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tar-split-'));
  const made = spawnSync('go', ['install', MODULE], { env: { ...process.env, GOBIN: folder, GOFLAGS: '' }, encoding: 'utf8' });
  assert.equal(made.status, 0, `go install: ${made.error?.message ?? made.stderr}`);
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command; returns whether it succeeded. */
function tarSplit(...args: string[]): boolean {
  const run = spawnSync(path.join(folder, 'tar-split'), args, { stdio: 'ignore' });
  if (run.error !== undefined) throw run.error;
  return run.status === 0;
}

/** Returns the metadata that the command writes for a tar; null if it refuses the tar. */
function theirMetadata(tar: Uint8Array): Uint8Array | null {
  const input = path.join(folder, 'in.tar');
  const output = path.join(folder, 'out.json.gz');
  writeFileSync(input, tar);
  return tarSplit('disasm', '--no-stdout', '--output', output, input) ? gunzipSync(readFileSync(output)) : null;
}

async function ourMetadata(tar: Uint8Array): Promise<Uint8Array | null> {
  try {
    return await gather(splitTar([tar]));
  } catch (error) {
    if (error instanceof LayerscopeError) return null;
    throw error;
  }
}

interface Stored {
  readonly name: Uint8Array;
  readonly content: Uint8Array;
}

async function filesOf(tar: Uint8Array, metadata: Uint8Array): Promise<Stored[]> {
  const files: Stored[] = [];
  let at = 0;
  for await (const entry of readSplitEntries([metadata])) {
    const length = entry.kind === 'file' ? entry.sizeBytes : entry.bytes.length;
    if (entry.kind === 'file' && length > 0) files.push({ name: entry.name, content: tar.slice(at, at + length) });
    at += length;
  }
  return files;
}

/** Returns the tar that the command assembles from our metadata and the files in a folder. */
async function theirTar(tar: Uint8Array, metadata: Uint8Array): Promise<Uint8Array> {
  const root = mkdtempSync(path.join(folder, 'root-'));
  for (const { name, content } of await filesOf(tar, metadata)) {
    // As bytes, because a name that isn't UTF-8 must stay unchanged on disk.
    const file = Buffer.concat([Buffer.from(`${root}/`), name]);
    mkdirSync(file.subarray(0, file.lastIndexOf(0x2f)), { recursive: true });
    writeFileSync(file, content);
  }
  const input = path.join(folder, 'ours.json.gz');
  const output = path.join(folder, 'again.tar');
  writeFileSync(input, gzipSync(metadata));
  assert.ok(tarSplit('asm', '--input', input, '--path', root, '--output', output));
  return readFileSync(output);
}

function tars(): { name: string; bytes: Uint8Array }[] {
  const found = readdirSync(corpus, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.tar'))
    .sort();
  assert.ok(found.length > 50);
  return found.map((name) => ({ name, bytes: readFileSync(path.join(corpus, name)) }));
}

// Our metadata embeds what tar-split can't assemble or refuses: see TarSplitter.
const SPARSE = /gnu-(sparse-big|nil-sparse-(data|hole)|incremental)|pax-(sparse-big|nil-sparse-(data|hole))|sparse-formats/;
const REPEATED_NAMES = /hdr-only|collision-[01]/;
/** A tar that ends after an extension header, without its member. */
const WITHOUT_MEMBER = /pax-path-hdr/;

test('our metadata for a layer equals the command’s byte for byte', async () => {
  const layer = splitLayer();
  assert.equal(Buffer.from((await ourMetadata(layer)) ?? []).toString(), Buffer.from(theirMetadata(layer) ?? []).toString());
});

test("our metadata for the corpus' tars equals the command's, except where the command's can't work", async () => {
  let same = 0;
  for (const { name, bytes } of tars()) {
    // The command writes out the holes of sparse files, 60 GB for one of them.
    if (SPARSE.test(name) || REPEATED_NAMES.test(name) || WITHOUT_MEMBER.test(name)) continue;
    const theirs = theirMetadata(bytes);
    const ours = await ourMetadata(bytes);
    assert.equal(ours === null, theirs === null, name);
    if (ours === null || theirs === null) continue;
    assert.ok(Buffer.from(ours).equals(theirs), name);
    same++;
  }
  assert.ok(same > 40);
});

test('the command assembles every tar from our metadata and its files, byte for byte', async () => {
  for (const { name, bytes } of [...tars(), { name: 'layer', bytes: splitLayer() }]) {
    const ours = await ourMetadata(bytes);
    if (ours !== null) assert.ok(Buffer.from(await theirTar(bytes, ours)).equals(bytes), name);
  }
});

test('we assemble a tar from the command’s metadata', async () => {
  for (const { name, bytes } of tars()) {
    const theirs = SPARSE.test(name) ? null : theirMetadata(bytes);
    if (theirs === null) continue;
    const files = new Map((await filesOf(bytes, theirs)).map((file) => [decodeUtf8(file.name) ?? String(file.name), file.content]));
    const again = await gather(assembleTar([theirs], (raw) => [files.get(decodeUtf8(raw) ?? String(raw)) ?? new Uint8Array(0)]));
    assert.ok(Buffer.from(again).equals(bytes), name);
  }
});

test('an imported Windows layer is assembled from its files byte for byte, by the command and by us', async () => {
  const base = await windowsTar([{ name: 'Files' }, { name: 'Files/a.txt', content: 'a' }, { name: 'Files/empty', content: '' }]);
  const boot = 'UtilityVM/Files/EFI/Microsoft/Boot';
  const top = await windowsTar([
    { name: 'Files' },
    { name: 'Hives' },
    { name: 'Hives/System_Delta', content: 'delta' },
    { name: 'Files/d' },
    { name: 'Files/d/big.bin', content: Buffer.alloc(300_000, 'content') },
    { name: 'Files/a.txt', content: 'changed' },
    { name: 'Files/grüße-漢字.txt', content: 'text' },
    { name: 'Files/empty', whiteout: true },
  ]);
  const utility = await windowsTar([
    { name: 'Files' },
    { name: 'UtilityVM' },
    { name: 'UtilityVM/Files' },
    { name: 'UtilityVM/Files/EFI' },
    { name: 'UtilityVM/Files/EFI/Microsoft' },
    { name: boot },
    { name: `${boot}/BCD`, content: 'boot' },
  ]);
  await using bench = new WindowsBench('windowsfilter');
  await using driver = await bench.open();
  for (const [id, parent, tar] of [
    ['base', null, base],
    ['top', 'base', top],
    ['utility', null, utility],
  ] as const) {
    await driver.create(id, parent);
    await driver.applyDiff(id, [tar]);
    const metadata = await gather(splitTar([tar]));
    // Windows changes boot files in place, and only the driver knows where the originals are.
    if (id === 'utility') writeFileSync(path.join(bench.home, id, boot, 'BCD'), 'changed by Windows');
    else {
      const input = path.join(folder, `${id}.json.gz`);
      const output = path.join(folder, `${id}.tar`);
      writeFileSync(input, gzipSync(metadata));
      assert.ok(tarSplit('asm', '--input', input, '--path', path.join(bench.home, id), '--output', output));
      assert.ok(readFileSync(output).equals(tar), id);
    }
    await using files = await driver.files(id);
    const again = await gather(assembleTar([metadata], (name) => files.open(decodeUtf8(name) ?? '')));
    assert.ok(Buffer.from(again).equals(tar), id);
  }
});
