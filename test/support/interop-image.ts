// Layers of one Linux image with every kind of header, link and removal that tools must agree on, and nothing that they may treat
// differently.
import {
  concat,
  directory,
  file,
  gnuLongName,
  gnuSparse,
  type HeaderFields,
  hardlink,
  header,
  pax,
  paxSparse,
  symlink,
  tar,
  utf8,
} from './tar-builder.ts';

const SEGMENT = 'segment-of-a-long-path';
/** A 300-byte path, too long for ustar's prefix and name. */
export const LONG_PAX_PATH = `long/${Array.from({ length: 12 }, () => SEGMENT).join('/')}/pax-file`;
/** A 140-byte path. */
export const LONG_GNU_PATH = `long/gnu/${'g'.repeat(120)}/gnu-file`;
const BLOCK = new Uint8Array(512).fill(0x41);
const NANOS = '1600000000.123456789';

function oldSparseFile(fields: HeaderFields): Uint8Array {
  const map = [
    [0, 512],
    [500_000, 512],
    [1_000_000, 0],
  ] as const;
  return gnuSparse('sparse/gnu', 1_000_000, map, concat(BLOCK, BLOCK), fields);
}

/**
 * Returns the layers, bottom first. Every file has a time, so that a copy that loses times is noticed. `oldSparse` adds a file of type S,
 * which umoci 0.4 refuses.
 */
export function interopLayers({ oldSparse = true } = {}): Uint8Array[] {
  const time = { mtime: 1_600_000_000 };
  const base = tar(
    directory('./', { mode: 0o755, ...time }),
    directory('etc/', { mode: 0o755, ...time }),
    file('etc/passwd', 'root:x:0:0\n', time),
    file('etc/shadow', 'secret\n', { mode: 0o640, gid: 42, ...time }),
    directory('tmp/', { mode: 0o1777, ...time }),
    directory('usr/bin/', { mode: 0o755, ...time }),
    file('usr/bin/busybox', 'busybox, the first', { mode: 0o755, ...time }),
    file('usr/bin/su', 'su', { mode: 0o4755, ...time }),
    file('usr/bin/wall', 'wall', { mode: 0o2755, gid: 5, ...time }),
    symlink('usr/bin/sh', '/usr/bin/busybox', time),
    hardlink('usr/bin/[', 'usr/bin/busybox', { mode: 0o755, ...time }),
    hardlink('usr/bin/test', 'usr/bin/[', { mode: 0o755, ...time }),
    symlink('bin', 'usr/bin', time),
    symlink('etc/dangling', '../nowhere/at all', time),
    directory('größe/', time),
    file('größe/naïve – 日本語.txt', 'UTF-8', time),
    file('with space and "quotes" and \\back', 'odd but fine', time),
    concat(pax({ path: LONG_PAX_PATH, mtime: NANOS }), file('short', 'at the end of a long path', time)),
    concat(gnuLongName(LONG_GNU_PATH), file('short', 'GNU', { format: 'gnu', ...time })),
    file('name-in-prefix', 'ustar', { prefix: `long/${'p'.repeat(100)}`, ...time }),
    oldSparse ? oldSparseFile(time) : file('sparse/gnu', 'none here', time),
    concat(
      paxSparse(
        '0.1',
        'sparse/pax-0.1',
        300_000,
        [
          [1024, 512],
          [300_000, 0],
        ],
        BLOCK,
      ),
    ),
    concat(
      paxSparse(
        '1.0',
        'sparse/pax-1.0',
        400_000,
        [
          [512, 512],
          [399_488, 512],
        ],
        concat(BLOCK, BLOCK),
      ),
    ),
    concat(pax({ 'SCHILY.xattr.user.note': 'kept', mtime: NANOS }), file('attributes', 'with xattr', time)),
    file('owned', 'by others', { uid: 1000, gid: 1001, uname: 'someone', gname: 'some', mode: 0o600, ...time }),
    header({ name: 'run/pipe', typeflag: '6', mode: 0o600, ...time }),
    directory('gone/', time),
    file('gone/one', '1', time),
    file('gone/sub/two', '22', time),
    file('opaque/old', 'old', time),
    file('opaque/sub/older', 'older', time),
    file('opaque/kept', 'below', time),
    file('folder-to-file/x', 'x', time),
    file('file-to-folder', 'a file', time),
    file('empty', '', time),
  );
  const changes = tar(
    file('etc/.wh.shadow', '', time),
    file('.wh.gone', '', time),
    file('opaque/.wh..wh..opq', '', time),
    file('opaque/kept', 'above', time),
    file('opaque/new/file', 'new', time),
    file('etc/passwd', 'root:x:0:0\nuser:x:1000:1000\n', { mtime: 1_700_000_000 }),
    hardlink('usr/bin/across', 'usr/bin/busybox', { mode: 0o755, ...time }),
    file('folder-to-file', 'now a file', time),
    directory('file-to-folder/', { mode: 0o700, ...time }),
    file('file-to-folder/inside', 'in it', time),
    directory('tmp/', { mode: 0o1777, mtime: 1_700_000_000 }),
  );
  const rewrites = tar(
    directory('./usr/', { mode: 0o755, ...time }),
    file('./usr/bin/busybox', 'busybox, the second one', { mode: 0o755, mtime: 1_700_000_001 }),
    file('./usr/bin/.wh.[', '', time),
    file('./etc/twice', 'the first of two', time),
    file('./etc/twice', 'the last', { mode: 0o600, mtime: 1_700_000_002 }),
    file('./.wh.nothing-of-this-name', '', time),
    symlink('./etc/dangling', 'passwd', { mtime: 1_700_000_003 }),
  );
  const again = tar(
    directory('gone/', { mode: 0o711, ...time }),
    file('gone/again', 'back', time),
    directory('d/', time),
    file('d/first', 'before the marker', time),
    file('opaque/.wh..wh..opq', '', time),
    file('opaque/last', 'alone', time),
    hardlink('gone/linked', 'usr/bin/across', { mode: 0o755, ...time }),
  );
  return [base, changes, rewrites, again, new Uint8Array(1024), tar(file('end', utf8('of it'), time))];
}
