// Random tars, some malformed, from a seeded generator: the same seed gives the same tars.
import * as build from './tar-builder.ts';

export type Random = () => number;

const NAMES = [
  'a',
  'a/b',
  'a/b/c',
  'd/',
  './x',
  'd/.wh.gone',
  'd/.wh..wh..opq',
  'é',
  'x'.repeat(100),
  '/abs',
  '',
  '../up',
  'out/through',
  'a//b',
];
const NUMBERS = ['0', '17', '-1', '007', '1 ', '9223372036854775807', '9223372036854775808', 'x', ''];
const TIMES = ['1.5', '-0.5', '1764036549.123456789', '1.', '.5', 'x'];
const KEYS = [
  'path',
  'linkpath',
  'uname',
  'uid',
  'gid',
  'size',
  'mtime',
  'atime',
  'SCHILY.xattr.user.a',
  'LIBARCHIVE.xattr.user.a',
  'MSWINDOWS.fileattr',
  'comment',
  'GNU.sparse.major',
  'GNU.sparse.minor',
  'GNU.sparse.name',
  'GNU.sparse.size',
  'GNU.sparse.numblocks',
  'GNU.sparse.map',
  'GNU.sparse.offset',
];

function int(random: Random, below: number): number {
  return Math.floor(random() * below);
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[int(random, values.length)] as T;
}

function sparseMap(random: Random): { map: [number, number][]; size: number; stored: string } {
  const map: [number, number][] = [];
  let end = 0;
  let stored = 0;
  for (let i = int(random, 30); i > 0; i--) {
    const offset = end + int(random, 20);
    const length = int(random, 20);
    map.push([offset, length]);
    end = offset + length;
    stored += length;
  }
  return { map, size: end + int(random, 10), stored: 'z'.repeat(stored) };
}

function records(random: Random): [string, string][] {
  return Array.from({ length: int(random, 4) }, () => {
    const key = pick(random, KEYS);
    if (key.endsWith('time')) return [key, pick(random, TIMES)];
    if (/id$|size|major|minor|num|offset/.test(key)) return [key, random() < 0.8 ? String(int(random, 600)) : pick(random, NUMBERS)];
    return [key, pick(random, NAMES)];
  });
}

/** Returns a random part. `wrong` is the probability of a part that a reader must refuse or report. */
function part(random: Random, wrong: number): Uint8Array {
  const name = pick(random, NAMES);
  const format = pick(random, ['v7', 'ustar', 'ustar', 'gnu', 'star'] as const);
  const odd = random() < wrong;
  switch (int(random, 10)) {
    case 0:
      return build.directory(name, { format, size: odd ? 700 : 0 });
    case 1:
      return build.symlink(name, pick(random, ['a', '../a', '/etc', '..', 'a/b']), { format });
    case 2:
      return build.hardlink(name, pick(random, NAMES), { format, prefix: format === 'gnu' ? '' : 'pre/fix' });
    case 3:
      return build.gnuLongName('long/'.repeat(int(random, 200)));
    case 4:
      return odd ? build.pax(records(random), { typeflag: pick(random, ['x', 'g']) }) : build.pax({ path: 'p/'.repeat(300), uid: '77' });
    case 5: {
      const { map, size, stored } = sparseMap(random);
      return build.gnuSparse('sparse', odd ? size - 3 : size, map, stored);
    }
    case 6: {
      const { map, size, stored } = sparseMap(random);
      return build.paxSparse(pick(random, ['0.0', '0.1', '1.0'] as const), 'sparse', size, map, odd ? `${stored}?` : stored);
    }
    case 7:
      return build.file(name, 'odd', {
        format,
        ...(odd ? { uid: pick(random, NUMBERS), size: pick(random, ['3', build.base256(-1, 12), build.base256(2 ** 60, 12)]) } : {}),
        checksum: odd ? pick(random, ['signed', 'wrong'] as const) : 'unsigned',
      });
    case 8:
      return odd ? build.paxGlobal({ comment: 'c' }) : build.file(name, '', { typeflag: pick(random, ['\0', '7', 'V', '6', '3']), format });
    default:
      return build.file(name, 'x'.repeat(int(random, 2000)), { format, mtime: int(random, 2 ** 31), mode: pick(random, [0o644, 0o755]) });
  }
}

/** Returns a tar of up to `parts` parts; one in five lacks its end marker. */
export function randomTar(random: Random, parts: number, wrong = 0): Uint8Array {
  const pieces = Array.from({ length: 1 + int(random, parts) }, () => part(random, wrong));
  return random() < 0.8 ? build.tar(...pieces) : build.concat(...pieces);
}

/** Cuts, overwrites or repeats part of the tar. Half of the time, recomputes the first header's checksum. */
export function mutated(random: Random, tar: Uint8Array): Uint8Array {
  const bytes = tar.slice();
  if (bytes.length === 0) return bytes;
  switch (int(random, 4)) {
    case 0:
      return bytes.subarray(0, int(random, bytes.length));
    case 1: {
      const at = int(random, bytes.length);
      return build.concat(bytes.subarray(0, at), bytes.subarray(int(random, bytes.length)));
    }
    default:
      for (let i = int(random, 6); i >= 0; i--) {
        const at = random() < 0.5 ? int(random, bytes.length) : int(random, bytes.length >> 9) * 512 + 100 + int(random, 257);
        if (at < bytes.length) bytes[at] = pick(random, [0, 0x20, 0x2d, 0x37, 0x80, 0xff, int(random, 256)]);
      }
  }
  if (random() < 0.5 && bytes.length >= 512) {
    bytes.fill(0x20, 148, 156);
    const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    bytes.set(build.latin1(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  }
  return bytes;
}
