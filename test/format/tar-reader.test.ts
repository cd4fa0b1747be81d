import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TarReader } from '#format/tar';
import {
  base256,
  concat,
  directory,
  END_MARKER,
  file,
  gnuLongLink,
  gnuLongName,
  hardlink,
  header,
  latin1,
  member,
  pax,
  symlink,
  tar,
  zeros,
} from '../support/tar-builder.ts';
import { collect } from '../support/tar-collect.ts';

const only = (bytes: Uint8Array) => {
  const { members, error } = collect(bytes);
  assert.equal(error, null);
  assert.equal(members.length, 1);
  return members[0] as (typeof members)[number];
};

const refused = (bytes: Uint8Array, message: RegExp, offset = 0) => {
  const { members, error } = collect(bytes);
  assert.equal(error?.code, 'BAD_TAR');
  assert.match(error?.message ?? '', message);
  assert.equal(error?.offset, offset);
  return members;
};

describe('header formats', () => {
  test('a V7 header has no owner names, devices or prefix, whatever their bytes are', () => {
    const got = only(tar(file('a/b', 'body', { format: 'v7', at: { 265: 'someone', 345: 'not a prefix' } })));
    assert.equal(got.name, 'a/b');
    assert.equal(got.format, 'v7');
    assert.equal(got.uname, '');
    assert.equal(got.content, 'body');
  });

  test('the prefix of a ustar header is joined to the name', () => {
    const got = only(tar(file('n'.repeat(100), '', { prefix: 'p'.repeat(155) })));
    assert.equal(got.name, `${'p'.repeat(155)}/${'n'.repeat(100)}`);
    assert.equal(got.format, 'ustar');
  });

  test('the prefix of a star header is 131 bytes, and the times after it only have to be numbers', () => {
    const times = { 476: '14371234567\0', 488: '14371234567\0' };
    assert.equal(only(tar(file('n', '', { format: 'star', prefix: 'p'.repeat(131), at: times }))).name, `${'p'.repeat(131)}/n`);
    refused(tar(file('n', '', { format: 'star', at: { 476: 'no time' } })), /number is malformed/);
  });

  test('a GNU header has times instead of a prefix', () => {
    const got = only(tar(file('n', '', { format: 'gnu', at: { 345: '14371234567\x0014371234567\0' } })));
    assert.equal(got.name, 'n');
    assert.equal(got.format, 'gnu');
  });

  test('a GNU header with ASCII text instead of times has a prefix, as Go before 1.8 wrote it', () => {
    assert.equal(only(tar(file('n', '', { format: 'gnu', prefix: 'some/folder' }))).name, 'some/folder/n');
    assert.equal(only(tar(file('n', '', { format: 'gnu', at: { 345: latin1('f\xF6lder') } }))).name, 'n');
  });

  test('a header with GNU’s magic but a different version is V7', () => {
    assert.equal(only(tar(file('n', '', { format: 'gnu', at: { 263: '00' } }))).format, 'v7');
  });

  test('the checksum may be the sum of signed bytes, and padded in any way', () => {
    assert.equal(only(tar(file(latin1('\xE4\xF6\xFC'), '', { checksum: 'signed' }))).name, '\xE4\xF6\xFC');
    refused(tar(file('n', '', { checksum: 'wrong' })), /checksum is wrong/);
    refused(tar(file('n', '', { checksum: 'zzz' })), /checksum is wrong/);
  });

  test('a name may fill its field without a NUL', () => {
    const got = only(tar(symlink('n'.repeat(100), 'l'.repeat(100), { uname: 'u'.repeat(32), gname: 'g'.repeat(32) })));
    assert.equal(got.name.length, 100);
    assert.equal(got.linkname.length, 100);
    assert.equal(got.uname.length, 32);
    assert.equal(got.gname.length, 32);
  });

  test('all fields of a plain header are read', () => {
    const fields = { mode: 0o104755, uid: 1000, gid: 100, mtime: 1764036549, uname: 'me', gname: 'us' };
    const got = only(tar(member({ name: 'dev', typeflag: '3', devMajor: 8, devMinor: 17, ...fields })));
    assert.deepEqual([got.mode, got.uid, got.gid, got.mtimeSeconds, got.mtimeNanos], [0o104755, 1000, 100, 1764036549, 0]);
    assert.deepEqual([got.type, got.devMajor, got.devMinor, got.uname, got.gname], ['character', 8, 17, 'me', 'us']);
  });
});

describe('numbers', () => {
  test('octal numbers may be surrounded by spaces and NULs, and end at a NUL', () => {
    const numbers: readonly (readonly [string, number])[] = [
      ['0000017\0', 0o17],
      ['     17 ', 0o17],
      ['\0\x0017\0\0\0\0', 0o17],
      ['17 \x00\0\0\0\0', 0o17],
      ['17\0junk!', 0o17],
      ['00000017', 0o17],
      ['        ', 0],
      ['\0\0\0\0\0\0\0\0', 0],
    ];
    for (const [text, value] of numbers) assert.equal(only(tar(file('n', '', { uid: text }))).uid, value, JSON.stringify(text));
  });

  test('an invalid octal number is refused in every field', () => {
    for (const text of ['8', '1 7', '17x', '-1', '+1', '0x1', '17 \x00 7'.slice(0, 8)]) {
      for (const key of ['mode', 'uid', 'gid', 'mtime', 'devMajor', 'devMinor'] as const) {
        refused(tar(file('n', '', { [key]: text })), /number is malformed/);
      }
      refused(tar(file('n', '', { size: text })), /number is malformed/);
    }
  });

  test('a bad device number in a V7 header is ignored', () => {
    assert.equal(only(tar(file('n', '', { format: 'v7', at: { 329: 'x' } }))).name, 'n');
  });

  test('base-256 numbers are read, including negative ones', () => {
    const got = only(
      tar(file('n', '', { uid: base256(-2, 8), gid: base256(2 ** 40, 8), mtime: base256(-1, 12), mode: base256(0o755, 8) })),
    );
    assert.deepEqual([got.uid, got.gid, got.mtimeSeconds, got.mode], [-2, 2 ** 40, -1, 0o755]);
  });

  test('a size may be base-256', () => {
    const got = collect(tar(file('n', 'hello', { size: base256(5, 12) }), file('next')));
    assert.deepEqual(
      got.members.map((one) => [one.name, one.content]),
      [
        ['n', 'hello'],
        ['next', ''],
      ],
    );
  });

  test('a base-256 number with more than 63 bits is refused, one with 63 is not', () => {
    refused(tar(file('n', '', { mtime: base256(2n ** 63n, 12) })), /number is malformed/);
    assert.equal(only(tar(file('n', '', { mtime: base256(2n ** 63n - 1n, 12) }))).mtimeSeconds, 2 ** 63);
    assert.equal(only(tar(file('n', '', { mtime: base256(-(2n ** 63n), 12) }))).mtimeSeconds, -(2 ** 63));
    refused(tar(file('n', '', { mtime: base256(-(2n ** 63n) - 1n, 12) })), /number is malformed/);
  });

  test('a size over 2^53 is refused, in base-256 and in PAX', () => {
    refused(tar(file('n', '', { size: base256(2n ** 53n + 1n, 12) })), /size over 2\^53/);
    refused(tar(pax({ size: String(2n ** 53n + 1n) }), file('n')), /size over 2\^53/, 1024);
  });

  test('a size just below 2^53 is accepted, even though its body is truncated', () => {
    const { members, codes } = collect(header({ name: 'n', size: base256(2 ** 52, 12) }));
    assert.equal(members[0]?.size, 2 ** 52);
    assert.deepEqual(codes, ['truncated']);
  });

  test('a negative size is refused, except for entries without a body', () => {
    refused(tar(file('n', '', { size: base256(-1, 12) })), /negative size/);
    assert.equal(only(tar(directory('d/', { size: base256(-1, 12) }))).size, 0);
  });

  test('numbers equal to those in the previous header are read correctly, even if PAX overrode them there', () => {
    const { members } = collect(
      tar(
        pax({ uid: '7', mtime: '9.5' }),
        file('a', '', { uid: 1, mtime: 2 }),
        file('b', '', { uid: 1, mtime: 2 }),
        file('c', '', { uid: 3 }),
      ),
    );
    assert.deepEqual(
      members.map((one) => [one.uid, one.mtimeSeconds, one.mtimeNanos]),
      [
        [7, 9, 500_000_000],
        [1, 2, 0],
        [3, 0, 0],
      ],
    );
  });

  test('a device number that differs from the previous header’s only in its last byte is noticed', () => {
    const { members } = collect(
      tar(
        member({ name: 'a', typeflag: '3', devMajor: '0000001\0', devMinor: '00000011' }),
        member({ name: 'b', typeflag: '3', devMajor: '0000001\0', devMinor: '00000012' }),
      ),
    );
    assert.deepEqual(
      members.map((one) => one.devMinor),
      [0o11, 0o12],
    );
  });
});

describe('types', () => {
  test('flags have the types that Go gives them', () => {
    const flags = {
      '0': 'file',
      '\0': 'file',
      '7': 'file',
      '1': 'hardlink',
      '2': 'symlink',
      '3': 'character',
      '4': 'block',
      '5': 'directory',
      '6': 'fifo',
    };
    for (const [flag, type] of Object.entries(flags)) assert.equal(only(tar(member({ name: 'n', typeflag: flag }))).type, type);
  });

  test('an old header whose name ends in a slash is a directory, and has no body', () => {
    const { members } = collect(tar(member({ name: 'd/', typeflag: '\0', size: 5 }), file('next', 'x')));
    assert.deepEqual(
      members.map((one) => [one.name, one.type, one.size]),
      [
        ['d/', 'directory', 0],
        ['next', 'file', 1],
      ],
    );
  });

  test('types without a body have none, whatever size their header states', () => {
    const parts = ['1', '2', '3', '4', '5', '6'].map((typeflag) => member({ name: `n${typeflag}`, typeflag, size: 1000 }));
    const { members, codes } = collect(tar(...parts, file('last', 'x')));
    assert.deepEqual(codes, []);
    assert.deepEqual(
      members.map((one) => one.size),
      [0, 0, 0, 0, 0, 0, 1],
    );
  });

  test('an unknown type is reported, and its body skipped', () => {
    const { members, findings } = collect(
      tar(member({ name: 'n', typeflag: 'V' }, 'volume'), member({ name: 'm', typeflag: 0x90 }), file('x')),
    );
    assert.deepEqual(
      members.map((one) => [one.type, one.size]),
      [
        ['other', 6],
        ['other', 0],
        ['file', 0],
      ],
    );
    assert.deepEqual(
      findings.map((one) => [one.code, one.offset]),
      [
        ['unknown-type', 0],
        ['unknown-type', 1024],
      ],
    );
    assert.match(findings[0]?.message ?? '', /type V$/);
    assert.match(findings[1]?.message ?? '', /type 0x90$/);
  });
});

describe('GNU long names', () => {
  test('a long name and a long link name belong to the next entry only', () => {
    const { members } = collect(
      tar(gnuLongName('n'.repeat(300)), gnuLongLink('l'.repeat(300)), symlink('short', 'short'), symlink('x', 'y')),
    );
    assert.deepEqual(
      members.map((one) => [one.name.length, one.linkname.length]),
      [
        [300, 300],
        [1, 1],
      ],
    );
    assert.deepEqual([members[0]?.headerOffset, members[0]?.ownHeaderOffset, members[0]?.bodyOffset], [0, 2048, 2560]);
  });

  test('a long name ends at its first NUL; an empty one is ignored; the last of two wins', () => {
    assert.equal(only(tar(gnuLongName('abc\0def'), file('short'))).name, 'abc');
    assert.equal(only(tar(gnuLongName(''), file('short'))).name, 'short');
    assert.equal(only(tar(gnuLongName('one'), gnuLongName('two'), file('short'))).name, 'two');
  });

  test('a long name of exactly 1 MiB is read, a longer one refused', () => {
    assert.equal(only(tar(gnuLongName('n'.repeat((1 << 20) - 1)), file('short'))).name.length, (1 << 20) - 1);
    refused(tar(gnuLongName('n'.repeat(1 << 20)), file('short')), /over 1 MiB/);
  });

  for (const [order, parts] of [
    ['GNU first', [gnuLongName('from-gnu'), pax({ path: 'from-pax' })]],
    ['PAX first', [pax({ path: 'from-pax' }), gnuLongName('from-gnu')]],
  ] as const) {
    test(`a GNU name wins over a PAX path, ${order}, and this is reported`, () => {
      const { members, findings } = collect(tar(directory('d/'), ...parts, file('short')));
      assert.equal(members[1]?.name, 'from-gnu');
      assert.deepEqual(
        findings.map((one) => [one.code, one.offset]),
        [['ambiguous-name', 512]],
      );
    });
  }

  test('a GNU link name wins over a PAX linkpath; two equal names are not ambiguous', () => {
    const links = collect(tar(gnuLongLink('gnu'), pax({ linkpath: 'pax', path: 'n' }), gnuLongName('n'), hardlink('short', 'short')));
    assert.deepEqual([links.members[0]?.linkname, links.members[0]?.name], ['gnu', 'n']);
    assert.deepEqual(links.codes, ['ambiguous-name']);
  });
});

describe('ends of tars', () => {
  const one = file('n', 'x');

  test('a tar without bytes, or with only zeros, is empty', () => {
    for (const bytes of [new Uint8Array(0), zeros(1024), zeros(10240)]) {
      assert.deepEqual(collect(bytes), { members: [], findings: [], codes: [], error: null });
    }
  });

  test('the end marker may be missing, as may the last body’s padding', () => {
    for (const bytes of [one, one.subarray(0, 513), one.subarray(0, 700)]) {
      const got = collect(bytes);
      assert.deepEqual(got.codes, ['missing-end-marker']);
      assert.equal(got.members[0]?.content, 'x');
    }
  });

  test('half an end marker is reported', () => {
    assert.deepEqual(collect(concat(one, zeros(512))).codes, ['missing-end-marker']);
    assert.deepEqual(collect(concat(one, zeros(700))).codes, ['missing-end-marker']);
  });

  test('a zero block before a header is refused, as in Go', () => {
    assert.equal(refused(concat(one, zeros(512), one), /single zero block/, 1536).length, 1);
  });

  test('zeros after the end are fine; other bytes are reported once, with their offset', () => {
    assert.deepEqual(collect(concat(tar(one), zeros(5000))).codes, []);
    const junk = concat(tar(one), zeros(100), latin1('junk'), zeros(100), latin1('more'));
    assert.deepEqual(
      collect(junk).findings.map(({ code, offset }) => [code, offset]),
      [['trailing-data', 2148]],
    );
  });

  test('a second tar after the end marker is trailing data, not entries', () => {
    const got = collect(concat(tar(one), tar(file('second'))));
    assert.deepEqual([got.members.length, got.codes], [1, ['trailing-data']]);
  });

  test('a truncated body is reported and its entry marked; earlier entries are complete', () => {
    const got = collect(concat(one, file('cut', 'y'.repeat(1000)).subarray(0, 900)));
    assert.deepEqual(
      got.members.map((entry) => entry.truncated),
      [false, true],
    );
    assert.deepEqual(
      got.findings.map(({ code, offset }) => [code, offset]),
      [['truncated', 1924]],
    );
    assert.match(got.findings[0]?.message ?? '', /612 bytes are missing/);
  });

  test('a truncated header is reported', () => {
    assert.deepEqual(collect(concat(one, one.subarray(0, 300))).codes, ['truncated']);
  });

  test('an extension header that is truncated or has no entry is reported', () => {
    const long = gnuLongName('n'.repeat(600));
    assert.deepEqual(collect(concat(one, long.subarray(0, 800))).codes, ['truncated']);
    assert.deepEqual(collect(concat(one, long)).codes, ['truncated']);
    assert.deepEqual(collect(concat(one, pax({ path: 'x' }))).codes, ['truncated']);
    assert.deepEqual(collect(tar(one, pax({ path: 'x' }))).codes, ['truncated']);
  });

  test('an invalid header throws an error with its offset, after the entries before it', () => {
    const bad = file('bad', '', { checksum: 'wrong' });
    assert.deepEqual(
      refused(tar(one, bad, file('never')), /byte 1024: the checksum/, 1024).map((entry) => entry.name),
      ['n'],
    );
  });
});

describe('the reader as a state machine', () => {
  const nothing = { member: () => {}, finding: () => {} };

  test('the reader ignores further bytes after a failure, and reports nothing at the end', () => {
    const findings: string[] = [];
    const reader = new TarReader({ member: () => assert.fail(), finding: (finding) => findings.push(finding.code) });
    assert.throws(() => reader.push(latin1('x'.repeat(512))), { code: 'BAD_TAR' });
    reader.push(tar(file('n')));
    reader.end();
    assert.deepEqual([reader.done, findings], [true, []]);
  });

  test('the reader knows which bytes are not needed, and refuses to skip more', () => {
    const reader = new TarReader(nothing);
    reader.push(header({ name: 'n', size: 1000 }));
    assert.equal(reader.wantedSkip, 1024);
    assert.throws(() => reader.skip(1025), { code: 'INTERNAL' });
    reader.skip(1024);
    assert.equal(reader.wantedSkip, 0);
    assert.equal(reader.offset, 1536);
    reader.push(END_MARKER);
    assert.equal(reader.done, true);
  });

  test('a handler may stop the reader at a member, and offsets may start anywhere', () => {
    const names: string[] = [];
    let offset = 0;
    const reader: TarReader = new TarReader(
      {
        member(got) {
          names.push(Buffer.from(got.name).toString());
          offset = got.bodyOffset;
          reader.stop();
        },
        finding: () => assert.fail(),
      },
      { baseOffset: 5120 },
    );
    reader.push(concat(pax({ path: 'long' }), file('a'), file('b')));
    reader.end();
    assert.deepEqual([names, offset, reader.done], [['long'], 5120 + 1536, true]);
  });

  test('bytes at any alignment in memory are read the same way', () => {
    const bytes = tar(file('a', 'x'), pax({ path: 'y' }), file('b', 'z'));
    for (let shift = 0; shift < 8; shift++) {
      const room = new Uint8Array(bytes.length + 8);
      room.set(bytes, shift);
      assert.deepEqual(collect(room.subarray(shift, shift + bytes.length)), collect(bytes));
    }
  });
});
