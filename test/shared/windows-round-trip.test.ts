// Every Windows layer in ../shared, imported by the driver on the stand-in for vmcompute.dll and exported again, keeps its entries with
// their records and content. Exceptions: times, which not all of the stand-in's file systems preserve, and layers that hcsshim refuses too.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { readWindowsTar, type WindowsEntry } from '#format/windows-tar';
import { WindowsBench } from '../support/windows-bench.ts';
import { windowsTar } from '../support/windows-tars.ts';

const shared = path.resolve('..', 'shared');

interface Layer {
  readonly name: string;
  readonly tar: Uint8Array;
}

/** Yields a plain tar's members with their bodies, to find the layers inside the corpus archives. */
function* members(tar: Uint8Array): Generator<{ name: string; body: Uint8Array }> {
  const bytes = Buffer.from(tar.buffer, tar.byteOffset, tar.length);
  for (let at = 0; at + 512 <= bytes.length; ) {
    const size = Number.parseInt(bytes.toString('latin1', at + 124, at + 135), 8) || 0;
    const name = bytes.toString('utf8', at, bytes.indexOf(0, at));
    if (name !== '') yield { name, body: bytes.subarray(at + 512, at + 512 + size) };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

function layersOfCorpus(): Layer[] {
  const folder = path.join(shared, 'corpus', 'crane-windows');
  const found: Layer[] = [];
  for (const archive of readdirSync(folder).filter((name) => name.endsWith('.tar'))) {
    for (const { name, body } of members(readFileSync(path.join(folder, archive)))) {
      const tar = body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body;
      const [first] = members(tar);
      if (first?.name.replace(/\/$/, '') === 'Files') found.push({ name: `${archive}: ${name.slice(-20)}`, tar });
    }
  }
  return found;
}

interface VectorCase {
  readonly case: string;
  readonly tarBase64: string;
  readonly said: string;
}

function layersOfVectors(): Layer[] {
  const cases = JSON.parse(readFileSync(path.join(shared, 'vectors', 'hcsshim-layers.json'), 'utf8')) as readonly VectorCase[];
  const refused = /^(bare whiteout|opaque marker|Linux root)$/;
  const found = cases
    .filter(({ said, case: name }) => said.endsWith('<nil>') && !refused.test(name))
    .map(({ case: name, tarBase64 }) => ({
      name,
      tar: Buffer.from(tarBase64, 'base64'),
    }));
  return [...found, { name: 'windows-layer.tar', tar: readFileSync(path.join(shared, 'vectors', 'windows-layer.tar')) }];
}

/** Describes everything in a layer except times: the last entry with each name, sorted by name. */
async function describeLayer(tar: Uint8Array): Promise<Record<string, unknown>> {
  const entries: Record<string, unknown> = {};
  let current: { entry: WindowsEntry; backup: Uint8Array[] } | null = null;
  const close = (): void => {
    if (current === null) return;
    const { entry, backup } = current;
    const stream = Buffer.concat(backup).toString('hex');
    entries[entry.name] = {
      type: entry.type,
      attributes: entry.info?.attributes ?? null,
      size: entry.sizeBytes,
      link: entry.linkname,
      stream,
    };
  };
  for await (const piece of readWindowsTar([tar])) {
    if (piece.kind === 'backup') current?.backup.push(Uint8Array.from(piece.bytes));
    else {
      close();
      current = { entry: piece.entry, backup: [] };
    }
  }
  close();
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function gather(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const bytes of pieces) parts.push(Uint8Array.from(bytes));
  return Buffer.concat(parts);
}

/** Makes a base layer with everything that the layer removes or links to. */
async function baseFor(entries: Readonly<Record<string, unknown>>): Promise<Uint8Array> {
  const needed = new Set<string>();
  for (const [path, entry] of Object.entries(entries)) {
    const { type, link } = entry as { type: string; link: string };
    if (type === 'whiteout') needed.add(path.replace('.wh.', ''));
    if (type === 'hardlink' && entries[link] === undefined) needed.add(link);
  }
  const folders = new Set(['Files']);
  for (const path of needed) for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at));
  return windowsTar([...[...folders].sort().map((name) => ({ name })), ...[...needed].map((name) => ({ name, content: 'below' }))]);
}

describe('a Windows layer is exported as it was imported', { concurrency: false }, () => {
  const layers = [...layersOfCorpus(), ...layersOfVectors()];
  test('enough Windows layers were found', () => assert.ok(layers.length >= 10, String(layers.length)));
  for (const { name, tar } of layers) {
    test(name, async () => {
      await using bench = new WindowsBench('windowsfilter');
      await using driver = await bench.open();
      const before = await describeLayer(tar);
      await driver.create('base', null);
      await driver.applyDiff('base', [await baseFor(before)]);
      await driver.create('layer', 'base');
      await driver.applyDiff('layer', [tar]);
      const after = await describeLayer(await gather(driver.diff('layer')));
      // Windows returns neither security nor attributes for the hives' folder and files, which come from outside Files.
      for (const side of [before, after]) {
        for (const [path, entry] of Object.entries(side)) {
          if (path === 'Files' || path.startsWith('Hives')) side[path] = { size: (entry as { size: number }).size };
        }
      }
      // A hard link to a file in a lower layer is exported as a file.
      for (const [path, entry] of Object.entries(before)) {
        const { type, link } = entry as { type?: string; link?: string };
        if (type !== 'hardlink' || before[link ?? ''] !== undefined) continue;
        assert.equal((after[path] as { type?: string } | undefined)?.type, 'file');
        delete before[path];
        delete after[path];
      }
      assert.deepEqual(after, before);
    });
  }
});
