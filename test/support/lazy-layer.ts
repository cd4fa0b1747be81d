import { concat, directory, file, hardlink, member, pax, symlink, tar } from './tar-builder.ts';

/** The content of `big` in {@link lazyLayer}. */
export const BIG = Uint8Array.from({ length: 150_001 }, (_, at) => 97 + (((at * at) >> 7) % 13));

/**
 * Returns the layer in test/fixtures/lazy. stargz-snapshotter's estargz v0.16.3 made `estargz.gz`, with chunks of 64 KiB, and
 * `estargz-inner.gz`, which also has gzip members of at least 40,000 bytes. skopeo 1.9.3 made `zstd-chunked.zst`.
 */
export function lazyLayer(): Uint8Array<ArrayBuffer> {
  const time = { mtime: 1_600_000_000 };
  const owner = { uid: 7, gid: 8, uname: 'seven', gname: 'eight', ...time };
  return tar(
    directory('etc/', { mode: 0o755, ...time }),
    file('etc/passwd', 'root:x:0:0\n', owner),
    file('etc/group', 'eight:x:8:\n', { mode: 0o4711, ...owner }),
    file('etc/empty', '', time),
    symlink('etc/link', '../x', time),
    hardlink('etc/hard', 'etc/passwd', time),
    concat(pax({ 'SCHILY.xattr.user.note': 'kept' }), file('noted', 'x', time)),
    member({ name: 'pipe', typeflag: '6', ...time }),
    member({ name: 'null', typeflag: '3', devMajor: 1, devMinor: 3, ...time }),
    file('big', BIG, time),
    file('ü', 'utf', time),
    file('etc/.wh.gone', '', time),
  );
}
