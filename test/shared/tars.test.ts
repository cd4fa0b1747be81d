// Entries, PAX records and contents of every tar in ../shared/corpus, compared with what Go's archive/tar read from it (tar-expected.json).
import assert from 'node:assert/strict';
import { createHash, type Hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { LayerTableBuilder } from '#format/layer';
import { type TarFinding, TarReader } from '#format/tar';
import { entryTypeName, formatTimestamp, LayerscopeError, toHex } from '#model';

const corpus = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'corpus');

interface Expected {
  entries: {
    nameHex: string;
    type: string;
    size: number;
    mode: string;
    uid: number;
    gid: number;
    uname?: string;
    gname?: string;
    mtimeNs: string;
    linkname?: string;
    pax?: Record<string, string>;
    sha256?: string;
  }[];
  error?: string;
}

const TYPES: Record<string, string> = {
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  g: 'global',
};

/** The expectations have no hashes for files with 60 GB of holes. */
const LARGEST_HASHED = 1 << 28;

/** Hashes a body piece by piece, with holes as zeros. */
class BodyHash {
  readonly #hash: Hash = createHash('sha256');
  readonly #size: number;
  readonly #sparse: readonly (readonly [number, number])[] | null;
  #piece = 0;
  #taken = 0;
  #position = 0;

  constructor(size: number, sparse: readonly (readonly [number, number])[] | null) {
    this.#size = size;
    this.#sparse = sparse;
  }

  take(bytes: Uint8Array): void {
    if (this.#size > LARGEST_HASHED) return;
    if (this.#sparse === null) {
      this.#hash.update(bytes);
      return;
    }
    for (let at = 0; at < bytes.length; ) {
      const [offset, length] = this.#sparse[this.#piece] ?? [0, 0];
      if (this.#taken === length) {
        assert.ok(++this.#piece < this.#sparse.length, 'more is stored than the map says');
        this.#taken = 0;
        continue;
      }
      this.#zerosTo(offset + this.#taken);
      const count = Math.min(length - this.#taken, bytes.length - at);
      this.#hash.update(bytes.subarray(at, at + count));
      this.#taken += count;
      this.#position += count;
      at += count;
    }
  }

  digest(): string {
    if (this.#sparse !== null) this.#zerosTo(this.#size);
    return this.#hash.digest('hex');
  }

  #zerosTo(position: number): void {
    while (this.#position < position) {
      const count = Math.min(1 << 20, position - this.#position);
      this.#hash.update(new Uint8Array(count));
      this.#position += count;
    }
  }
}

function plainBytes(file: string): Uint8Array {
  const bytes = readFileSync(file);
  if (bytes.readUInt16BE(0) === 0x1f8b) return gunzipSync(bytes);
  if (bytes.readUInt32LE(0) === 0xfd2fb528) return zstdDecompressSync(bytes);
  return bytes;
}

/** Converts to the expectations' form, where invalid UTF-8 is U+FFFD. */
function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}

function read(bytes: Uint8Array) {
  const entries: Expected['entries'] = [];
  const hashes: BodyHash[] = [];
  const findings: TarFinding[] = [];
  const reader = new TarReader({
    member(member) {
      hashes.push(new BodyHash(member.size, member.sparse));
      const pax = member.pax === null ? {} : { pax: Object.fromEntries([...member.pax].map(([key, value]) => [key, text(value)])) };
      entries.push({
        nameHex: toHex(member.name),
        type: entryTypeName(member.type),
        size: member.size,
        mode: member.mode.toString(8),
        uid: member.uid,
        gid: member.gid,
        uname: text(member.uname),
        gname: text(member.gname),
        mtimeNs: formatTimestamp(member.mtimeSeconds, member.mtimeNanos),
        linkname: text(member.linkname),
        ...pax,
      });
    },
    finding: (finding) => findings.push(finding),
    body: (piece, start, end) => hashes.at(-1)?.take(piece.subarray(start, end)),
  });
  let error: LayerscopeError | null = null;
  try {
    // Not a multiple of the block size, so that headers are occasionally split.
    for (let at = 0; at < bytes.length; at += 65_000) reader.push(bytes, at, Math.min(bytes.length, at + 65_000));
    reader.end();
  } catch (thrown) {
    if (!(thrown instanceof LayerscopeError)) throw thrown;
    error = thrown;
  }
  return { entries, hashes, findings, error };
}

describe('other projects’ tars, as Go reads them', () => {
  assert.ok(existsSync(corpus), `the corpus is not there: ${corpus}`);
  const all = JSON.parse(readFileSync(path.join(corpus, 'tar-expected.json'), 'utf8')) as Record<string, Expected>;
  assert.ok(Object.keys(all).length >= 77);

  for (const [name, expected] of Object.entries(all)) {
    test(name, () => {
      const { entries, hashes, findings, error } = read(plainBytes(path.join(corpus, name)));
      assert.equal(entries.length, expected.entries.length);
      expected.entries.forEach((want, index) => {
        const have = entries[index];
        assert.equal(have?.nameHex, want.nameHex);
        assert.equal(have?.type, TYPES[want.type] ?? 'other');
        assert.deepEqual(have?.pax ?? {}, want.pax ?? {});
        if (want.type === 'g') return; // Go returns nothing else for a global header
        assert.equal(have?.mode, want.mode);
        assert.deepEqual([have?.uid, have?.gid, have?.uname, have?.gname], [want.uid, want.gid, want.uname ?? '', want.gname ?? '']);
        assert.equal(have?.mtimeNs, want.mtimeNs);
        assert.equal(have?.linkname, want.linkname ?? '');
        // For an entry without a body, Go reports the size stated in the header; we report the actual size.
        const hasBody = ['file', 'other'].includes(have?.type ?? '');
        assert.equal(have?.size, hasBody ? want.size : 0);
        if (want.sha256 !== undefined) assert.equal(hashes[index]?.digest(), want.sha256);
      });
      if (expected.error === undefined) assert.equal(error, null);
      else if (expected.error === 'unexpected EOF') assert.ok(error !== null || findings.some(({ code }) => code === 'truncated'));
      else assert.equal(error?.code, 'BAD_TAR');
    });

    test(`${name} as a layer has as many members and entries as Go reads`, () => {
      const builder = new LayerTableBuilder();
      const reader = new TarReader(builder);
      try {
        reader.push(plainBytes(path.join(corpus, name)));
        reader.end();
      } catch (thrown) {
        if (!(thrown instanceof LayerscopeError)) throw thrown;
      }
      const { table, entries } = builder.finish();
      assert.equal(table.memberCount, expected.entries.length);
      assert.equal(entries, expected.entries.filter(({ type }) => type !== 'g').length);
    });
  }
});
