// Every kind of layer is searched for secrets in one pass, on the calling thread and on workers.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { BodyScan } from '#archive';
import { hasCode } from '../support/asserts.ts';
import { archiveOf, dockerArchive, type Packing, pack } from '../support/image-builder.ts';
import { checkedToken, privateKey, randomText } from '../support/secret-samples.ts';
import { directory, file, gnuSparse, paxSparse, symlink, tar } from '../support/tar-builder.ts';
import { testFile, testFolder, testReader } from '../support/workbench.ts';

const token = (): string => checkedToken('gh'.concat('p_'));

async function scanned(t: TestContext, layer: Uint8Array, options: { workers?: number; cache?: boolean } = {}): Promise<BodyScan> {
  const reader = testReader(t, { workers: options.workers ?? 0, ...(options.cache ? { cacheFolder: testFolder(t) } : {}) });
  await using archive = await reader.open(testFile(t, layer));
  const { layers } = archive.images[0] ?? { layers: [] };
  // A cached index must not replace the search.
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

test('an image’s layers are searched for secrets, and their checksums computed, in one pass', async (t) => {
  const reader = testReader(t);
  await using archive = await reader.open(
    testFile(t, archiveOf(dockerArchive([{ layers: [tar(file('a', 'same')), tar(file('b', 'same'))] }]))),
  );
  const layers = await reader.indexLayers(archive.images[0]?.layers ?? [], { scan: true });
  const [a, b] = layers.map((layer) => [...(layer?.table.bodySums ?? [])]);
  assert.ok(a?.some((word) => word !== 0));
  assert.deepEqual(a, b);
});

test('the stored parts of a sparse file are searched; a hole separates them', async (t) => {
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
  const adjoining: readonly (readonly [number, number])[][] = [
    [
      [0, 512],
      [512, 512],
    ],
    [
      [4096, 512],
      [4608, 0],
      [4608, 512],
    ],
  ];
  for (const pieces of adjoining)
    assert.deepEqual(shown(await scanned(t, tar(gnuSparse('s', 8192, pieces, halves)))), ['0 secret-github-token'], JSON.stringify(pieces));
  const packed = gzip(`${' '.repeat(2000)}${secret}`);
  const parts = [
    [0, 20],
    [20, packed.length - 20],
  ] as const;
  assert.deepEqual(shown(await scanned(t, tar(paxSparse('1.0', 's.gz', packed.length, parts, packed)))), ['0 secret-github-token']);
});

const gzip = (bytes: Uint8Array | string): Uint8Array => new Uint8Array(gzipSync(bytes));
const facts = ({ hits }: BodyScan): unknown[] =>
  hits.map(({ member, code, severity, line, packed, inside }) => [member, code, severity, line, packed, inside]);

test('a gzip file’s contents are searched one level deep, under the name without .gz', async (t) => {
  const secret = token();
  const layer = tar(
    file('var/log/app.log.gz', gzip(`${'x\n'.repeat(400_000)}${secret}`)),
    file('app/.env.gz', gzip(`DB_PASSWORD=${randomText(20)}\n`)),
    file('twice.gz', gzip(gzip(token()))),
    file('usr/share/doc/x.gz', gzip(token())),
    file('wide.txt.gz', gzip(Buffer.from(`\ufeffkey\n${token()}`, 'utf16le'))),
    // Two gzip members, followed by other bytes.
    file('joined', Buffer.concat([gzip('first\n'), gzip(`${token()}\n`), Buffer.alloc(100)])),
  );
  for (const packing of ['none', 'gzip'] satisfies Packing[]) {
    const scan = await scanned(t, pack(layer, packing));
    assert.deepEqual(facts(scan), [
      [0, 'secret-github-token', 'error', 400_001, 'gzip', undefined],
      [1, 'secret-env-file', 'warning', 1, 'gzip', undefined],
      [3, 'secret-github-token', 'note', 1, 'gzip', undefined],
      [4, 'secret-github-token', 'error', 2, 'gzip', undefined],
      [5, 'secret-github-token', 'error', 2, 'gzip', undefined],
    ]);
    assert.equal(scan.hits[0]?.offset, 512);
    assert.equal(scan.hits[0]?.shown, `${secret.slice(0, 4)}…${secret.slice(-2)}`);
  }
});

test('the files of a packed tar are searched one by one, and the most severe hit for a code names its file', async (t) => {
  const inner = tar(
    file('./docs/README.md', token()),
    file('srv/caf\u00e9/key', `x\n${token()}`),
    file('srv/other', token()),
    file('home/.netrc', `machine a login b password ${randomText(16)}\n`),
    file('nested.gz', gzip(privateKey())),
  );
  const scan = await scanned(t, tar(file('backup.tar.gz', gzip(inner)), file('opt/tests/b.tgz', gzip(inner)), file('plain', token())));
  assert.deepEqual(facts(scan), [
    [0, 'secret-github-token', 'error', 2, 'gzip', 'srv/caf\u00e9/key'],
    [0, 'secret-netrc', 'warning', 1, 'gzip', 'home/.netrc'],
    [1, 'secret-github-token', 'note', 1, 'gzip', 'docs/README.md'],
    [1, 'secret-netrc', 'note', 1, 'gzip', 'home/.netrc'],
    [2, 'secret-github-token', 'error', 1, undefined, undefined],
  ]);
});

test('a damaged or cut-off gzip file is searched as far as it unpacks, and a tar inside it is searched as text after the damage', async (t) => {
  // Compressible, so that the packed file doesn't contain the token verbatim.
  const noise = Buffer.from(randomBytes(400_000).toString('hex'));
  const cut = gzip(Buffer.concat([Buffer.from(`${token()}\n`), noise])).subarray(0, 300_000);
  const broken = gzip(Buffer.concat([Buffer.from(`${token()}\n`), noise]));
  broken.fill(0xff, 350_000, 350_400);
  const inner = tar(file('a', 'x'), file('b', token()));
  inner.fill(0x41, 1024, 1500);
  const layer = tar(file('cut.gz', cut), file('broken.gz', broken), file('bad.tar.gz', gzip(inner)), file('short.gz', '\x1f'));
  assert.deepEqual(
    (await scanned(t, layer)).hits.map(({ member, packed, inside }) => [member, packed, inside]),
    [
      [0, 'gzip', undefined],
      [1, 'gzip', undefined],
      [2, 'gzip', undefined],
    ],
  );
});

test('a gzip file’s contents are searched up to a limit, and exceeding it is reported', async (t) => {
  const large = Buffer.alloc(257 * 1024 * 1024, 0x20);
  large.write(token(), 100);
  large.write(privateKey(), large.length - 2000);
  const scan = await scanned(t, tar(file('large.gz', gzip(large)), file('next.gz', gzip(token()))));
  assert.deepEqual([shown(scan), scan.cut], [['0 secret-github-token', '1 secret-github-token'], [0]]);
});

test('a layer that is cut off is searched up to the cut', async (t) => {
  const layer = tar(file('a', token()), file('b', `${token()} ${'x'.repeat(5000)}`));
  const scan = await scanned(t, layer.subarray(0, 512 + 512 + 512 + 1000));
  assert.deepEqual(shown(scan), ['0 secret-github-token', '1 secret-github-token']);
});

test('hits beyond the limit are counted but not listed', async (t) => {
  const secret = token();
  const scan = await scanned(t, tar(...Array.from({ length: 10_050 }, (_, at) => file(`f${at}`, secret))));
  assert.equal(scan.hits.length, 10_000);
  assert.deepEqual(scan.leftOut, [['secret-github-token', 50]]);
});

test('a search for secrets can be cancelled', async (t) => {
  const reader = testReader(t);
  await using archive = await reader.open(testFile(t, LAYER));
  const abort = new AbortController();
  const searching = reader.indexLayers(archive.images[0]?.layers ?? [], { scan: true, signal: abort.signal });
  abort.abort();
  await assert.rejects(searching, hasCode('CANCELLED'));
});
