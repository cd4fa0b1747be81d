import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LayerTableBuilder, NO_NODE, nodePath } from '#format/layer';
import { TarReader } from '#format/tar';
import { LayerscopeError } from '#model';
import { concat, file, gnuSparse, header, latin1, pax, tar, zeros } from '../support/tar-builder.ts';
import { buildLayer, collect, inPieces, seeded, withSkips } from '../support/tar-collect.ts';
import { mutated, randomTar } from '../support/tar-random.ts';

/** Returns the result of reading: the table, or the error and the findings before it. */
function outcome(bytes: Uint8Array, feed?: Parameters<typeof buildLayer>[1]): unknown {
  try {
    return buildLayer(bytes, feed);
  } catch (error) {
    if (error instanceof LayerscopeError) return { code: error.code, offset: error.offset, message: error.message };
    throw error;
  }
}

describe('a tar is read the same however its bytes arrive', () => {
  test('pieces of any length give the same members, contents and findings', () => {
    const random = seeded(20260101);
    for (let round = 0; round < 150; round++) {
      const bytes = randomTar(random, 8, 0.2);
      const expected = collect(bytes);
      const most = [3, 100, 512, 700, 5000][round % 5] as number;
      assert.deepEqual(
        collect(
          bytes,
          inPieces(() => Math.floor(random() * most)),
        ),
        expected,
        `round ${round}`,
      );
    }
  });

  test('skipping bodies gives the same table as pushing them', () => {
    const random = seeded(20260102);
    for (let round = 0; round < 150; round++) {
      const bytes = randomTar(random, 12, 0.1);
      const expected = outcome(bytes);
      assert.deepEqual(
        outcome(
          bytes,
          withSkips(() => 1 + Math.floor(random() * 1500)),
        ),
        expected,
        `round ${round}`,
      );
      assert.deepEqual(
        outcome(
          bytes,
          inPieces(() => 1 + Math.floor(random() * 1500)),
        ),
        expected,
        `round ${round}`,
      );
    }
  });

  test('a member read again from its header offset is the same member', () => {
    const random = seeded(20260103);
    for (let round = 0; round < 60; round++) {
      const bytes = randomTar(random, 8);
      for (const member of collect(bytes).members) {
        const again = collect(bytes.subarray(member.headerOffset), undefined, member.headerOffset).members[0];
        assert.deepEqual({ ...again, truncated: false, content: '' }, { ...member, truncated: false, content: '' });
      }
    }
  });

  test('two consecutive tars read as one tar yield the rows of both', () => {
    const random = seeded(20260104);
    for (let round = 0; round < 40; round++) {
      const [one, two] = [1, 2].map(() =>
        tar(...Array.from({ length: 5 }, () => file(`d${Math.floor(random() * 9)}/f`, 'x'.repeat(round)))),
      ) as [Uint8Array, Uint8Array];
      const first = buildLayer(one).table;
      const both = buildLayer(concat(one.subarray(0, one.length - 1024), two)).table;
      const path = (table: typeof first, row: number) => Buffer.from(nodePath(table, table.node[row] as number)).toString();
      assert.equal(both.memberCount, 10);
      for (let row = 0; row < 5; row++) assert.equal(path(both, row), path(first, row));
    }
  });
});

describe('any bytes are read or refused', () => {
  const check = (bytes: Uint8Array, random: () => number) => {
    const feeds = [undefined, inPieces(() => 1 + Math.floor(random() * 2000)), withSkips(() => 1 + Math.floor(random() * 2000))];
    const [expected, ...others] = feeds.map((feed) => outcome(bytes, feed));
    for (const other of others) assert.deepEqual(other, expected);
    collect(bytes);
  };

  test('random bytes end in a LayerscopeError or a table', () => {
    const random = seeded(20260105);
    for (let round = 0; round < 300; round++) {
      check(
        Uint8Array.from({ length: Math.floor(random() * 3000) }, () => Math.floor(random() * 256)),
        random,
      );
    }
  });

  test('random blocks with correct checksums end in a LayerscopeError or a table', () => {
    const random = seeded(20260106);
    for (let round = 0; round < 300; round++) {
      const blocks = Array.from({ length: 1 + Math.floor(random() * 6) }, () => {
        const at: Record<number, Uint8Array> = {};
        for (let i = Math.floor(random() * 8); i >= 0; i--) {
          at[Math.floor(random() * 505)] = Uint8Array.from({ length: 6 }, () => Math.floor(random() * 256));
        }
        return header({ name: 'n', size: Math.floor(random() * 3) * 512, typeflag: 'xgLK0S5\0'.charCodeAt(Math.floor(random() * 8)), at });
      });
      check(concat(...blocks, zeros(Math.floor(random() * 2048))), random);
    }
  });

  test('tars with changed, missing or truncated bytes end in a LayerscopeError or a table', () => {
    const random = seeded(20260107);
    for (let round = 0; round < 400; round++) check(mutated(random, randomTar(random, 6, 0.3)), random);
  });

  test('a table is consistent: parents before children, nodes inside the tree, columns of the stated length', () => {
    const random = seeded(20260108);
    for (let round = 0; round < 100; round++) {
      const { table } = buildLayer(randomTar(random, 30));
      for (let node = 1; node < table.nodeCount; node++) assert.ok((table.nodeParent[node] as number) < node);
      for (const node of table.node) assert.ok(node === NO_NODE || node < table.nodeCount);
      for (const meta of table.meta) assert.ok(meta < table.metas.length);
      for (const link of table.link) assert.ok(link < table.linkStart.length);
      const members = [
        table.node,
        table.type,
        table.flags,
        table.size,
        table.mtimeSeconds,
        table.headerBlock,
        table.headerBlocks,
        table.meta,
        table.link,
      ];
      for (const column of members) assert.equal(column.length, table.memberCount);
      const nodes = [table.nodeParent, table.nodeHash, table.nodeNameStart.subarray(1)];
      for (const column of nodes) assert.equal(column.length, table.nodeCount);
      assert.equal(table.nodeNameStart[table.nodeCount], table.nodeNames.length);
      assert.deepEqual(structuredClone(table), table);
    }
  });
});

describe('hostile sizes', () => {
  test('a body of petabytes costs nothing until it arrives', () => {
    const reader = new TarReader(new LayerTableBuilder());
    reader.push(header({ name: 'huge', size: '77777777777' }));
    assert.equal(reader.wantedSkip, 8 ** 11 - 1 + 1);
  });

  test('a sparse file of petabytes is listed as one row', () => {
    const { table } = buildLayer(
      tar(
        pax({ 'GNU.sparse.map': '0,1', 'GNU.sparse.numblocks': '1', 'GNU.sparse.size': String(2 ** 50) }),
        file('s', 'x'),
        gnuSparse('t', 5, [[0, 5]], 'hello'),
      ),
    );
    assert.deepEqual([...table.size], [2 ** 50, 5]);
  });

  test('hundreds of long names take no more memory than their bytes', () => {
    const names = Array.from({ length: 100 }, (_, i) => concat(pax({ path: `${i}/${'d/'.repeat(4000)}f` }), file('x')));
    const { table } = buildLayer(tar(...names));
    assert.ok(table.nodeCount <= 100 * 4002 + 1);
  });

  test('a name with one component may be 64 kB long; a longer one is a finding, not a row', () => {
    const name = 'n'.repeat(65_536);
    const { table } = buildLayer(tar(pax({ path: name }), file('x')));
    assert.deepEqual(nodePath(table, table.node[0] as number), latin1(name));
    const longer = buildLayer(tar(pax({ path: 'n'.repeat(1_000_000) }), file('x'), file('y')));
    assert.deepEqual(
      longer.findings.map(({ code }) => code),
      ['name-too-long'],
    );
    assert.deepEqual(nodePath(longer.table, longer.table.node.at(-1) as number), latin1('y'));
  });
});
