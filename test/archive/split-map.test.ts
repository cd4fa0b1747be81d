// SplitMap keeps every byte of a layer's tar except the bodies, as the layer's tar-split metadata has them. Its memory must grow with the
// content, not with the number of lines in the metadata.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type BlobSource, blobInFile } from '#archive';
import { SplitFile, SplitMap } from '../../src/archive/blob/split-file.ts';
import { hasCode } from '../support/asserts.ts';
import { randomNumbers } from '../support/random-chunks.ts';
import { testFolder } from '../support/workbench.ts';

function segment(bytes: Uint8Array): string {
  return `{"type":2,"payload":"${Buffer.from(bytes).toString('base64')}","position":0}\n`;
}

const FILE = '{"type":1,"name":"some/file","size":3,"payload":"AAAAAAAAAAA=","position":0}\n';

function splitBlob(t: TestContext, metadata: string | Uint8Array): BlobSource {
  const folder = testFolder(t);
  const file = path.join(folder, 'layer.tar-split.gz');
  writeFileSync(file, gzipSync(metadata, { level: 1 }));
  return { ...blobInFile(file, 'sha256:0'), split: { folder } };
}

test('consecutive segments are merged, with every byte where it was', async (t) => {
  const next = randomNumbers(7);
  const random = (below: number): number => next() % below;
  for (let round = 0; round < 40; round++) {
    const segments = Array.from({ length: 1 + random(12) }, () => {
      const bytes = new Uint8Array(random(200));
      for (let at = 0; at < bytes.length; ) {
        if (random(2) === 0) at += random(80);
        else for (const end = Math.min(bytes.length, at + 1 + random(20)); at < end; at++) bytes[at] = random(3);
      }
      return bytes;
    });
    const blob = splitBlob(t, segments.map(segment).join(''));
    const map = await SplitMap.read(blob);
    const expected = Buffer.concat(segments);
    assert.equal(map.size, expected.length);
    using file = new SplitFile(blob, map);
    for (let read = 0; read < 20; read++) {
      const position = random(expected.length + 1);
      const target = new Uint8Array(random(expected.length - position + 1)).fill(9);
      assert.equal(file.read(target, position), target.length);
      assert.deepEqual(Buffer.from(target), expected.subarray(position, position + target.length), `round ${round}`);
    }
  }
});

test('there are as many parts as files and gaps, however many lines the metadata has', async (t) => {
  const header = new Uint8Array(512).fill(7, 0, 300);
  const lines = `${segment(header)}${FILE}${segment(header)}${segment(new Uint8Array(3)).repeat(1000)}${FILE}`;
  const map = await SplitMap.read(splitBlob(t, lines));
  assert.equal(map.count, 4);
  assert.equal(map.size, 2 * 512 + 2 * 3 + 3 * 1000);
  assert.deepEqual(Buffer.from(map.body(3)?.name ?? []).toString(), 'some/file');
  const gap = new Uint8Array(80);
  gap[0] = 1;
  assert.equal((await SplitMap.read(splitBlob(t, segment(gap).repeat(100)))).count, 100, 'zeros that take more than a part');
  assert.equal((await SplitMap.read(splitBlob(t, segment(gap.subarray(0, 20)).repeat(100)))).count, 1, 'zeros that take less');
});

test('metadata that compresses well but takes much memory is refused, in bounded memory', async (t) => {
  const gap = new Uint8Array(34);
  gap[0] = 1;
  const file = FILE.replace('some', 'x'.repeat(400));
  for (const [what, line, most] of [
    ['segments of a byte and zeros', segment(gap), 3_800_000],
    ['files', file, 250_000],
  ] as const) {
    const blob = splitBlob(t, Buffer.from(line.repeat(most)));
    const before = process.memoryUsage().rss;
    await assert.rejects(SplitMap.read(blob), hasCode('TOO_LARGE'), what);
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < 250_000_000, `${what}: ${grown} bytes`);
  }
});
