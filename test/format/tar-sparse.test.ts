import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { base256, concat, directory, file, gnuSparse, latin1, padded, pax, paxSparse, tar, zeros } from '../support/tar-builder.ts';
import { collect, inPieces } from '../support/tar-collect.ts';

type Pairs = [number, number][];

/** More one-byte pieces at odd offsets than fit in a header. */
const ODD_BYTES: Pairs = Array.from({ length: 60 }, (_, i) => [i * 2 + 1, 1]);

const FORMS = [
  ['old GNU', (map: Pairs, size: number, stored: string) => gnuSparse('sparse', size, map, stored)],
  ['PAX 0.0', (map: Pairs, size: number, stored: string) => paxSparse('0.0', 'sparse', size, map, stored)],
  ['PAX 0.1', (map: Pairs, size: number, stored: string) => paxSparse('0.1', 'sparse', size, map, stored)],
  ['PAX 1.0', (map: Pairs, size: number, stored: string) => paxSparse('1.0', 'sparse', size, map, stored)],
] as const;

function refused(message: RegExp, ...parts: Uint8Array[]): void {
  const { error } = collect(tar(...parts));
  assert.equal(error?.code, 'BAD_TAR');
  assert.match(error?.message ?? '', message);
}

for (const [form, make] of FORMS) {
  describe(`sparse files, ${form}`, () => {
    test('sparse files have their real name and size, with holes as zeros, and the next entry is found', () => {
      const { members, codes } = collect(
        tar(
          make(
            [
              [2, 5],
              [18, 3],
            ],
            25,
            'abcdefgh',
          ),
          file('next', 'small'),
        ),
      );
      assert.deepEqual(codes, []);
      assert.equal(members[0]?.content, '\0\0abcde\0\0\0\0\0\0\0\0\0\0\0fgh\0\0\0\0');
      assert.deepEqual([members[0]?.name, members[0]?.size], ['sparse', 25]);
      assert.deepEqual(members[0]?.sparse, [
        [2, 5],
        [18, 3],
      ]);
      assert.deepEqual([members[1]?.name, members[1]?.content], ['next', 'small']);
    });

    test('a sparse map with many entries is read at once or in pieces of any length', () => {
      const bytes = tar(make(ODD_BYTES, 130, 'x'.repeat(60)), file('next', 'small'));
      const { members, codes } = collect(bytes);
      assert.deepEqual(codes, []);
      assert.equal(members[0]?.content, '\0x'.repeat(60).padEnd(130, '\0'));
      assert.equal(members[1]?.content, 'small');
      for (const length of [1, 7, 511, 512, 513])
        assert.deepEqual(
          collect(
            bytes,
            inPieces(() => length),
          ).members,
          members,
        );
    });

    test('a sparse file may be one hole, or have no holes', () => {
      const { members, codes } = collect(tar(make([[1000, 0]], 1000, ''), make([[0, 4]], 4, 'full'), file('next')));
      assert.deepEqual(codes, []);
      assert.deepEqual(
        members.map((one) => [one.size, one.content]),
        [
          [1000, '\0'.repeat(1000)],
          [4, 'full'],
          [0, ''],
        ],
      );
    });

    test('sparse pieces that overlap, are out of order, or exceed the size are refused', () => {
      for (const map of [
        [
          [0, 5],
          [4, 5],
        ],
        [
          [10, 5],
          [0, 5],
        ],
        [[21, 5]],
        [[0, 26]],
      ] as Pairs[]) {
        refused(/contradicts itself/, make(map, 25, 'x'.repeat(10)));
      }
    });

    test('a sparse map with more or fewer bytes than are stored is reported', () => {
      for (const stored of ['abcd', 'abcdef']) assert.deepEqual(collect(tar(make([[0, 5]], 10, stored))).codes, ['sparse-mismatch']);
    });
  });
}

describe('old GNU sparse files', () => {
  test("the body of an old GNU sparse file follows the extension blocks, and its stored size is the header's", () => {
    const { members } = collect(tar(gnuSparse('s', 130, ODD_BYTES, 'x'.repeat(60))));
    assert.deepEqual([members[0]?.bodyOffset, members[0]?.dataOffset, members[0]?.storedSize], [512 * 4, 512 * 4, 60]);
    assert.equal(members[0]?.format, 'gnu');
  });

  test('sizes and offsets of old GNU sparse files may be base-256', () => {
    const entry = concat(base256(2 ** 33, 12), base256(1, 12));
    const { members } = collect(tar(gnuSparse('s', 0, [], 'x', { at: { 386: entry, 483: base256(2 ** 34, 12) } })));
    assert.deepEqual([members[0]?.size, members[0]?.sparse], [2 ** 34, [[2 ** 33, 1]]]);
  });

  test('old GNU sparse files are refused in headers of other formats', () => {
    refused(/in a format other than GNU/, gnuSparse('s', 5, [[0, 5]], 'hello', { format: 'star' }));
  });

  test('malformed numbers in an old GNU sparse file are refused', () => {
    refused(/malformed sparse map/, gnuSparse('s', 5, [[0, 5]], 'hello', { at: { 386: 'x' } }));
    refused(
      /malformed sparse map/,
      gnuSparse('s', 5, [[0, 5]], 'hello', { at: { 386: latin1('00000000000\x0000000000005\0'), 483: '9' } }),
    );
  });

  test('endless extension blocks are refused before they fill memory', () => {
    const endless = zeros(512);
    endless[504] = 1;
    const blocks = Array.from({ length: 2100 }, () => endless);
    refused(/too long/, gnuSparse('s', 5, [[0, 5]], '', { at: { 482: '\x01' } }), ...blocks);
  });
});

describe('PAX sparse files', () => {
  test('in PAX 1.0 the sparse map is part of the stored body, and data begins after it', () => {
    const { members } = collect(tar(paxSparse('1.0', 'sparse', 25, [[2, 5]], 'abcde')));
    const [got] = members;
    assert.deepEqual([got?.name, got?.storedSize], ['sparse', 517]);
    assert.equal((got?.dataOffset ?? 0) - (got?.bodyOffset ?? 0), 512);
  });

  test('a PAX 1.0 sparse map that is too long, has too many numbers or other content is refused', () => {
    const records = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '10' };
    const withMap = (map: string) => concat(pax(records), file('s', concat(padded(latin1(map)), latin1('data'))));
    refused(/no room/, pax(records), file('s', '0\n'));
    refused(/no room/, withMap('5000\n0\n'));
    refused(/malformed/, withMap('x\n'));
    refused(/malformed/, withMap('-1\n'));
    refused(/malformed/, withMap('1\n0\n\n'));
    refused(/malformed/, withMap('9223372036854775808\n'));
    refused(/without a body/, pax({ ...records, 'GNU.sparse.major': '0', 'GNU.sparse.numblocks': '0' }), directory('d/'));
    refused(/malformed/, pax(records), file('s', `1000000\n${'1\n'.repeat(1 << 20)}`));
  });

  test('a PAX 0.1 sparse map whose count is wrong or missing is refused', () => {
    for (const blocks of ['1', '3', '-1', 'x', '']) {
      refused(/malformed/, pax({ 'GNU.sparse.map': '0,1,2,1', 'GNU.sparse.numblocks': blocks, 'GNU.sparse.size': '5' }), file('s', 'xy'));
    }
    refused(/malformed/, pax({ 'GNU.sparse.map': '0,', 'GNU.sparse.numblocks': '1', 'GNU.sparse.size': '5' }), file('s', 'xy'));
  });

  test('a sparse file with an unknown version is a plain file that contains its map', () => {
    const { members } = collect(
      tar(pax({ 'GNU.sparse.major': '2', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'real' }), file('s', 'body')),
    );
    assert.deepEqual([members[0]?.name, members[0]?.content, members[0]?.sparse], ['s', 'body', null]);
  });

  test('a sparse file’s own name wins over a PAX path', () => {
    const records = { path: 'p', 'GNU.sparse.name': 'real', 'GNU.sparse.map': '0,2', 'GNU.sparse.numblocks': '1', 'GNU.sparse.size': '2' };
    assert.equal(collect(tar(pax(records), file('s', 'xy'))).members[0]?.name, 'real');
  });

  test('a sparse map truncated by the end of the input is reported', () => {
    const bytes = concat(file('whole'), paxSparse('1.0', 's', 10, [[0, 4]], 'data'));
    const got = collect(bytes.subarray(0, bytes.length - 1024 + 100));
    assert.deepEqual([got.members.length, got.codes], [1, ['truncated']]);
  });
});
