// Small files whose unpacked, parsed or listed form is far larger. Each is written as a stream, which takes little memory.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, createZstdCompress, gzipSync } from 'node:zlib';
import { concat, END_MARKER, file, type HeaderFields, header, latin1, padded, tar, utf8, zeros } from './tar-builder.ts';

type Bytes = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
type Packing = 'none' | 'gzip' | 'zstd';

/** Writes pieces to a file, compressed or plain. */
export async function writePieces(target: string, pieces: Bytes, packing: Packing = 'none'): Promise<void> {
  const source = Readable.from(pieces, { objectMode: true });
  const out = createWriteStream(target);
  if (packing === 'none') await pipeline(source, out);
  else if (packing === 'gzip') await pipeline(source, createGzip({ level: 1 }), out);
  else await pipeline(source, createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } }), out);
}

const BATCH = 512;

/** Yields `count` headers, identical except for what `stamp` writes into each, then the end of the tar. Checksums are recomputed. */
export function* headers(count: number, fields: HeaderFields, stamp: (block: Uint8Array, index: number) => void): Generator<Uint8Array> {
  const model = header(fields);
  for (let from = 0; from < count; from += BATCH) {
    const batch = new Uint8Array(Math.min(BATCH, count - from) * 512);
    for (let at = 0; at < batch.length; at += 512) {
      const block = batch.subarray(at, at + 512);
      block.set(model);
      stamp(block, from + at / 512);
      sign(block);
    }
    yield batch;
  }
  yield END_MARKER;
}

function sign(block: Uint8Array): void {
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (let at = 0; at < 512; at++) sum += block[at] as number;
  for (let at = 153; at >= 148; at--) {
    block[at] = 0x30 + (sum & 7);
    sum >>= 3;
  }
  block[154] = 0;
}

/** Writes a number at `at` in base 26, as `digits` letters. */
export function letters(block: Uint8Array, at: number, digits: number, value: number): void {
  let rest = value;
  for (let place = at + digits - 1; place >= at; place--) {
    block[place] = 0x61 + (rest % 26);
    rest = Math.floor(rest / 26);
  }
}

/** Returns one record of a PAX header; the length includes itself. */
function record(key: string, value: Uint8Array): Uint8Array {
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return concat(latin1(`${length} ${key}=`), value, latin1('\n'));
}

/** Returns a member with a PAX header of these records. */
function withPax(records: readonly (readonly [string, Uint8Array])[], member: Uint8Array): Uint8Array {
  const body = concat(...records.map(([key, value]) => record(key, value)));
  return concat(header({ name: 'pax', typeflag: 'x', size: body.length }), padded(body), member);
}

function numbered(index: number, length: number, filling = 0x78): Uint8Array {
  const name = new Uint8Array(length).fill(filling);
  letters(name, 0, 6, index);
  return name;
}

function* repeated(count: number, make: (index: number) => Uint8Array): Generator<Uint8Array> {
  for (let index = 0; index < count; index++) yield make(index);
  yield END_MARKER;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

/** Yields a member whose body is given in pieces. */
export function* member(name: string, length: number, body: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield header({ name, size: length });
  yield* body;
  yield zeros(-length & 511);
}

export function* pieces(bytes: Uint8Array, times: number): Generator<Uint8Array> {
  for (let time = 0; time < times; time++) yield bytes;
}

/** Yields a docker-archive with one image for each config. All images share one layer. */
function* archiveOf(configs: readonly { readonly length: number; readonly body: () => Iterable<Uint8Array> }[]): Generator<Uint8Array> {
  const layer = tar(file('a', 'x'));
  yield file('layer.tar', layer);
  for (const [index, { length, body }] of configs.entries()) yield* member(`c${index}.json`, length, body());
  yield file(
    'manifest.json',
    json(configs.map((_, index) => ({ Config: `c${index}.json`, RepoTags: [`i:${index}`], Layers: ['layer.tar'] }))),
  );
  yield END_MARKER;
}

/** Makes a config with a normal start and end, and text repeated in between. */
function configOf(
  before: string,
  repeatedText: string,
  times: number,
  after: string,
): { length: number; body: () => Iterable<Uint8Array> } {
  const many = utf8(repeatedText.repeat(4096));
  const rounds = Math.ceil(times / 4096);
  const [head, tail] = [utf8(before), utf8(after)];
  return {
    length: head.length + many.length * rounds + tail.length,
    *body() {
      yield head;
      yield* pieces(many, rounds);
      yield tail;
    },
  };
}

/** Yields an OCI archive of these blobs, with an index that `index` makes from their digests. */
export function* ociOf(blobs: readonly Uint8Array[], index: (digests: readonly string[]) => unknown): Generator<Uint8Array> {
  yield file('oci-layout', '{"imageLayoutVersion":"1.0.0"}');
  const digests = blobs.map((blob) => sha256(blob));
  for (const [at, blob] of blobs.entries()) yield file(`blobs/sha256/${digests[at]}`, blob);
  yield file('index.json', json(index(digests)));
  yield END_MARKER;
}

/** Yields a docker-archive of `count` layers that share one blob. */
function* sharedLayer(layer: Uint8Array, count: number): Generator<Uint8Array> {
  yield file('layer.tar', layer);
  yield file('c.json', json({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } }));
  yield file('manifest.json', json([{ Config: 'c.json', RepoTags: ['many:1'], Layers: Array(count).fill('layer.tar') }]));
  yield END_MARKER;
}

/** Makes a zstd frame of `bytes` zeros, as RLE blocks: four bytes for each 128 kB. */
export function zstdZeros(bytes: number): Uint8Array {
  const block = 128 * 1024;
  const count = Math.ceil(bytes / block);
  const frame = new Uint8Array(6 + count * 4);
  frame.set([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]);
  for (let index = 0; index < count; index++) {
    const head = (block << 3) | 2 | (index === count - 1 ? 1 : 0);
    frame.set([head & 0xff, (head >> 8) & 0xff, head >> 16, 0], 6 + index * 4);
  }
  return frame;
}

/** Commands to run on an input; `FILE` stands for its path, `STORE` for a new store. */
export type Command = readonly string[];

export interface HostileInput {
  readonly name: string;
  readonly make: (target: string) => Promise<void>;
  readonly commands: readonly Command[];
}

const INSPECT: Command = ['inspect', 'FILE', '--json'];
const LS: Command = ['ls', 'FILE', '--json'];
const IMPORT: Command = ['store', 'import', 'FILE', '--id', 'hostile', '--home', 'STORE'];
const RAW: Command = ['raw', 'FILE', '--layer', '0', '--json'];

export const HOSTILE_INPUTS: readonly HostileInput[] = [
  {
    name: 'configs with 31 MB of nested brackets',
    make: (target) => writePieces(target, archiveOf(Array(5).fill(configOf('{"os":"linux","x":', '[', 31_000_000, ''))), 'gzip'),
    commands: [INSPECT],
  },
  {
    name: '3.9 MB configs of small lists',
    make: (target) => writePieces(target, archiveOf(Array(15).fill(configOf('{"os":"linux","x":[', '[],', 1_300_000, '0]}'))), 'gzip'),
    commands: [INSPECT],
  },
  {
    name: 'a config whose history has a million steps',
    make: (target) =>
      writePieces(target, archiveOf(Array(15).fill(configOf('{"os":"linux","history":[', '{},', 1_300_000, '{}]}'))), 'gzip'),
    commands: [INSPECT],
  },
  {
    name: 'a config with a million invalid diffIDs',
    make: (target) =>
      writePieces(target, archiveOf(Array(15).fill(configOf('{"os":"linux","rootfs":{"diff_ids":[', '1,', 1_900_000, '1]}}'))), 'gzip'),
    commands: [INSPECT],
  },
  {
    name: 'a manifest.json with a million images',
    make: (target) =>
      writePieces(
        target,
        (function* () {
          const { length, body } = configOf('[', '{},', 1_300_000, '{}]');
          yield* member('manifest.json', length, body());
          yield END_MARKER;
        })(),
        'gzip',
      ),
    commands: [INSPECT],
  },
  {
    name: 'manifests of small descriptors',
    make: (target) => {
      const manifests = Array.from({ length: 15 }, (_, at) => {
        const layers = `${'{"digest":"a"},'.repeat(250_000)}{}`;
        return utf8(`{"schemaVersion":2,"annotations":{"n":"${at}"},"layers":[${layers}]}`);
      });
      const mediaType = 'application/vnd.oci.image.manifest.v1+json';
      const entries = (digests: readonly string[]) => digests.map((digest) => ({ mediaType, digest: `sha256:${digest}`, size: 1 }));
      return writePieces(
        target,
        ociOf(manifests, (digests) => ({ schemaVersion: 2, manifests: entries(digests) })),
        'gzip',
      );
    },
    commands: [INSPECT],
  },
  {
    name: 'an image with 15,000 layers that share one blob',
    make: (target) => {
      const layer = Buffer.concat([...headers(10_000, { name: 'aaaaaa' }, (block, at) => letters(block, 0, 6, at))]);
      return writePieces(target, sharedLayer(gzipSync(layer, { level: 1 }), 15_000));
    },
    commands: [INSPECT],
  },
  {
    name: 'megabyte-long names',
    make: (target) =>
      writePieces(
        target,
        repeated(300, (at) => withPax([['path', numbered(at, 1_000_000)]], file('short', ''))),
        'zstd',
      ),
    commands: [INSPECT, LS],
  },
  {
    name: 'megabyte-long link targets',
    make: (target) =>
      writePieces(
        target,
        repeated(300, (at) => withPax([['linkpath', numbered(at, 1_000_000)]], header({ name: `l${at}`, typeflag: '2' }))),
        'zstd',
      ),
    commands: [LS],
  },
  {
    name: 'odd 60 kB names',
    make: (target) =>
      writePieces(
        target,
        repeated(1500, (at) => withPax([['path', concat(latin1('x//'), numbered(at, 60_000, 0xe4))]], file('s', ''))),
        'zstd',
      ),
    commands: [INSPECT],
  },
  {
    name: 'folders 4,000 deep',
    make: (target) =>
      writePieces(
        target,
        repeated(3000, (at) => {
          const name = numbered(at, 8_000, 0x61);
          for (let slash = 7; slash < name.length; slash += 2) name[slash] = 0x2f;
          return withPax([['path', name]], file('s', ''));
        }),
        'zstd',
      ),
    commands: [INSPECT, LS],
  },
  {
    name: 'five million empty files',
    make: (target) =>
      writePieces(
        target,
        headers(5_000_000, { name: 'aaaaaa' }, (block, at) => letters(block, 0, 6, at)),
        'zstd',
      ),
    commands: [INSPECT, IMPORT],
  },
  {
    name: 'a million owners',
    make: (target) =>
      writePieces(
        target,
        headers(1_000_000, { name: 'f', uname: 'u' }, (block, at) => letters(block, 265, 6, at)),
        'zstd',
      ),
    commands: [INSPECT, IMPORT],
  },
  {
    name: 'megabyte-long extended attributes',
    make: (target) =>
      writePieces(
        target,
        repeated(300, (at) => withPax([['SCHILY.xattr.user.x', numbered(at, 1_000_000, 1)]], file('s', ''))),
        'zstd',
      ),
    commands: [INSPECT, IMPORT],
  },
  {
    name: 'megabyte-long owner names',
    make: (target) =>
      writePieces(
        target,
        repeated(300, (at) => withPax([['uname', numbered(at, 1_000_000)]], file('s', ''))),
        'zstd',
      ),
    commands: [INSPECT],
  },
  {
    name: 'PAX headers with a hundred thousand records',
    make: (target) => {
      const records = concat(
        ...Array.from({ length: 90_000 }, (_, at) =>
          record(
            String.fromCharCode(
              0x61 + (at % 26),
              0x61 + (Math.floor(at / 26) % 26),
              0x61 + (Math.floor(at / 676) % 26),
              0x61 + Math.floor(at / 17_576),
            ),
            latin1(''),
          ),
        ),
      );
      const each = concat(header({ name: 'pax', typeflag: 'x', size: records.length }), padded(records), file('s', ''));
      return writePieces(
        target,
        repeated(15, () => each),
        'gzip',
      );
    },
    commands: [INSPECT, RAW],
  },
  {
    name: 'an archive of members with megabyte-long sparse maps',
    make: (target) => {
      const pairs = 250_000;
      const map = utf8(`${pairs}\n${'0\n0\n'.repeat(pairs)}`);
      const body = concat(padded(map));
      const one = (at: number) =>
        concat(
          withPax(
            [
              ['GNU.sparse.major', latin1('1')],
              ['GNU.sparse.minor', latin1('0')],
              ['GNU.sparse.name', latin1(`m${at}.tar`)],
              ['GNU.sparse.realsize', latin1('0')],
            ],
            header({ name: 'sparse', size: body.length }),
          ),
          body,
        );
      return writePieces(
        target,
        (function* () {
          for (let at = 0; at < 60; at++) yield one(at);
          yield file('manifest.json', json([{ Config: 'c.json', RepoTags: null, Layers: ['m0.tar'] }]));
          yield END_MARKER;
        })(),
        'gzip',
      );
    },
    commands: [INSPECT],
  },
  {
    name: 'an image archive with a million members',
    make: (target) =>
      writePieces(
        target,
        (function* () {
          yield file('manifest.json', json([{ Config: 'c.json', RepoTags: null, Layers: [] }]));
          yield* headers(1_500_000, { name: 'aaaaaa' }, (block, at) => letters(block, 0, 6, at));
        })(),
        'zstd',
      ),
    commands: [INSPECT],
  },
  {
    name: 'a layer with 4 GB of zeros in 130 kB of zstd',
    make: (target) => writePieces(target, zstdLayer(4 * 2 ** 30)),
    commands: [INSPECT, RAW],
  },
  {
    name: 'millions of hard links, each with its own owner',
    make: (target) =>
      writePieces(
        target,
        (function* () {
          yield file('f', 'x');
          yield* headers(1_000_000, { name: 'aaaaaa', typeflag: '1', linkname: 'f' }, (block, at) => {
            letters(block, 0, 6, at);
            block.set(latin1((at % 2_000_000).toString(8).padStart(7, '0')), 108);
          });
        })(),
        'zstd',
      ),
    commands: [INSPECT],
  },
  {
    name: 'half a million gzip members',
    make: (target) => {
      const empty = gzipSync(new Uint8Array(0));
      const many = Buffer.concat(Array(10_000).fill(empty));
      return writePieces(target, [gzipSync(tar(file('a', 'x'))), ...Array(50).fill(many)]);
    },
    commands: [INSPECT],
  },
  {
    name: 'ten thousand zstd frames',
    make: (target) => {
      const empty = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0);
      return writePieces(target, [zstdStored(tar(file('a', 'x'))), ...Array(5).fill(concat(...Array(10_000).fill(empty)))]);
    },
    commands: [INSPECT],
  },
  {
    name: 'a zstd frame with a 2 GB window',
    make: (target) => writePieces(target, [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0, 0)]),
    commands: [INSPECT],
  },
];

/** Returns content as a zstd frame of raw blocks. */
export function zstdStored(bytes: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38)];
  const size = 64 * 1024;
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    const head = (part.length << 3) | (at + size >= bytes.length ? 1 : 0);
    blocks.push(Uint8Array.of(head & 0xff, (head >> 8) & 0xff, head >> 16), part);
  }
  return concat(...blocks);
}

/** Makes a layer whose only file is zeros: the header and the zeros, as two frames. */
function zstdLayer(bytes: number): Uint8Array[] {
  const size = latin1(bytes.toString(8).padStart(12, '0'));
  return [zstdStored(header({ name: 'zeros', size })), zstdZeros(bytes + 1024)];
}
