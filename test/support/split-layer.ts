import { concat, directory, file, gnuLongName, hardlink, latin1, pax, paxGlobal, symlink, tar, zeros } from './tar-builder.ts';

/**
 * Returns a layer with everything that tar-split records: names that aren't UTF-8 or need escapes in JSON, bodies of every padding, members
 * without a body, long names, a global header, and bytes after the end. test/fixtures/tar-split/layer.json.gz is the output of tar-split
 * v0.12.3 for it: tar-split disasm --no-stdout --output layer.json.gz layer.tar
 */
export function splitLayer(): Uint8Array<ArrayBuffer> {
  const long = `${'d'.repeat(90)}/${'f'.repeat(90)}`;
  return concat(
    tar(
      paxGlobal({ comment: 'global' }),
      directory('etc/'),
      file('etc/hosts', '127.0.0.1\n'),
      file('etc/empty', ''),
      file('etc/<a>&"b"\\\u2028\t', 'quoted'),
      file(latin1('etc/\xe4\xff'), 'latin-1'),
      hardlink('etc/link', 'etc/hosts'),
      symlink('etc/sym', '/etc/hosts'),
      gnuLongName(long),
      file('short', 'long'),
      pax({ path: 'pfad/ü', mtime: '1461700002.5' }),
      file('pfad/u', 'x'.repeat(512)),
      file('usr/lib', 'y'.repeat(1500)),
    ),
    zeros(3072),
  );
}
