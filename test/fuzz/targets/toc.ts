// Tables of contents of eStargz and zstd:chunked layers, and zTOCs: a table is made or the input is refused; every piece is in the layer,
// and has its digest in the table.
import assert from 'node:assert/strict';
import { parseEstargzFooter, parseToc, type TocDialect } from '#format/estargz';
import { chunkDigest } from '#format/layer';
import { parseZtoc } from '#format/soci';
import { checkTocEntries, TocTableBuilder, ztocTable } from '#format/toc';
import { parseZstdChunkedFooter } from '#format/zstd-chunked';
import { zinfo, ztoc } from '../../support/ztoc-builder.ts';
import { expectRefusal } from '../engine/finding.ts';
import { mutateBytes, textTokens } from '../engine/mutate.ts';
import { mutateJson } from '../engine/mutate-json.ts';
import type { Random } from '../engine/random.ts';
import { session, type Target } from '../engine/target.ts';

const LAYER_BYTES = 100_000;
const REFUSALS = ['DAMAGED', 'TRUNCATED', 'UNSUPPORTED', 'TOO_LARGE'];

/** Runs `work`; returns null if it refuses the input. */
function tried<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    expectRefusal(error, REFUSALS);
    return null;
  }
}

function byToc(input: Uint8Array, dialect: TocDialect): void {
  const { entries } = parseToc(input, dialect, LAYER_BYTES);
  for (const { chunks, sizeBytes } of entries) {
    assert.ok(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0, 'a size that is not a number of bytes');
    for (const { packedStart, packedEnd, isZeros } of chunks)
      assert.ok(isZeros || (packedStart >= 0 && packedStart <= packedEnd && packedEnd <= LAYER_BYTES), 'a piece outside the layer');
  }
  checkTocEntries(entries, 'of-the-toc');
  const builder = new TocTableBuilder(LAYER_BYTES);
  for (const entry of entries) builder.add(entry);
  const { table, unvouched } = builder.finish();
  assert.ok(table.memberCount <= entries.length, 'more entries than listed');
  const stated = entries.flatMap(({ chunks }) => chunks.map(({ digest }) => (digest?.startsWith('sha256:') ? digest : null)));
  assert.deepEqual(
    stated,
    Array.from(stated, (_, chunk) => chunkDigest(table, chunk)),
    'a piece with another digest',
  );
  assert.equal(unvouched, stated.filter((digest) => digest === null).length, 'a piece without a digest that counts as vouched for');
}

function byZtoc(input: Uint8Array): void {
  const ztoc = parseZtoc(input);
  assert.ok(ztocTable(ztoc, LAYER_BYTES).table.memberCount <= [...ztoc.entries()].length, 'more entries than listed');
}

function run(input: Uint8Array): void {
  tried(() => byToc(input, 'estargz'));
  tried(() => byToc(input, 'zstd-chunked'));
  tried(() => byZtoc(input));
  tried(() => parseEstargzFooter(input.subarray(-100), LAYER_BYTES));
  tried(() => parseZstdChunkedFooter(input.subarray(-100), LAYER_BYTES));
}

function seed(entries: readonly object[]): Uint8Array {
  return new Uint8Array(Buffer.from(JSON.stringify({ version: 1, entries })));
}

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const FILE = { name: 'd/a', type: 'reg', size: 20, mode: 0o644, modtime: '2024-01-02T03:04:05Z', digest: DIGEST };

function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  return random.int(2) === 0 ? mutateJson(bytes, random, other) : mutateBytes(bytes, random, other);
}

export const target: Target = {
  name: 'toc',
  seeds: () => [
    seed([]),
    seed([
      { name: 'd/', type: 'dir', mode: 0o755 },
      { ...FILE, offset: 100, chunkDigest: DIGEST },
      { name: 'd/l', type: 'symlink', linkName: 'a' },
      { name: 'd/h', type: 'hardlink', linkName: 'd/a' },
    ]),
    seed([
      { ...FILE, offset: 100, endOffset: 150, chunkSize: 10, chunkOffset: 0, chunkDigest: DIGEST },
      { name: 'd/a', type: 'chunk', offset: 150, endOffset: 180, chunkOffset: 10, chunkSize: 10, chunkDigest: DIGEST, chunkType: 'zeros' },
      { name: 'c', type: 'char', devMajor: 1, devMinor: 3, xattrs: { 'user.a': 'Yg==' } },
    ]),
    new Uint8Array(
      ztoc({
        packedBytes: 500,
        plainBytes: 2048,
        entries: [
          { name: 'a', type: 'reg', offset: 512, size: 4 },
          { name: 'd/', type: 'dir' },
        ],
        spanDigests: [DIGEST],
        checkpoints: zinfo(1024, [{ packedOffset: 10, plainOffset: 0, bits: 0, window: new Uint8Array(0) }]),
      }),
    ),
  ],
  tokens: textTokens(
    '"chunk"',
    '"reg"',
    '"offset":',
    '"endOffset":',
    '"chunkOffset":',
    '-1',
    '9007199254740993',
    '"../',
    '1e308',
    `"sha256:${'0'.repeat(64)}"`,
  ),
  mutate,
  maxBytes: 40_000,
  batch: 32,
  open: () => session(run),
};
