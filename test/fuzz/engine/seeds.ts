// Initial inputs: those made here and, if `../shared` exists next to the clone, those from other projects.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import * as build from '../../support/tar-builder.ts';
import { randomTar } from '../../support/tar-random.ts';
import { Random } from './random.ts';

const SHARED = path.join(import.meta.dirname, '..', '..', '..', '..', 'shared');

/** Reads files of up to `mostBytes` below a folder in `../shared`; none if the folder doesn't exist. */
export function sharedFiles(folder: string, mostBytes: number, mostFiles = 200): Uint8Array[] {
  const from = path.join(SHARED, folder);
  if (!existsSync(from)) return [];
  const names = readdirSync(from, { recursive: true, encoding: 'utf8' }).sort();
  const found: Uint8Array[] = [];
  for (const name of names) {
    const stats = statSync(path.join(from, name));
    if (stats.isFile() && stats.size > 0 && stats.size <= mostBytes && found.length < mostFiles)
      found.push(new Uint8Array(readFileSync(path.join(from, name))));
  }
  return found;
}

/** Makes tars with every kind of member, valid and unusual. */
export function tarSeeds(): Uint8Array[] {
  const random = new Random(7);
  const next = (): number => random.uint32() / 0x1_0000_0000;
  return [
    build.tar(),
    build.tar(build.directory('dir/'), build.file('dir/x', 'hello'), build.symlink('link', 'dir'), build.hardlink('hard', 'dir/x')),
    build.tar(build.file('dir/.wh.x'), build.file('dir/.wh..wh..opq'), build.file('.wh.link')),
    build.tar(build.pax({ path: 'long/'.repeat(30), 'SCHILY.xattr.user.a': 'b', mtime: '1.5' }), build.file('short', 'x'.repeat(600))),
    build.tar(
      build.paxGlobal({ comment: 'c' }),
      build.gnuLongName('n'.repeat(150)),
      build.file('n', 'y'),
      build.gnuLongLink('m'.repeat(150)),
      build.symlink('l', 'm'),
    ),
    build.tar(
      build.gnuSparse(
        's',
        9000,
        [
          [0, 5],
          [100, 5],
          [200, 5],
          [300, 5],
          [400, 5],
          [500, 5],
        ],
        'z'.repeat(30),
      ),
      build.paxSparse('1.0', 't', 900, [[100, 5]], 'abcde'),
    ),
    build.tar(
      build.paxSparse(
        '0.0',
        's',
        900,
        [
          [100, 5],
          [200, 5],
        ],
        'abcdefghij',
      ),
      build.paxSparse('0.1', 't', 900, [[100, 5]], 'abcde'),
    ),
    build.tar(
      build.member({ name: 'c', typeflag: '3', devMajor: 1, devMinor: 3 }),
      build.member({ name: 'p', typeflag: '6' }),
      build.file('v7', '1', { format: 'v7' }),
      build.file('st', '1', { format: 'star', prefix: 'pre' }),
    ),
    build.concat(build.file('cut', 'x'.repeat(2000))).slice(0, 1000),
    ...Array.from({ length: 12 }, () => randomTar(next, 8, 0.3)),
  ];
}
