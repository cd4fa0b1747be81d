// Changes to tars that keep them tars: fields, records and the order of members are changed. Checksums are recomputed.
import { base256, latin1, paxRecord } from '../../support/tar-builder.ts';
import { joined, mutateBytes, spliced, textTokens } from './mutate.ts';
import type { Random } from './random.ts';

const BLOCK = 512;

/** A placeholder in tars for a folder on this machine: see {@link withPlace}. */
export const PLACE = '/layerscope-fuzz-sandbox';

const NAMES = [
  '..',
  '../..',
  '../canary/file',
  '../../canary/file',
  'a/../../canary/new',
  'link/../../canary/new',
  'link/x',
  'link',
  'dir/',
  'dir',
  'dir/x',
  '/',
  '.',
  './',
  '',
  'a//b',
  '.wh.x',
  '.wh..wh..opq',
  'dir/.wh.x',
  'dir/.wh..wh..opq',
  '.wh..',
  '.wh...',
  '.wh..wh.plnk',
  'canary/file',
  '\xff',
  '\x01',
  'a\nb',
  'C:\\x',
  'a:b',
  'CON',
  `${PLACE}/canary/file`,
  `${PLACE}/canary`,
  'x'.repeat(100),
  'y/'.repeat(50),
];
const PAX_KEYS = [
  'path',
  'linkpath',
  'size',
  'uid',
  'gid',
  'uname',
  'gname',
  'mtime',
  'atime',
  'ctime',
  'comment',
  'SCHILY.xattr.user.a',
  'SCHILY.xattr.security.capability',
  'LIBARCHIVE.xattr.user.a',
  'MSWINDOWS.rawsd',
  'MSWINDOWS.fileattr',
  'MSWINDOWS.mountpoint',
  'LIBARCHIVE.creationtime',
  'GNU.sparse.major',
  'GNU.sparse.minor',
  'GNU.sparse.name',
  'GNU.sparse.size',
  'GNU.sparse.realsize',
  'GNU.sparse.numblocks',
  'GNU.sparse.map',
  'GNU.sparse.offset',
  'GNU.sparse.numbytes',
];
const VALUES = [
  '0',
  '1',
  '-1',
  '512',
  '4096',
  '1.5',
  '-0.000000001',
  '9223372036854775807',
  '9223372036854775808',
  '0,5',
  '0,5,10,5',
  '5,5,0,5',
  '',
  'AQAEgA==',
  'x'.repeat(300),
];
const FLAGS = '\x000123456789xgLKSVDMNXA7';
const SIZES = [0, 1, 511, 512, 513, 1024, 2 ** 20, 2 ** 33 - 1];
const BIG = [-1n, 2n ** 31n, 2n ** 53n, 2n ** 62n, -(2n ** 62n)];

/** A header's numeric fields: offset, length. */
const FIELDS = [
  [100, 8],
  [108, 8],
  [116, 8],
  [124, 12],
  [136, 12],
  [329, 8],
  [337, 8],
  [386, 12],
  [398, 12],
  [483, 12],
] as const;
const MAGICS = ['ustar\x0000', 'ustar  \0', '\0\0\0\0\0\0\0\0'];

export const TAR_TOKENS: readonly Uint8Array[] = [...textTokens(...NAMES, ...VALUES), ...PAX_KEYS.map((key) => paxRecord(key, '1'))];

function sumOf(bytes: Uint8Array, at: number): number {
  let sum = 0;
  for (let i = at; i < at + BLOCK; i++) sum += i >= at + 148 && i < at + 156 ? 0x20 : (bytes[i] as number);
  return sum;
}

function statedSum(bytes: Uint8Array, at: number): number {
  return Number.parseInt(Buffer.from(bytes.subarray(at + 148, at + 156)).toString('latin1'), 8);
}

/** Returns the offsets of the header blocks, found by their checksums. */
export function headersOf(bytes: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 0; at + BLOCK <= bytes.length; at += BLOCK)
    if (bytes[at + 156] !== undefined && sumOf(bytes, at) === statedSum(bytes, at)) found.push(at);
  return found;
}

export function fixChecksum(bytes: Uint8Array, at: number): void {
  if (at + BLOCK <= bytes.length) bytes.set(latin1(`${sumOf(bytes, at).toString(8).padStart(6, '0')}\0 `), at + 148);
}

/** Returns the tar with {@link PLACE} replaced by `place`, which must not be longer, and with checksums recomputed. */
export function withPlace(bytes: Uint8Array, place: string): Uint8Array {
  const copy = Buffer.from(bytes);
  const headers = headersOf(copy);
  const put = Buffer.from(place.padEnd(PLACE.length, '/'));
  for (let at = copy.indexOf(PLACE); at >= 0; at = copy.indexOf(PLACE, at + 1)) put.copy(copy, at);
  for (const at of headers) fixChecksum(copy, at);
  return new Uint8Array(copy);
}

function sizeOf(bytes: Uint8Array, at: number): number {
  const stated = Number.parseInt(Buffer.from(bytes.subarray(at + 124, at + 136)).toString('latin1'), 8);
  return Number.isSafeInteger(stated) && stated >= 0 ? stated : 0;
}

function endOf(bytes: Uint8Array, at: number): number {
  const size = sizeOf(bytes, at);
  return Math.min(bytes.length, at + BLOCK + size + (-size & (BLOCK - 1)));
}

function put(bytes: Uint8Array, at: number, length: number, value: Uint8Array): void {
  bytes.fill(0, at, at + length);
  bytes.set(value.subarray(0, length), at);
}

function changeField(bytes: Uint8Array, at: number, random: Random): void {
  const how = random.int(6);
  if (how === 0) put(bytes, at, 100, latin1(random.pick(NAMES)));
  else if (how === 1) put(bytes, at + 157, 100, latin1(random.pick(NAMES)));
  else if (how === 2) bytes[at + 156] = FLAGS.charCodeAt(random.int(FLAGS.length));
  else if (how === 3) {
    const [offset, length] = random.pick(FIELDS);
    const octal = random
      .pick(SIZES)
      .toString(8)
      .padStart(length - 1, '0');
    put(bytes, at + offset, length, random.chance(0.7) ? latin1(octal) : base256(random.pick(BIG), length));
  } else if (how === 4) {
    if (random.chance(0.5)) put(bytes, at + 257, 8, latin1(random.pick(MAGICS)));
    else put(bytes, at + 345, 155, latin1(random.pick(NAMES)));
  } else bytes[at + random.int(BLOCK)] = random.int(256);
}

/** Replaces the body of the member at `at` and updates its size. */
function withBody(bytes: Uint8Array, at: number, body: Uint8Array): Uint8Array {
  const head = bytes.slice(at, at + BLOCK);
  put(head, 124, 12, latin1(body.length.toString(8).padStart(11, '0')));
  fixChecksum(head, 0);
  return joined(bytes.subarray(0, at), head, body, new Uint8Array(-body.length & (BLOCK - 1)), bytes.subarray(endOf(bytes, at)));
}

function records(random: Random): Uint8Array {
  return joined(
    ...Array.from({ length: 1 + random.int(4) }, () =>
      paxRecord(random.pick(PAX_KEYS), latin1(random.pick(random.chance(0.5) ? VALUES : NAMES))),
    ),
  );
}

/** Makes one change to a tar that keeps the rest intact. */
export function mutateTar(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const headers = headersOf(bytes);
  if (headers.length === 0) return mutateBytes(bytes, random, other, TAR_TOKENS);
  const at = random.pick(headers);
  const end = endOf(bytes, at);
  switch (random.int(8)) {
    case 0:
      return spliced(bytes, at, end - at, new Uint8Array(0));
    case 1:
      return spliced(bytes, random.pick(headers), 0, bytes.slice(at, end));
    case 2: {
      const others = headersOf(other);
      if (others.length === 0) return bytes.slice();
      const from = random.pick(others);
      return spliced(bytes, at, 0, other.slice(from, endOf(other, from)));
    }
    case 3: {
      const [flag, body] = random.pick([
        ['x', records(random)],
        ['g', records(random)],
        ['L', latin1(`${random.pick(NAMES)}\0`)],
        ['K', latin1(`${random.pick(NAMES)}\0`)],
      ] as const);
      const head = bytes.slice(at, at + BLOCK);
      head[156] = flag.charCodeAt(0);
      return spliced(bytes, at, 0, withBody(head, 0, body));
    }
    case 4:
      return withBody(bytes, at, mutateBytes(bytes.slice(at + BLOCK, at + BLOCK + sizeOf(bytes, at)), random, other, TAR_TOKENS));
    default: {
      const changed = bytes.slice();
      for (let times = random.length(4); times > 0; times--) changeField(changed, at, random);
      if (random.chance(0.95)) fixChecksum(changed, at);
      return changed;
    }
  }
}
