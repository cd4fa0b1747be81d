import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildStack, buildStackInTurns, changesOf, lookup, resolveBody, type Stack, streamsOf, viewAt } from '#changes';
import { decodeUtf8, KIND, type RowTable, rowPath, TYPE } from '#model';
import { bytes, dir, file, hardlink, layer, type MemberFixture, symlink } from '../support/layer-fixture.ts';
import { rowLines } from '../support/row-text.ts';

function stackOf(...layers: readonly (readonly MemberFixture[] | null)[]): Stack {
  return buildStack(layers.map((members) => (members === null ? null : layer(members))));
}

function counts(stack: Stack, at: number): readonly [number, number, number] {
  const summary = stack.summaries[at];
  return [summary?.added ?? -1, summary?.modified ?? -1, summary?.removed ?? -1];
}

/** Checks that every order of the top layer's members results in these changes. */
function inAnyOrder(lower: readonly (readonly MemberFixture[])[], top: readonly MemberFixture[], expected: readonly string[]): Stack {
  for (const order of permutations(top)) {
    assert.deepEqual(rowLines(changesOf(stackOf(...lower, order), lower.length, lower.length)), expected);
  }
  return stackOf(...lower, top);
}

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]];
  return list.flatMap((first, i) => permutations([...list.slice(0, i), ...list.slice(i + 1)]).map((rest) => [first, ...rest]));
}

function paths(rows: RowTable): string[] {
  return Array.from({ length: rows.length }, (_, row) => new TextDecoder().decode(rowPath(rows, row)));
}

describe('a stack of layers', () => {
  it('a stack without layers, or with only empty and unreadable layers, has efficiency 1', () => {
    assert.deepEqual(stackOf().totals, { files: 0, fileBytes: 0, finalBytes: 0, wastedBytes: 0, efficiency: 1 });
    const stack = stackOf([], null, [dir('')]);
    assert.equal(stack.totals.efficiency, 1);
    assert.deepEqual(stack.summaries[1], { entries: 0, fileBytes: 0, added: 0, modified: 0, removed: 0 });
    assert.deepEqual(stack.summaries[2], { entries: 1, fileBytes: 0, added: 0, modified: 0, removed: 0 });
    assert.equal(changesOf(stack, 0, 2).length, 0);
  });

  it('lists what a layer adds in depth-first order, with the folders that lead to it', () => {
    const stack = stackOf([dir('a'), file('a/x', 5), file('a-b', 2), file('b/deep/y', 7)]);
    const rows = changesOf(stack, 0, 0);
    assert.deepEqual(rowLines(rows, { unchanged: true }), ['+ a/', '+ a/x', '+ a-b', '  b/', '  b/deep/', '+ b/deep/y']);
    assert.deepEqual([...rows.parent], [-1, 0, -1, -1, 3, 4]);
    assert.deepEqual([...rows.subtreeEnd], [2, 2, 3, 6, 6, 6]);
    assert.deepEqual(stack.totals, { files: 3, fileBytes: 14, finalBytes: 14, wastedBytes: 0, efficiency: 1 });
  });

  it('calls a file modified if the layer contains it again, a folder only if it differs', () => {
    const base = [dir('d', { mtime: 1 }), file('d/f', 3), file('g', 4)];
    const stack = stackOf(
      base,
      [dir('d', { mtime: 9 }), file('d/f', 3)],
      [dir('d', { mode: 0o700 })],
      [dir('d', { mode: 0o40700, uid: 5 })],
    );
    assert.deepEqual(rowLines(changesOf(stack, 1, 1)), ['~ d/f (0 3) [unread]']);
    assert.deepEqual(rowLines(changesOf(stack, 2, 2)), ['~ d/ [mode,time]']);
    assert.deepEqual(rowLines(changesOf(stack, 3, 3)), ['~ d/ [owner]']);
    assert.deepEqual(stack.totals, { files: 2, fileBytes: 10, finalBytes: 7, wastedBytes: 3, efficiency: 0.7 });
  });

  it('calls a folder modified if its attribute values differ', () => {
    const stack = stackOf(
      [dir('d', { attributes: { 'security.capability': 'x' } })],
      [dir('d', { attributes: { 'security.capability': 'x' } })],
      [dir('d', { attributes: { 'security.capability': 'y' } })],
    );
    assert.deepEqual(rowLines(changesOf(stack, 1, 1)), []);
    assert.deepEqual(rowLines(changesOf(stack, 2, 2)), ['~ d/ [attributes]']);
  });

  it('calls an implied folder modified if a layer has an entry for it', () => {
    const stack = stackOf([file('d/f')], [dir('d')], [dir('d')]);
    assert.deepEqual(rowLines(changesOf(stack, 1, 1)), ['~ d/']);
    assert.deepEqual(rowLines(changesOf(stack, 2, 2)), []);
    assert.deepEqual(
      [counts(stack, 1), counts(stack, 2)],
      [
        [0, 1, 0],
        [0, 0, 0],
      ],
    );
  });

  it('counts a removed folder as one change, with the total of what it hid', () => {
    const stack = inAnyOrder(
      [[dir('d'), dir('d/e'), file('d/e/x', 5), file('d/y', 2), file('z')]],
      [{ whiteout: 'd' }],
      ['- d/ (whiteout 3 7)'],
    );
    assert.deepEqual(counts(stack, 1), [0, 0, 1]);
    assert.equal(stack.totals.wastedBytes, 7);
  });

  it('hides the lower content of a folder that is whited out and added again, and keeps the layer’s own', () => {
    inAnyOrder(
      [[dir('d'), file('d/old', 5), dir('d/sub'), file('d/sub/a', 1), file('d/both', 2)]],
      [{ whiteout: 'd' }, dir('d'), file('d/new', 1), file('d/both', 4)],
      ['~ d/both (0 2) [content]', '+ d/new', '- d/old (whiteout 0 5)', '- d/sub/ (whiteout 1 1)'],
    );
  });

  it('makes a whited-out folder implied if only its content is added again', () => {
    const stack = inAnyOrder(
      [[dir('d', { mode: 0o700 }), file('d/old', 5)]],
      [{ whiteout: 'd' }, file('d/new', 1)],
      ['+ d/new', '- d/old (whiteout 0 5)'],
    );
    const rows = viewAt(stack, 1);
    assert.equal(rows.mode[0], 0o755);
  });

  it('lets an opaque marker hide lower content only, wherever it is in the tar', () => {
    const stack = inAnyOrder(
      [[dir('d'), file('d/a', 5), dir('d/e'), file('d/e/x', 2), file('d/b', 3)]],
      [file('d/b', 1), { opaque: 'd' }, file('d/c', 1)],
      ['- d/a (opaque 0 5)', '~ d/b (0 3) [content]', '+ d/c', '- d/e/ (opaque 1 2)'],
    );
    const rows = changesOf(stack, 1, 1);
    assert.deepEqual(rowLines(rows, { unchanged: true })[0], '  d/ (opaque 3 7)');
  });

  it('lets the root’s opaque marker hide everything below', () => {
    const stack = inAnyOrder(
      [[dir('a'), file('a/x', 2), file('b', 3)]],
      [{ opaque: '' }, file('a/y')],
      ['- a/x (opaque 0 2)', '+ a/y', '- b (opaque 0 3)'],
    );
    assert.deepEqual(counts(stack, 1), [1, 0, 2]);
  });

  it('reports the nearest cause as the reason, and counts everything below in the topmost removed path', () => {
    inAnyOrder(
      [[dir('a'), dir('a/b'), file('a/b/c', 4), file('a/b/d', 1), file('a/z', 2)]],
      [{ opaque: 'a' }, { whiteout: 'a/b/c' }, dir('a/b')],
      ['- a/b/c (whiteout 0 4)', '- a/b/d (opaque 0 1)', '- a/z (opaque 0 2)'],
    );
    // The marker in a/b implies that folder, so the folder exists again.
    inAnyOrder([[dir('a'), dir('a/b'), file('a/b/c', 4)]], [{ whiteout: 'a' }, { whiteout: 'a/b/c' }], ['- a/b/c (whiteout 0 4)']);
  });

  it('calls a folder modified if something else replaced it, and reports what that hid', () => {
    const stack = inAnyOrder(
      [[dir('d'), file('d/x', 5), dir('d/e'), file('d/e/y', 6)]],
      [symlink('d', 'elsewhere')],
      ['~ d (replaced 3 11) [type,mode]'],
    );
    const rows = changesOf(stack, 1, 1);
    assert.deepEqual([rows.previousLayer[0], rows.previousEntry[0], rows.layer[0], rows.entry[0]], [0, 0, 1, 0]);
    assert.deepEqual(paths(viewAt(stack, 1)), ['d']);
  });

  it('calls a file modified if content below it replaces it with an implied folder', () => {
    const stack = stackOf([file('a', 5)], [file('a/b', 1)]);
    assert.deepEqual(rowLines(changesOf(stack, 1, 1)), ['~ a/ (replaced 0 5) [type,mode]', '+ a/b']);
    assert.deepEqual(counts(stack, 1), [1, 1, 0]);
    assert.equal(stack.totals.wastedBytes, 5);
    assert.deepEqual(stack.findings, []);
  });

  it('reports a symbolic link replaced by an implied folder, whether content or a whiteout implies it', () => {
    const below = [dir('usr'), dir('usr/lib'), file('usr/lib/libc.so', 5), symlink('lib', 'usr/lib')];
    for (const above of [[file('lib/x', 1)], [{ whiteout: 'lib/libc.so' }], [{ opaque: 'lib' }]]) {
      const stack = stackOf(below, above);
      const rows = changesOf(stack, 1, 1);
      assert.equal(rowLines(rows)[0], '~ lib/ (replaced 0 0) [type,mode]');
      assert.deepEqual(
        stack.findings.filter(({ code }) => code === 'symlink-replaced').map(({ path, layer }) => [path, layer]),
        [['lib', 1]],
      );
      const view = viewAt(stack, 1);
      assert.deepEqual(paths(view).slice(0, 1), ['lib']);
      assert.equal(view.type[0], TYPE.directory);
      assert.ok(paths(view).includes('usr/lib/libc.so'));
    }
  });

  it('reports an opaque marker in a folder that is empty in the layers below', () => {
    const reported = (below: MemberFixture[], above: MemberFixture[]): (string | undefined)[] =>
      stackOf(below, above)
        .findings.filter(({ code }) => code === 'whiteout-without-target')
        .map(({ path }) => path);
    assert.deepEqual(reported([dir('d'), file('d/x')], [{ opaque: 'd' }]), []);
    assert.deepEqual(reported([dir('d')], [{ opaque: 'd' }]), ['d']);
    assert.deepEqual(reported([file('d')], [{ opaque: 'd' }, file('d/x')]), ['d']);
    assert.deepEqual(reported([], [dir('d'), { opaque: 'd' }]), ['d']);
  });

  it('gives an implied folder the mode and owner of the nearest folder below, hidden or not', () => {
    const modeOf = (...layers: MemberFixture[][]): string => {
      const view = viewAt(stackOf(...layers), layers.length - 1);
      const row = paths(view).indexOf('a/d');
      return `${(view.mode[row] as number).toString(8)} ${view.uid[row]}`;
    };
    const below = [dir('a', { mode: 0o755 }), dir('a/d', { mode: 0o700, uid: 7 }), file('a/d/x')];
    assert.equal(modeOf(below, [{ opaque: 'a' }, file('a/d/y')]), '700 7');
    // A whiteout in a layer in between ends the search, because the folder did not exist there.
    assert.equal(modeOf(below, [{ whiteout: 'a/d' }], [file('a/d/y')]), '755 0');
    assert.equal(modeOf(below, [{ whiteout: 'a/d' }, file('a/d/y')]), '755 0');
    assert.equal(modeOf([file('a')], [file('a/d/y')]), '755 0');
    // containerd follows a link in the layer below when it looks for the folder.
    assert.equal(modeOf([dir('b', { mode: 0o711, uid: 3 }), dir('a'), symlink('a/d', '../b')], [file('a/d/y')]), '711 3');
    // A folder that is also implied in the layer below keeps the mode and owner that it has there.
    assert.equal(modeOf(below, [{ opaque: 'a' }, file('a/d/y')], [{ opaque: 'a' }, file('a/d/z')]), '700 7');
  });

  it('uses the last of several members with the same path, but counts the bytes of all', () => {
    const stack = stackOf([dir('p'), file('p', 5), file('q', 1), dir('q'), file('r', 3), file('r', 4)]);
    assert.deepEqual(rowLines(changesOf(stack, 0, 0)), ['+ p', '+ q/', '+ r']);
    assert.deepEqual(stack.summaries[0], { entries: 6, fileBytes: 13, added: 3, modified: 0, removed: 0 });
    assert.deepEqual(stack.totals, { files: 2, fileBytes: 13, finalBytes: 9, wastedBytes: 4, efficiency: 9 / 13 });
  });

  it('ignores members that are only in the raw list, but counts them as entries unless they are global headers', () => {
    const stack = stackOf([{ raw: 'file', size: 9 }, { raw: 'global' }, { raw: 'other' }, file('a', 2)]);
    assert.deepEqual(stack.summaries[0], { entries: 3, fileBytes: 2, added: 1, modified: 0, removed: 0 });
    assert.deepEqual(paths(viewAt(stack, 0)), ['a']);
  });

  it('reports a whiteout without a target, which has no effect', () => {
    const stack = stackOf([file('a')], [{ whiteout: 'gone' }, { whiteout: 'a' }], [{ whiteout: 'a' }]);
    assert.deepEqual(
      stack.findings.map(({ code, layer: at, path, severity }) => [code, at, path, severity]),
      [
        ['whiteout-without-target', 1, 'gone', 'note'],
        ['whiteout-without-target', 2, 'a', 'note'],
      ],
    );
    assert.deepEqual(counts(stack, 2), [0, 0, 0]);
  });

  it('keeps at most 1,000 findings with the same code in a layer, then one that counts the rest', () => {
    const many = Array.from({ length: 1_500 }, (_, i) => ({ whiteout: `gone-${i}` }));
    const { findings } = stackOf(many);
    assert.equal(findings.length, 1_000);
    assert.match(findings.at(-1)?.message ?? '', /^501 more/);
  });

  it('lets a layer remove a path and add it again', () => {
    const stack = stackOf([file('a', 5)], [{ whiteout: 'a' }], [file('a', 2)]);
    assert.deepEqual(rowLines(changesOf(stack, 2, 2)), ['+ a']);
    assert.deepEqual(rowLines(changesOf(stack, 1, 2)), ['~ a (0 5) [content]']);
    assert.deepEqual(rowLines(changesOf(stack, 0, 2)), ['+ a']);
    assert.deepEqual(rowLines(changesOf(stack, 0, 1)), []);
  });

  it('distinguishes names that are not UTF-8', () => {
    const stack = stackOf([file(Uint8Array.of(0xe4)), file(Uint8Array.of(0xf6))]);
    assert.deepEqual(rowLines(changesOf(stack, 0, 0)), ['+ \\xE4', '+ \\xF6']);
  });

  it('refuses layers that do not exist', () => {
    const stack = stackOf([file('a')]);
    assert.throws(() => changesOf(stack, 0, 1), { code: 'NOT_FOUND' });
    assert.throws(() => changesOf(stack, -1, 0), { code: 'NOT_FOUND' });
    assert.throws(() => viewAt(stack, 1), { code: 'NOT_FOUND' });
    assert.throws(() => changesOf(stackOf([], []), 1, 0), { code: 'NOT_FOUND' });
  });
});

describe('the view at a layer', () => {
  const stack = stackOf([dir('d'), file('d/x', 5), file('e/y', 1)], [file('d/x', 6), file('d/z', 1)], [{ whiteout: 'd/z' }, dir('d')]);

  it('the view at a layer has every path with the layer that last wrote it, and marks what that layer did', () => {
    assert.deepEqual(rowLines(viewAt(stack, 1), { unchanged: true }), ['  d/', '~ d/x (0 5) [content]', '+ d/z', '  e/', '  e/y']);
    const rows = viewAt(stack, 2);
    assert.deepEqual(rowLines(rows, { unchanged: true }), ['  d/', '  d/x', '  e/', '  e/y']);
    assert.deepEqual([...rows.layer], [2, 1, 0xffff, 0]);
    assert.ok(rows.kind.every((kind) => kind === KIND.unchanged));
  });

  it('an entry of the view is looked up by path', () => {
    assert.deepEqual(lookup(stack, 0, bytes('d/x')), { layer: 0, member: 1 });
    assert.deepEqual(lookup(stack, 2, bytes('./d//x/')), { layer: 1, member: 0 });
    assert.deepEqual(lookup(stack, 2, bytes('/e')), { layer: 0, member: 0xffff_ffff });
    assert.equal(lookup(stack, 2, bytes('d/z')), null);
    assert.equal(lookup(stack, 0, bytes('d/z')), null);
    assert.equal(lookup(stack, 2, bytes('d/../d/x')), null);
    assert.equal(lookup(stack, 2, bytes('')), null);
    assert.equal(lookup(stack, -1, bytes('d')), null);
    assert.equal(lookup(stack, 99, bytes('nothing')), null);
  });

  it('finds the alternate data streams of a file at each layer', () => {
    const stack = stackOf(
      [file('d/a'), file('d/a:zone', 3), file('d/ab:no'), dir('d/a:folder'), file('d/a:'), file('d/b')],
      [{ whiteout: 'd/a:zone' }, file('d/a:new'), file('d/a:also')],
    );
    const names = (at: number, path: string) => streamsOf(stack, at, bytes(path)).map(({ name }) => decodeUtf8(name));
    assert.deepEqual(names(0, 'd/a'), ['zone']);
    assert.deepEqual(names(1, 'd/a'), ['also', 'new']);
    assert.deepEqual(streamsOf(stack, 0, bytes('d/a'))[0]?.at, { layer: 0, member: 1 });
    assert.deepEqual([names(1, 'd/b'), names(1, 'd/none'), names(-1, 'd/a')], [[], [], []]);
  });
});

describe('hard links', () => {
  it('hard links keep their bytes when the file is removed or overwritten', () => {
    const stack = stackOf([file('a', 10)], [hardlink('b', 'a')], [{ whiteout: 'a' }], [file('a', 3)], [{ whiteout: 'b' }]);
    assert.deepEqual(resolveBody(stack, 3, bytes('b')), { layer: 0, member: 0 });
    assert.deepEqual(resolveBody(stack, 3, bytes('a')), { layer: 3, member: 0 });
    assert.deepEqual(rowLines(changesOf(stack, 2, 2)), ['- a (whiteout 0 0)'], 'the body is still shown');
    assert.deepEqual(rowLines(changesOf(stack, 4, 4)), ['- b (whiteout 0 10)'], 'the body is no longer shown');
    assert.deepEqual(stack.totals, { files: 1, fileBytes: 13, finalBytes: 3, wastedBytes: 10, efficiency: 3 / 13 });
  });

  it('hard links count a body once as long as any of its names is visible', () => {
    const stack = stackOf([file('a', 10), hardlink('b', 'a'), hardlink('c', './b')], [{ whiteout: 'a' }]);
    assert.deepEqual(stack.totals, { files: 2, fileBytes: 10, finalBytes: 10, wastedBytes: 0, efficiency: 1 });
    assert.deepEqual([...viewAt(stack, 1).size], [10, 10]);
  });

  it('hard links may come before their targets, in chains', () => {
    const stack = stackOf([hardlink('c', 'b'), hardlink('b', 'a'), file('a', 4)]);
    for (const path of ['a', 'b', 'c']) assert.deepEqual(resolveBody(stack, 0, bytes(path)), { layer: 0, member: 2 });
    assert.deepEqual(stack.findings, []);
  });

  it('a hard link prefers the layer’s own file to the one below, even if the lower one is hidden', () => {
    const stack = stackOf([file('a', 4), file('b', 5)], [hardlink('l', 'a'), file('a', 6), { whiteout: 'b' }, hardlink('m', 'b')]);
    assert.deepEqual(resolveBody(stack, 1, bytes('l')), { layer: 1, member: 1 });
    assert.deepEqual(resolveBody(stack, 1, bytes('m')), { layer: 0, member: 1 });
  });

  it('hard links that dangle, form a cycle or point outside are reported; those to symlinks are not', () => {
    const stack = stackOf([
      hardlink('x', 'y'),
      hardlink('y', 'x'),
      hardlink('self', 'self'),
      hardlink('lost', 'nowhere'),
      hardlink('behind', 'lost'),
      hardlink('out', '../etc/passwd'),
      dir('d'),
      hardlink('folder', 'd'),
      symlink('s', 'd'),
      hardlink('fine', 's'),
    ]);
    assert.deepEqual(
      stack.findings.map(({ code, path }) => [code, path]),
      ['x', 'y', 'self', 'lost', 'behind', 'out', 'folder'].map((path) => ['dangling-hardlink', path]),
    );
    assert.equal(stack.totals.files, 0);
    assert.equal(resolveBody(stack, 0, bytes('x')), null);
    assert.equal(resolveBody(stack, 0, bytes('fine')), null);
  });

  it('hard links to the same body don’t change the content', () => {
    const stack = stackOf([file('a', 4), file('b', 4)], [hardlink('b', 'a')], [hardlink('b', 'a')]);
    assert.deepEqual(rowLines(changesOf(stack, 1, 1)), ['~ b (0 4) [type,unread]']);
    assert.deepEqual(rowLines(changesOf(stack, 2, 2)), ['~ b [rewritten]']);
  });

  it('hard links that dangle in lower layers are followed to a file that the layer adds, once per target', { timeout: 60_000 }, () => {
    const folder = 'd/'.repeat(1_000);
    const lower = Array.from({ length: 70 }, (_, i) => [hardlink(i === 0 ? 'x' : `${folder}p${i}`, `${folder}p${i + 1}`)]);
    const links = Array.from({ length: 40_000 }, (_, i) => hardlink(`l${i}`, 'x'));
    const dangling = stackOf(...lower, links);
    assert.deepEqual([dangling.totals.files, dangling.findings.filter(({ layer }) => layer === 70).length], [0, 1_000]);
    assert.match(dangling.findings.at(-2)?.message ?? '', /whose target is not there: x$/);
    assert.equal(stackOf(...lower, [file(`${folder}p70`, 3), ...links]).totals.files, 40_001);
  });

  it('hard links that dangle in a circle lead to nothing', () => {
    const stack = stackOf([hardlink('a', 'b')], [hardlink('b', 'a')], [hardlink('c', 'a'), hardlink('d', 'b')]);
    assert.deepEqual([stack.totals.files, stack.findings.length], [0, 4]);
  });

  it('following dangling hard links stops, with a finding, once their paths are longer than in any image', () => {
    const targets = Array.from({ length: 6 }, (_, i) => [hardlink(`p${i}`, `${'./'.repeat(400_000)}p${i + 1}`)]);
    const stack = stackOf(...targets, [hardlink('l', 'p0')]);
    assert.match(stack.findings.at(-1)?.message ?? '', /whose target takes too many steps to find: p0$/);
    assert.equal(stackOf(...targets.slice(0, 4), [file('p4'), hardlink('l', 'p0')]).findings.at(-1)?.layer, 3);
  });

  it('a chain of 50,000 hard links is followed', () => {
    const links = Array.from({ length: 50_000 }, (_, i) => hardlink(`l${i}`, i === 0 ? 'a' : `l${i - 1}`));
    const stack = stackOf([...links.reverse(), file('a', 4)]);
    assert.equal(stack.totals.files, 50_001);
    assert.equal(stack.totals.finalBytes, 4);
  });
});

describe('thousands of layers', () => {
  it('thousands of layers may each have an opaque marker in a folder that is already empty', { timeout: 60_000 }, () => {
    const base = layer(Array.from({ length: 400_000 }, (_, i) => file(`f${i}`)));
    const marker = layer([{ opaque: '' }]);
    const stack = buildStack([base, ...Array.from({ length: 9_000 }, () => marker)]);
    assert.deepEqual([stack.totals.files, stack.summaries[1]?.removed, stack.summaries[2]?.removed], [0, 400_000, 0]);
  });

  it('thousands of layers may hide and show the same paths again and again', () => {
    const [shows, hides] = [[file('d/a'), file('d/b'), dir('d/e')], [{ opaque: 'd' }]];
    const stack = stackOf(...Array.from({ length: 20 }, () => [shows, hides, [file('d/b')], [{ whiteout: 'd/b' }]]).flat());
    assert.deepEqual(
      stack.summaries.slice(-4).map(({ added, removed }) => [added, removed]),
      [
        [3, 0],
        [0, 3],
        [1, 0],
        [0, 1],
      ],
    );
  });

  it('thousands of layers are stacked in turns, and a caller can end the work between turns', async () => {
    let turns = 0;
    const rest = async () => {
      if (++turns === 3) throw new Error('enough');
    };
    await assert.rejects(
      buildStackInTurns(
        Array.from({ length: 10 }, () => layer([file('f')])),
        rest,
      ),
      /enough/,
    );
    assert.equal(turns, 3);
  });
});

describe('names that differ by case', () => {
  const members = [file('doc/PAM.7.gz', 3), file('doc/pam.7.gz', 4)];

  it('names that differ by case are two files in a Linux image', () => {
    const stack = buildStack([layer(members)], { caseInsensitive: false });
    assert.equal(stack.totals.files, 2);
    assert.deepEqual(stack.findings, []);
  });

  it('names that differ by case are one file in a Windows image: the last wins, with a finding', () => {
    const stack = buildStack([layer(members)], { caseInsensitive: true });
    assert.deepEqual(stack.totals, { files: 1, fileBytes: 7, finalBytes: 4, wastedBytes: 3, efficiency: 4 / 7 });
    assert.deepEqual(
      stack.findings.map(({ code, path }) => [code, path]),
      [['case-collision', 'doc/pam.7.gz']],
    );
    assert.deepEqual(lookup(stack, 0, bytes('DOC/Pam.7.GZ')), { layer: 0, member: 1 });
  });

  it('names are two files in a Windows image if NTFS distinguishes them, as with ı and I, µ and Μ, and letters beyond the BMP', () => {
    const names = ['straße', 'STRASSE', 'ı', 'I', 'ſ', 'S', 'ﬁ', 'FI', 'µ', '\u039c', '𐐨', '𐐀'];
    const stack = buildStack([layer(names.map((name) => file(name, 1)))], { caseInsensitive: true });
    assert.equal(stack.totals.files, names.length);
    assert.deepEqual(stack.findings, []);
  });

  it('names that differ by case are one across layers of a Windows image, without a finding', () => {
    const stack = buildStack([layer([dir('Files'), file('Files/Ä.txt', 3)]), layer([file('files/ä.TXT', 5)])], { caseInsensitive: true });
    assert.deepEqual(stack.findings, []);
    assert.equal(stack.totals.files, 1);
    assert.equal(stack.summaries[1]?.modified, 1);
  });

  it('names that differ by case hide each other across layers of a Windows image', () => {
    const stack = buildStack(
      [layer([file('Files/README', 3), file('Files/x', 1)]), layer([{ whiteout: 'files/readme' }, file('FILES/Readme', 1)])],
      {
        caseInsensitive: true,
      },
    );
    assert.deepEqual(stack.findings, [], 'a whiteout in one case with an entry in another is a rename');
    assert.deepEqual([stack.summaries[1]?.added, stack.summaries[1]?.modified, stack.summaries[1]?.removed], [0, 1, 0]);
  });

  it('only ASCII letters are folded in names that are not UTF-8', () => {
    const stack = buildStack(
      [layer([file(Uint8Array.of(0x41, 0xc4), 1), file(Uint8Array.of(0x61, 0xc4), 1), file(Uint8Array.of(0x61, 0xe4), 1)])],
      {
        caseInsensitive: true,
      },
    );
    assert.equal(stack.totals.files, 2);
  });

  it('a Windows image shows names as the layer spells them, in the order of their bytes', () => {
    const layers = [
      [dir('Files'), file('Files/App.txt', 1), file('Files/Beta', 1)],
      [file('files/APP.TXT', 2)],
      [{ whiteout: 'FILES/beta' }],
    ];
    const stack = buildStack(
      layers.map((members) => layer(members as MemberFixture[])),
      { caseInsensitive: true },
    );
    assert.deepEqual(paths(viewAt(stack, 0)), ['Files', 'Files/App.txt', 'Files/Beta']);
    assert.deepEqual(paths(viewAt(stack, 1)), ['Files', 'Files/APP.TXT', 'Files/Beta']);
    assert.deepEqual(rowLines(changesOf(stack, 1, 1)), ['~ Files/APP.TXT (0 1) [content]']);
    assert.deepEqual(rowLines(changesOf(stack, 2, 2)), ['- Files/Beta (whiteout 0 1)']);
    assert.deepEqual(lookup(stack, 1, bytes('FILES/app.txt')), { layer: 1, member: 0 });
    const swapped = buildStack([layer([file('B'), file('a')]), layer([file('b'), file('A')])], { caseInsensitive: true });
    assert.deepEqual(paths(viewAt(swapped, 0)), ['B', 'a']);
    assert.deepEqual(paths(viewAt(swapped, 1)), ['A', 'b']);
  });
});

describe('names that Windows reserves or refuses', () => {
  const members = [
    dir('Files/NUL'),
    file('Files/NUL/plain', 1),
    file('Files/con.txt', 1),
    file('Files/implied./x', 1),
    file('Files/f', 1),
    file('Files/f:stream', 1),
    file('Files/back\\slash', 1),
    { whiteout: 'Files/aux' },
    file('UtilityVM/Files/a?', 1),
    file('UtilityVM/aux', 1),
    file('Hives/System_Delta:x:', 1),
    file('other/lpt1', 1),
  ];

  it('names that Windows reserves or refuses are findings in a Windows image, one for each distinct name', () => {
    const { findings } = buildStack([layer(members)], { caseInsensitive: true });
    assert.deepEqual(
      findings.map(({ code, layer: at, path, message }) => `${code} ${at} ${path}: ${message}`),
      [
        'whiteout-without-target 0 Files/aux: a whiteout of a path that the layers below do not have',
        'reserved-name 0 Files/NUL: is a device on Windows',
        'reserved-name 0 Files/con.txt: is a device on Windows',
        'reserved-name 0 Files/implied.: ends in a dot or a space, which Windows drops',
        'reserved-name 0 Files/back\\\\slash: has a backslash, which separates folders on Windows',
        'reserved-name 0 UtilityVM/Files/a?: has a character that Windows refuses in names',
      ],
    );
  });

  it('names that Windows reserves or refuses are ordinary names in a Linux image', () => {
    const { findings } = buildStack([layer(members)]);
    assert.deepEqual(
      findings.filter(({ code }) => code === 'reserved-name'),
      [],
    );
  });
});
