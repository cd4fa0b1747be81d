// Layers of every kind are searched for secrets in one pass, on the calling thread and on workers.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { BodyScan } from '#archive';
import { hasCode } from '../support/asserts.ts';
import { archiveOf, dockerArchive, type Packing, pack } from '../support/image-builder.ts';
import { checkedToken, privateKey } from '../support/secret-samples.ts';
import { directory, file, gnuSparse, paxSparse, symlink, tar } from '../support/tar-builder.ts';
import { testFile, testFolder, testReader } from '../support/workbench.ts';

const token = (): string => checkedToken('gh'.concat('p_'));

async function scanned(t: TestContext, layer: Uint8Array, options: { workers?: number; cache?: boolean } = {}): Promise<BodyScan> {
  const reader = testReader(t, { workers: options.workers ?? 0, ...(options.cache ? { cacheFolder: testFolder(t) } : {}) });
  await using archive = await reader.open(testFile(t, layer));
  const { layers } = archive.images[0] ?? { layers: [] };
  // A cached index must not stand for the search.
  if (options.cache) await reader.indexLayers(layers);
  const [indexed] = await reader.indexLayers(layers, { scan: true });
  assert.ok(indexed?.scan);
  return indexed.scan;
}

const shown = ({ hits }: BodyScan): string[] => hits.map(({ member, code }) => `${member} ${code}`);

const LAYER = tar(
  directory('root/'),
  file('root/.ssh/id_rsa', privateKey('RSA ')),
  symlink('root/link', 'x'),
  file('empty', ''),
  file('app/config', `${'x'.repeat(700_000)} ${token()}\n`),
  file('plain', 'nothing'),
);
const FOUND = ['1 secret-private-key', '4 secret-github-token'];

for (const packing of ['none', 'gzip', 'zstd'] satisfies Packing[]) {
  for (const workers of [0, 1]) {
    test(`${packing}, ${workers} workers: every file is searched, with its offset in the tar`, async (t) => {
      const large = tar(file('random', Buffer.from(LAYER).toString('hex').repeat(2)), file('last', token()));
      for (const [bytes, found] of [
        [LAYER, FOUND],
        [large, ['1 secret-github-token']],
      ] as const) {
        for (const cache of [false, true]) {
          const scan = await scanned(t, pack(bytes, packing), { workers, cache });
          assert.deepEqual(shown(scan), found);
          const last = scan.hits.at(-1);
          assert.equal(last?.offset, Buffer.from(bytes).lastIndexOf('gh'.concat('p_')));
        }
      }
    });
  }
}

test('layers of an image are searched with their checksums', async (t) => {
  const reader = testReader(t);
  await using archive = await reader.open(
    testFile(t, archiveOf(dockerArchive([{ layers: [tar(file('a', 'same')), tar(file('b', 'same'))] }]))),
  );
  const layers = await reader.indexLayers(archive.images[0]?.layers ?? [], { scan: true });
  const [a, b] = layers.map((layer) => [...(layer?.table.bodySums ?? [])]);
  assert.ok(a?.some((word) => word !== 0));
  assert.deepEqual(a, b);
});

test('the stored parts of a sparse file are searched, and a hole separates them', async (t) => {
  const secret = token();
  const whole = `${secret}${' '.repeat(512 - secret.length)}`;
  const map = [
    [0, 512],
    [4096, 512],
  ] as const;
  assert.deepEqual(shown(await scanned(t, tar(gnuSparse('s', 8192, map, ' '.repeat(512) + whole)))), ['0 secret-github-token']);
  for (const version of ['0.0', '0.1', '1.0'] as const) {
    assert.deepEqual(shown(await scanned(t, tar(paxSparse(version, 's', 8192, map, whole + ' '.repeat(512))))), ['0 secret-github-token']);
  }
  const halves = `${' '.repeat(500)}${secret}`.padEnd(1024, ' ');
  assert.deepEqual(shown(await scanned(t, tar(gnuSparse('s', 8192, map, halves)))), []);
});

test('a layer that is cut off is searched as far as it goes', async (t) => {
  const layer = tar(file('a', token()), file('b', `${token()} ${'x'.repeat(5000)}`));
  const scan = await scanned(t, layer.subarray(0, 512 + 512 + 512 + 1000));
  assert.deepEqual(shown(scan), ['0 secret-github-token', '1 secret-github-token']);
});

test('hits are bounded, and the others counted', async (t) => {
  const secret = token();
  const scan = await scanned(t, tar(...Array.from({ length: 10_050 }, (_, at) => file(`f${at}`, secret))));
  assert.equal(scan.hits.length, 10_000);
  assert.deepEqual(scan.leftOut, [['secret-github-token', 50]]);
});

test('a search can be cancelled', async (t) => {
  const reader = testReader(t);
  await using archive = await reader.open(testFile(t, LAYER));
  const abort = new AbortController();
  const searching = reader.indexLayers(archive.images[0]?.layers ?? [], { scan: true, signal: abort.signal });
  abort.abort();
  await assert.rejects(searching, hasCode('CANCELLED'));
});
