import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { breakDown, buildStack, changesOf, FILE_TYPES, fileTypeOf, firstOpen, subtreeTotals, viewAt, wasteOf, wholeImage } from '#changes';
import { KIND_NAMES, type RowTable, rowPath } from '#model';
import { dir, file, hardlink, layer, type MemberFixture } from '../support/layer-fixture.ts';
import { randomLayers } from '../support/random-layers.ts';

const stackOf = (...layers: MemberFixture[][]) => buildStack(layers.map(layer));
const pathOf = (rows: RowTable, row: number) => Buffer.from(rowPath(rows, row)).toString('latin1');

function whole(rows: RowTable) {
  const { size, hidden } = subtreeTotals(rows);
  const sums = { shown: 0, hidden: 0 };
  for (let row = 0; row < rows.length; row = rows.subtreeEnd[row] as number) {
    sums.shown += size[row] as number;
    sums.hidden += hidden[row] as number;
  }
  return sums;
}

describe('the most wasteful files', () => {
  it('the most wasteful files include the largest for each cause, even if it is small, within the limit', () => {
    const bottom = [...[90, 80, 70].map((size, at) => file(`d/${at}`, size)), file('etc/passwd', 2), file('same', 1)];
    const stack = stackOf(bottom, [{ whiteout: 'd' }, file('etc/passwd', 3), file('same', 1)]);
    const listed = (limit: number) => {
      const { files } = wasteOf(stack, limit, [{ path: Buffer.from('same'), bytes: 1 }]);
      return files.map(({ path, wastedBytes, cause }) => [Buffer.from(path).toString('latin1'), wastedBytes, cause]);
    };
    const [first, second] = [
      ['d/0', 90, 'deleted'],
      ['d/1', 80, 'deleted'],
    ];
    const small = [
      ['etc/passwd', 2, 'overwritten'],
      ['same', 1, 'rewritten'],
    ];
    assert.deepEqual(listed(4), [first, second, ...small]);
    assert.deepEqual(listed(3), [first, ...small]);
    assert.deepEqual(listed(1), [first]);
    assert.deepEqual(listed(0), []);
  });
});

describe('a whole image’s rows', () => {
  it('a whole image’s rows add up to the totals of visible and hidden bytes, whatever the layers do', () => {
    for (let seed = 1; seed <= 400; seed++) {
      const stack = buildStack(randomLayers(seed).map(layer));
      const rows = wholeImage(stack);
      assert.deepEqual(whole(rows), { shown: stack.totals.finalBytes, hidden: stack.totals.wastedBytes }, `seed ${seed}`);
      const sums = breakDown(rows, 'image', { limit: 100_000 });
      assert.deepEqual([sums.bytes, sums.hiddenBytes], [stack.totals.finalBytes, stack.totals.wastedBytes], `seed ${seed}`);
      assert.equal(sums.files, breakDown(viewAt(stack, stack.layers.length - 1), 'view', { limit: 0 }).files, `seed ${seed}`);
      const hidden = new Map<string, number>();
      for (let row = 0; row < rows.length; row++)
        if (rows.hiddenBytes[row] !== 0) hidden.set(pathOf(rows, row), rows.hiddenBytes[row] as number);
      const wasted = wasteOf(stack, Number.MAX_SAFE_INTEGER).files;
      assert.deepEqual(
        hidden,
        new Map(wasted.map(({ path, wastedBytes }) => [Buffer.from(path).toString('latin1'), wastedBytes])),
        `seed ${seed}`,
      );
    }
  });

  it('a whole image’s rows mark hidden and rewritten paths', () => {
    const rows = wholeImage(
      stackOf([dir('d'), file('d/gone', 7), file('twice', 5), file('once', 3)], [{ whiteout: 'd' }, file('twice', 6)]),
    );
    const found = Array.from({ length: rows.length }, (_, row) => [
      pathOf(rows, row),
      KIND_NAMES[rows.kind[row] as number],
      rows.size[row],
      rows.hiddenBytes[row],
      rows.layer[row],
    ]);
    assert.deepEqual(found, [
      ['d', 'removed', 0, 0, 0xffff],
      ['d/gone', 'removed', 7, 7, 0],
      ['once', 'unchanged', 3, 0, 0],
      ['twice', 'modified', 6, 5, 1],
    ]);
  });

  it('a whole image’s rows name the layer that wrote hidden bytes, and the one that hid them', () => {
    const rows = wholeImage(
      stackOf(
        [file('gone', 7), file('twice', 5), dir('cache'), file('cache/x', 3), file('linked', 2)],
        [file('gone', 8), file('twice', 6), file('linked', 4)],
        [{ whiteout: 'gone' }, { opaque: 'cache' }, file('again', 1)],
        [hardlink('other', 'linked'), { whiteout: 'linked' }, file('again', 9), file('twice', 1)],
      ),
    );
    const found = new Map(
      Array.from({ length: rows.length }, (_, row) => [
        pathOf(rows, row),
        [rows.layer[row], rows.previousLayer[row], rows.hiddenBy[row], rows.hiddenBytes[row]],
      ]),
    );
    const none = 0xffff;
    assert.deepEqual(found.get('gone'), [1, none, 2, 15]);
    assert.deepEqual(found.get('cache/x'), [0, none, 2, 3]);
    assert.deepEqual(found.get('twice'), [3, 1, 3, 11]);
    assert.deepEqual(found.get('again'), [3, 2, 3, 1]);
    // This path's latest body is still shown, by a link.
    assert.deepEqual(found.get('linked'), [0, none, 3, 2]);
    assert.deepEqual(found.get('other'), [3, none, none, 0]);
  });

  it('a whole image’s rows attribute hidden bytes to a layer that wrote some at that path, whatever the layers do', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const stack = buildStack(randomLayers(seed).map(layer));
      const rows = wholeImage(stack);
      const wasted = new Map(
        wasteOf(stack, Number.MAX_SAFE_INTEGER).files.map((each) => [Buffer.from(each.path).toString('latin1'), each]),
      );
      for (let row = 0; row < rows.length; row++) {
        const of = wasted.get(pathOf(rows, row));
        const at = `seed ${seed}, ${pathOf(rows, row)}`;
        if (of === undefined) {
          assert.equal(rows.hiddenBy[row], 0xffff, at);
          continue;
        }
        const writer = (KIND_NAMES[rows.kind[row] as number] === 'removed' ? rows.layer[row] : rows.previousLayer[row]) as number;
        assert.ok(of.layers.includes(writer), `${at}: layer ${writer}`);
        // A layer that contains a path twice hides the first occurrence itself.
        assert.ok([of.hiddenBy, writer].includes(rows.hiddenBy[row] as number), at);
      }
    }
  });

  it('a whole image counts a body that only a link shows at that link', () => {
    const rows = wholeImage(stackOf([file('a', 9), hardlink('b', 'a'), hardlink('c', 'a')], [{ whiteout: 'a' }]));
    assert.deepEqual(whole(rows), { shown: 9, hidden: 0 });
    assert.deepEqual(
      Array.from({ length: rows.length }, (_, row) => pathOf(rows, row)),
      ['b', 'c'],
    );
  });
});

describe('a breakdown', () => {
  const stack = stackOf(
    [
      dir('usr'),
      dir('usr/lib'),
      file('usr/lib/a.so.3', 50),
      file('usr/lib/b.so', 20),
      file('usr/tool', 10, { mode: 0o755 }),
      file('big.bin', 90),
    ],
    [{ whiteout: 'big.bin' }, dir('app'), file('app/x.js', 30), hardlink('app/y.js', 'app/x.js'), file('app/notes', 1)],
  );

  it('a breakdown adds up by kind of file, folder, layer and size', () => {
    const rows = wholeImage(stack);
    const found = breakDown(rows, 'image', { limit: 3 });
    assert.deepEqual(
      found.types.map(({ type, files, bytes, hiddenBytes, extensions }) => [FILE_TYPES[type], files, bytes, hiddenBytes, extensions]),
      [
        ['data', 0, 0, 90, ['.bin']],
        ['libraries', 2, 70, 0, ['.so']],
        ['source', 2, 30, 0, ['.js']],
        ['programs', 1, 10, 0, []],
        ['other', 1, 1, 0, []],
      ],
    );
    const paths = (list: typeof found.parts) =>
      list.map(({ row, files, bytes, hiddenBytes }) => [pathOf(rows, row), files, bytes, hiddenBytes]);
    assert.deepEqual(paths(found.parts), [
      ['big.bin', 0, 0, 90],
      ['usr', 3, 80, 0],
      ['app', 3, 31, 0],
    ]);
    assert.deepEqual(paths(found.biggest), [
      ['big.bin', 0, 0, 90],
      ['usr/lib/a.so.3', 1, 50, 0],
      ['app/x.js', 1, 30, 0],
    ]);
    assert.deepEqual(found.layers, [
      { layer: 0, files: 3, bytes: 80, hiddenBytes: 0 },
      { layer: 1, files: 3, bytes: 31, hiddenBytes: 0 },
    ]);
    assert.equal(pathOf(rows, found.largestFolder), 'usr/lib');
    assert.equal(pathOf(rows, found.mostHidden), 'big.bin');
  });

  it('a breakdown of changes has as many hidden bytes as its rows, with or without comparing contents', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const stack = buildStack(randomLayers(seed).map(layer));
      for (let at = 0; at < stack.layers.length; at++) {
        const rows = changesOf(stack, at, at);
        const { hidesBytes } = breakDown(rows, 'changes', { limit: 1 });
        assert.equal(hidesBytes, whole(rows).hidden, `seed ${seed}, layer ${at}`);
        // The hidden bytes are known without comparing contents.
        assert.equal(breakDown(changesOf(stack, at, at, { sums: 'ignored' }), 'changes', { limit: 1 }).hidesBytes, hidesBytes);
      }
    }
  });

  it('a breakdown names a deep folder with many of the bytes, rather than a top-level folder', () => {
    const lines = stackOf(
      [
        ...['usr', 'usr/lib', 'usr/lib/x', 'usr/bin', 'usr/share', 'var', 'var/cache', 'var/cache/apt'].map((name) => dir(name)),
        ...[file('usr/lib/x/a', 40), file('usr/lib/x/b', 50), file('usr/bin/c', 60), file('usr/share/d', 4)],
        ...[1, 2, 3].map((each) => file(`var/cache/apt/${each}`, 40)),
      ],
      [{ whiteout: 'usr' }, { whiteout: 'var' }],
    );
    const rows = wholeImage(lines);
    const found = breakDown(rows, 'image', { limit: 1 });
    assert.deepEqual([pathOf(rows, found.largestFolder), found.largestBytes], ['var/cache/apt', 120]);
    assert.deepEqual([pathOf(rows, found.mostHidden), found.mostHiddenBytes], ['var/cache/apt', 120]);
    const none = wholeImage(stackOf([file('a', 1)]));
    const { largestFolder, mostHidden } = breakDown(none, 'image', { limit: 1 });
    assert.deepEqual([largestFolder, mostHidden], [-1, -1]);
  });

  it('a breakdown says which layers wrote and hid the path with the most hidden bytes, and what became of it', () => {
    const inOf = (...layers: MemberFixture[][]) => breakDown(wholeImage(stackOf(...layers)), 'image', { limit: 1 }).mostHiddenIn;
    const parts = ['a', 'b', 'c'].map((name) => file(`cache/${name}`, 30));
    assert.deepEqual(inOf([file('base')], parts, [file('other')], [{ whiteout: 'cache' }]), {
      written: { from: 1, to: 1 },
      hidden: { from: 3, to: 3 },
      fate: 'deleted',
    });
    const again = ['a', 'b', 'c'].map((name) => file(`cache/${name}`, 1));
    assert.deepEqual(inOf(parts.slice(0, 1), parts.slice(1), again.slice(0, 2), again.slice(2)), {
      written: { from: 0, to: 1 },
      hidden: { from: 2, to: 3 },
      fate: 'changed',
    });
    assert.equal(inOf(parts, [...again.slice(0, 2), { whiteout: 'cache/c' }])?.fate, 'mixed');
    assert.equal(inOf(parts), null);
  });

  it('a breakdown of one folder includes only its content', () => {
    const rows = wholeImage(stack);
    const usr = Array.from({ length: rows.length }, (_, row) => pathOf(rows, row)).indexOf('usr');
    const found = breakDown(rows, 'image', { row: usr, limit: 10 });
    assert.deepEqual([found.files, found.folders, found.bytes], [3, 1, 80]);
    assert.deepEqual(
      found.parts.map(({ row }) => pathOf(rows, row)),
      ['usr/lib', 'usr/tool'],
    );
  });
});

describe('a file’s kind', () => {
  it('a file’s kind follows from its name or, if that is not enough, from its mode', () => {
    const names: readonly [string, string, number?][] = [
      ['libssl.so.3', 'libraries'],
      ['libssl.so.1.1.0', 'libraries'],
      ['x.SO', 'libraries'],
      ['so.1', 'documents'],
      ['a.tar.gz', 'archives'],
      ['model.safetensors', 'models'],
      ['python3.11', 'programs', 0o755],
      ['python3.11', 'other'],
      ['.bashrc', 'other'],
      ['ls.1', 'documents'],
      ['noextension', 'other'],
      ['evil.\u0001', 'other'],
      ['x.notanextension', 'other'],
    ];
    for (const [name, wanted, mode = 0o644] of names) {
      const rows = viewAt(stackOf([file(name, 1, { mode })]), 0);
      assert.equal(FILE_TYPES[fileTypeOf(rows, 0)], wanted, name);
    }
  });
});

describe('a kind’s extensions', () => {
  it('a kind’s extensions exclude what follows a dot in an executable’s name', () => {
    const names = ['sbin/mkfs.minix', 'sbin/mkfs.cramfs', 'bin/python3.11', 'bin/tool'];
    const rows = viewAt(stackOf([...names.map((name) => file(name, 5, { mode: 0o755 })), file('tool.exe', 2), file('notes.minix', 1)]), 0);
    const { types, extensions } = breakDown(rows, 'view', { limit: 9 });
    const of = types.map(({ type, files, extensions: each }) => [FILE_TYPES[type], files, each]);
    assert.deepEqual(of, [
      ['programs', 5, ['.exe']],
      ['other', 1, ['.minix']],
    ]);
    assert.deepEqual(
      extensions.map(({ extension, files }) => [extension, files]),
      [
        ['', 4],
        ['.exe', 1],
        ['.minix', 1],
      ],
    );
  });
});

describe('folders that are open initially', () => {
  const rows = viewAt(
    stackOf(
      [
        dir('small'),
        file('small/a', 1),
        dir('large'),
        dir('large/deep'),
        file('large/deep/a', 100),
        file('large/b', 10),
        ...Array.from({ length: 50 }, (_, at) => file(`many/${at}`, 50)),
      ],
      [file('new/b', 0)],
    ),
    1,
  );
  const opened = (room: number) => [...firstOpen(rows, subtreeTotals(rows), room)].map((row) => pathOf(rows, row));

  it('the largest folders that fit are open initially', () => {
    assert.deepEqual(opened(5), ['large', 'large/deep']);
    // Small folders stay closed, unless they have changes or everything fits.
    assert.deepEqual(opened(40), ['large', 'large/deep', 'new']);
    assert.deepEqual(opened(70), ['large', 'large/deep', 'many', 'new', 'small']);
  });

  it('a chain of only children is open initially', () => {
    const chain = viewAt(stackOf([file('a/b/c/d', 1)]), 0);
    assert.deepEqual(
      [...firstOpen(chain, subtreeTotals(chain), 1)].map((row) => pathOf(chain, row)),
      ['a', 'a/b', 'a/b/c'],
    );
    const wide = viewAt(stackOf([1, 2, 3, 4].map((at) => file(`a/b/d${at}/e`, 1))), 0);
    assert.deepEqual(
      [...firstOpen(wide, subtreeTotals(wide), 2)].map((row) => pathOf(wide, row)),
      ['a', 'a/b'],
    );
  });
});

it('folders to open are found in linear time', () => {
  const many = 3_000;
  const rows = wholeImage(
    buildStack([
      layer(
        Array.from({ length: many }, (_, at) => at).flatMap((at) =>
          Array.from({ length: 30 }, (__, each) => file(`d${String(at).padStart(5, '0')}/f${each}`, at + 1)),
        ),
      ),
    ]),
  );
  const totals = subtreeTotals(rows);
  let asked = 0;
  const size = new Proxy(totals.size, {
    get(target, key) {
      asked++;
      return Reflect.get(target, key, target);
    },
  });
  assert.deepEqual([...firstOpen(rows, { ...totals, size })], []);
  assert.ok(asked < many * 60, `${asked} sizes requested`);
});
