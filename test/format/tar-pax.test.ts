import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  concat,
  file,
  gnuLongName,
  hardlink,
  latin1,
  pax,
  paxGlobal,
  paxRecord,
  symlink,
  tar,
  utf8,
  zeros,
} from '../support/tar-builder.ts';
import { collect } from '../support/tar-collect.ts';

const first = (...parts: Uint8Array[]) => {
  const { members, error } = collect(tar(...parts));
  assert.equal(error, null);
  const [member] = members;
  assert.ok(member);
  return member;
};

const refusedAt = (offset: number, message: RegExp, ...parts: Uint8Array[]) => {
  const { error } = collect(tar(...parts));
  assert.equal(error?.code, 'BAD_TAR', String(message));
  assert.match(error?.message ?? '', message);
  assert.equal(error?.offset, offset);
};

describe('PAX records', () => {
  test('PAX records override every field that they may override', () => {
    const got = first(
      pax({ path: 'p'.repeat(400), uid: '4294967296', gid: '-1', uname: 'ü', gname: 'g', mtime: '1764036549.123456789' }),
      file('short', 'body', { uid: 1, gid: 1, uname: 'u', gname: 'x', mtime: 5 }),
    );
    assert.equal(got.name, 'p'.repeat(400));
    assert.deepEqual([got.uid, got.gid, got.uname, got.gname], [4294967296, -1, '\xC3\xBC', 'g']);
    assert.deepEqual([got.mtimeSeconds, got.mtimeNanos, got.format, got.content], [1764036549, 123456789, 'pax', 'body']);
  });

  test('a PAX size overrides the one in the header', () => {
    const { members } = collect(
      tar(pax({ size: '16' }), concat(file('n', '', { size: 0 }), utf8('0123456789abcdef'), zeros(496)), file('next')),
    );
    assert.deepEqual(
      members.map((one) => [one.name, one.size, one.content]),
      [
        ['n', 16, '0123456789abcdef'],
        ['next', 0, ''],
      ],
    );
  });

  test('records before a GNU long name apply to the file after it', () => {
    const body = concat(utf8('0123456789abcdef'), zeros(496));
    const { members } = collect(tar(pax({ size: '16' }), gnuLongName('long/name'), concat(file('n', '', { size: 0 }), body), file('next')));
    assert.deepEqual(
      members.map((one) => [one.name, one.size]),
      [
        ['long/name', 16],
        ['next', 0],
      ],
    );
  });

  test('records of total length 99, 100 and 101 are read completely', () => {
    for (const length of [13, 14, 98, 99, 100, 101, 102, 998, 999, 1000, 1001]) {
      const value = 'v'.repeat(length - `${length} comment=\n`.length);
      const record = latin1(`${length} comment=${value}\n`);
      assert.equal(record.length, length);
      assert.deepEqual(first(pax(concat(record, paxRecord('path', 'behind'))), file('n')).pax, { comment: value, path: 'behind' });
    }
  });

  test('a value may contain =, newlines and NULs, and may be empty', () => {
    const records = { comment: 'a=b\nc=d\n', 'SCHILY.xattr.user.bin': latin1('\0\x01\xFF\n='), 'GOLANG.empty': '' };
    const got = first(pax(records), file('n'));
    assert.deepEqual(got.pax, { comment: 'a=b\nc=d\n', 'SCHILY.xattr.user.bin': '\0\x01\xFF\n=', 'GOLANG.empty': '' });
    assert.equal(got.hasAttributes, true);
  });

  test("an empty PAX value leaves the header's value", () => {
    const got = first(pax({ path: '', uname: '', uid: '', size: '', mtime: '' }), file('n', 'xy', { uname: 'u', uid: 7, mtime: 9 }));
    assert.deepEqual([got.name, got.uname, got.uid, got.size, got.mtimeSeconds], ['n', 'u', 7, 2, 9]);
  });

  test('a key’s last record wins; of two extended headers only the second applies', () => {
    assert.equal(
      first(
        pax([
          ['path', 'one'],
          ['path', 'two'],
        ]),
        file('n'),
      ).name,
      'two',
    );
    const got = first(pax({ path: 'one', uname: 'lost' }), pax({ gname: 'kept' }), file('n'));
    assert.deepEqual([got.name, got.uname, got.gname, got.pax], ['n', '', 'kept', { gname: 'kept' }]);
    assert.equal(got.headerOffset, 0);
  });

  test('the records of an extended header apply to one entry', () => {
    const { members } = collect(tar(pax({ path: 'long', 'SCHILY.xattr.a': '1' }), file('a'), file('b')));
    assert.deepEqual(
      members.map((one) => [one.name, one.pax, one.hasAttributes]),
      [
        ['long', { path: 'long', 'SCHILY.xattr.a': '1' }, true],
        ['b', null, false],
      ],
    );
  });

  test('an extended header without records gives an empty map', () => {
    assert.deepEqual(first(pax({}), file('n')).pax, {});
  });

  test('a path that is not UTF-8 keeps its bytes', () => {
    assert.equal(first(pax({ path: latin1('\xE4/\xFF') }), file('n')).name, '\xE4/\xFF');
  });

  test('a link path applies to links', () => {
    assert.equal(first(pax({ linkpath: 'far/away' }), symlink('n', 'near')).linkname, 'far/away');
    assert.equal(first(pax({ linkpath: 'far/away' }), hardlink('n', 'near')).linkname, 'far/away');
  });

  test('times may be negative and fractional; digits after the ninth are dropped', () => {
    const times: readonly (readonly [string, number, number])[] = [
      ['0', 0, 0],
      ['1.5', 1, 500_000_000],
      ['1.', 1, 0],
      ['1.1234567899', 1, 123_456_789],
      ['-1.5', -2, 500_000_000],
      ['-0.25', -1, 750_000_000],
      ['+3.000000001', 3, 1],
      ['1350244992.023960108', 1350244992, 23_960_108],
    ];
    for (const [text, seconds, nanos] of times) {
      const got = first(pax({ mtime: text }), file('n'));
      assert.deepEqual([got.mtimeSeconds, got.mtimeNanos], [seconds, nanos], text);
    }
  });

  test("records that Go refuses are refused at the extended header's offset", () => {
    const bad: readonly (readonly [string, RegExp])[] = [
      ['path=x\n', /without its length/],
      ['6 k=v', /of the wrong length/],
      ['9 k=v\n', /of the wrong length/],
      ['5 k=v\n', /of the wrong length/],
      ['4 =\n', /of the wrong length/],
      ['0 k=v\n', /of the wrong length/],
      ['-6 k=v\n', /of the wrong length/],
      ['x k=v\n', /of the wrong length/],
      ['99999999999999999999 k=v\n', /of the wrong length/],
      ['5 kv\n', /without =/],
      ['5 =v\n', /without a key/],
      ['7 k\0=v\n', /NUL in the key/],
      ['10 path=\0\n', /NUL in the PAX record path/],
      ['17 GNU.sparse.numbytes=1\n'.replace('17', '25'), /out of order/],
    ];
    for (const [records, message] of bad) refusedAt(1024, message, file('x', 'y').subarray(0, 1024), pax(utf8(records)), file('n'));
  });

  test("numbers and times that Go refuses are refused at the entry's offset", () => {
    for (const text of ['x', '1x', '1_0', '0x10', '-', '+', '9223372036854775808', '-9223372036854775809', ' 1', '1.5']) {
      for (const key of ['uid', 'gid', 'size']) refusedAt(1024, /number in its PAX/, pax({ [key]: text }), file('n'));
    }
    for (const text of ['x', '.5', '1.x', '-', '1.-5', '99999999999999999999']) {
      for (const key of ['mtime', 'atime', 'ctime']) refusedAt(1024, /time in its PAX/, pax({ [key]: text }), file('n'));
    }
    assert.equal(first(pax({ uid: '-9223372036854775808' }), file('n')).uid, -(2 ** 63));
    assert.equal(first(pax({ uid: '000000000000000000000000000012' }), file('n')).uid, 12);
    refusedAt(1024, /negative size/, pax({ size: '-1' }), file('n'));
  });

  test('an extended header of 1 MiB is read, a longer one refused', () => {
    const value = (total: number) => 'v'.repeat(total - `${total} comment=\n`.length);
    assert.equal(first(pax({ comment: value(1 << 20) }), file('n')).pax?.comment?.length, (1 << 20) - '1048576 comment=\n'.length);
    refusedAt(0, /over 1 MiB/, pax({ comment: value((1 << 20) + 1) }), file('n'));
  });
});

describe('PAX global headers', () => {
  test('a global header is a separate entry, reported, and not applied to what follows', () => {
    const { members, findings } = collect(tar(paxGlobal({ path: 'global', mtime: '77', comment: 'c' }), file('n', 'x', { mtime: 5 })));
    assert.deepEqual(
      members.map((one) => [one.name, one.type, one.size, one.pax]),
      [
        ['global', 'global', 0, { path: 'global', mtime: '77', comment: 'c' }],
        ['n', 'file', 1, null],
      ],
    );
    assert.equal(members[1]?.mtimeSeconds, 5);
    assert.deepEqual(
      findings.map((one) => [one.code, one.offset]),
      [['global-header', 0]],
    );
  });

  test('without a path record, a global header has the name in its header block', () => {
    assert.equal(first(paxGlobal({ comment: 'c' }, { name: 'GlobalHead.0.0' })).name, 'GlobalHead.0.0');
  });

  test('extension headers before a global header are lost, as in Go, and this is reported', () => {
    const { members, findings } = collect(tar(pax({ path: 'lost' }), gnuLongName('lost too'), paxGlobal({}), file('n')));
    assert.deepEqual(
      members.map((one) => [one.name, one.headerOffset]),
      [
        ['pax_global_header', 2048],
        ['n', 2560],
      ],
    );
    assert.match(findings[0]?.message ?? '', /is lost$/);
  });

  test('a global header’s records must be well-formed; numbers needn’t be', () => {
    refusedAt(0, /without =/, paxGlobal(utf8('5 kv\n')));
    assert.equal(first(paxGlobal({ uid: 'x' })).type, 'global');
  });
});
