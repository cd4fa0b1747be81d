import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ChangesAction,
  type ChangesState,
  changesReducer,
  findSteps,
  initialChanges,
  NO_FILTER,
} from '../../renderer/state/changes/changes.ts';
import { orderSteps } from '../../renderer/state/changes/ordering.ts';
import { matchIn, textsBetween, textsOfChange, whatDiffers } from '../../renderer/state/changes/row-text.ts';
import { matchedBytes } from '../../renderer/state/changes/shown-bytes.ts';
import { findRow } from '../../renderer/state/changes/table-facts.ts';
import type { MatchedSums } from '../../src/changes/index.ts';
import { PageAssembler, type RowPage, slicePage, tablePages } from '../../src/contract/index.ts';
import { foldersToOpen } from '../../src/engine/index.ts';
import { COUNTED, DIFFERS, displayPath, encodeUtf8, KIND, NO_LAYER, REASON, type RowTable, rowName, TYPE } from '../../src/model/index.ts';
import { turns } from '../support/waiting.ts';

/** A state whose rows are in the table's order. */
const inTableOrder: ChangesState = { ...initialChanges, chosenOrders: { stacked: { sort: 'name', descending: false } } };

interface Spec {
  readonly path: string;
  readonly kind?: number;
  readonly size?: number;
  readonly type?: number;
  readonly more?: Partial<Record<'differs' | 'reason' | 'hiddenBytes' | 'hiddenEntries' | 'layer' | 'previousLayer', number>>;
}

/** Creates a table of `length` unnamed files in one folder. */
function flatTable(length: number): RowTable {
  const one = tableOf([{ path: 'f' }]);
  const zeros = new Float64Array(length);
  return {
    ...one,
    length,
    parent: new Int32Array(length).fill(-1),
    subtreeEnd: Uint32Array.from(zeros, (_, at) => at + 1),
    kind: new Uint8Array(length).fill(KIND.added),
    differs: new Uint16Array(length),
    reason: new Uint8Array(length),
    type: new Uint8Array(length).fill(TYPE.file),
    size: Float64Array.from(zeros, (_, at) => at % 7),
    previousSize: zeros,
    counted: new Uint8Array(length).fill(COUNTED.now),
    hiddenEntries: new Uint32Array(length),
    hiddenBytes: zeros,
    nameStart: new Uint32Array(length + 1),
    names: new Uint8Array(0),
  };
}

/** Creates a table of paths in depth-first order; folders end in `/`. */
function tableOf(specs: readonly Spec[]): RowTable {
  const { length } = specs;
  const names = specs.map(({ path }) => encodeUtf8(path.replace(/\/$/, '').split('/').at(-1) ?? ''));
  const nameStart = new Uint32Array(length + 1);
  names.forEach((name, row) => {
    nameStart[row + 1] = (nameStart[row] as number) + name.length;
  });
  const all = new Uint8Array(nameStart[length] as number);
  names.forEach((name, row) => {
    all.set(name, nameStart[row]);
  });
  const column = <T>(make: (spec: Spec, row: number) => T) => specs.map(make);
  const inside = (folder: Spec, path: string) => folder.path.endsWith('/') && path.startsWith(folder.path) && path !== folder.path;
  return {
    length,
    parent: Int32Array.from(column(({ path }, row) => specs.findLastIndex((each, at) => at < row && inside(each, path)))),
    subtreeEnd: Uint32Array.from(
      column((spec, row) => {
        const next = specs.findIndex((each, at) => at > row && !inside(spec, each.path));
        return next < 0 ? length : next;
      }),
    ),
    kind: Uint8Array.from(column(({ kind = KIND.added, path }) => (path.endsWith('/') ? KIND.unchanged : kind))),
    differs: Uint16Array.from(column(({ more }) => more?.differs ?? 0)),
    reason: Uint8Array.from(column(({ more }) => more?.reason ?? REASON.none)),
    type: Uint8Array.from(column(({ type, path }) => type ?? (path.endsWith('/') ? TYPE.directory : TYPE.file))),
    size: Float64Array.from(column(({ size = 0 }) => size)),
    previousSize: new Float64Array(length),
    counted: Uint8Array.from(column(({ type = TYPE.file }) => (type === TYPE.file ? COUNTED.now : 0))),
    hiddenEntries: Uint32Array.from(column(({ more }) => more?.hiddenEntries ?? 0)),
    hiddenBytes: Float64Array.from(column(({ more }) => more?.hiddenBytes ?? 0)),
    mtime: new Float64Array(length),
    mode: new Uint16Array(length),
    previousMode: new Uint16Array(length),
    uid: new Float64Array(length),
    gid: new Float64Array(length),
    layer: Uint16Array.from(column(({ more }) => more?.layer ?? 0)),
    entry: new Uint32Array(length),
    previousLayer: Uint16Array.from(column(({ more }) => more?.previousLayer ?? NO_LAYER)),
    previousEntry: new Uint32Array(length),
    hiddenBy: new Uint16Array(length).fill(NO_LAYER),
    nameStart,
    names: all,
    links: new Map(),
  };
}

const SPECS: readonly Spec[] = [
  { path: 'app/' },
  { path: 'app/lib/' },
  { path: 'app/lib/a.js', size: 10 },
  { path: 'app/lib/b.js', size: 30 },
  { path: 'app/main.js', size: 20 },
  { path: 'etc/' },
  { path: 'etc/passwd', kind: KIND.modified, size: 5 },
  { path: 'top', size: 1_000 },
];

const NONE_OPEN = new Uint32Array(0);

/** Returns the state with a loaded table. With `open`, folders are open as in a new table. */
function loaded(specs = SPECS, open = false): ChangesState {
  const table = tableOf(specs);
  const asked = changesReducer(inTableOrder, { type: 'requested', key: 'k', wanted: null });
  return changesReducer(asked, { type: 'loaded', key: 'k', table, total: table.length, ...(open ? {} : { open: NONE_OPEN }) });
}

const shown = ({ table, rows }: ChangesState) => [...rows].map((row) => displayPath(rowName(table as RowTable, row)));

test('a big table starts folded, a small one open', () => {
  assert.deepEqual(shown(loaded()), ['app', 'etc', 'top']);
  assert.deepEqual(shown(loaded(SPECS, true)), ['app', 'lib', 'a.js', 'b.js', 'main.js', 'etc', 'passwd', 'top']);
});

test('a folder opens and closes, and moves the active row to itself', () => {
  let state = changesReducer(loaded(), { type: 'toggled', row: 0, open: true });
  assert.deepEqual(shown(state), ['app', 'lib', 'main.js', 'etc', 'top']);
  state = changesReducer(state, { type: 'activated', row: 4 });
  state = changesReducer(state, { type: 'toggled', row: 0, open: false });
  assert.deepEqual(shown(state), ['app', 'etc', 'top']);
  assert.equal(state.active, 0);
});

test('reducers never modify their input', () => {
  const before = loaded();
  const expanded = before.expanded.slice();
  changesReducer(before, { type: 'toggled', row: 0, open: true });
  changesReducer(before, { type: 'filtered', filter: { ...NO_FILTER, text: 'b.js' } });
  changesReducer(before, { type: 'wanted', path: 'app/lib/a.js' });
  assert.deepEqual(before.expanded, expanded);
});

test('siblings open together', () => {
  assert.deepEqual(shown(changesReducer(loaded(), { type: 'siblingsOpened', row: 7 })), ['app', 'lib', 'main.js', 'etc', 'passwd', 'top']);
});

test('a filter opens the folders of its matches and counts them', () => {
  const state = changesReducer(loaded(), { type: 'filtered', filter: { ...NO_FILTER, text: 'b.js' } });
  assert.deepEqual(shown(state), ['app', 'lib', 'b.js']);
  assert.equal(state.matches, 1);
  assert.equal(state.isScattered, false);
});

test('paths that are only similar to the filter’s text are counted, and listed on request until the text changes', () => {
  const closed = changesReducer(loaded(), { type: 'filtered', filter: { ...NO_FILTER, text: 'ljs' } });
  assert.deepEqual(shown(closed), []);
  assert.equal(closed.matches, 0);
  assert.equal(closed.similar, 2);
  const open = changesReducer(closed, { type: 'similarShown' });
  assert.deepEqual(shown(open), ['app', 'lib', 'a.js', 'b.js']);
  assert.equal(open.matches, 2);
  assert.deepEqual(shown(changesReducer(open, { type: 'filtered', filter: { ...NO_FILTER, text: 'ljs', minBytes: 1 } })), shown(open));
  assert.deepEqual(shown(changesReducer(open, { type: 'filtered', filter: { ...NO_FILTER, text: 'lbjs' } })), []);
});

test('clearing the filter restores the folding, but keeps the active row visible', () => {
  const filtered = changesReducer(loaded(), { type: 'filtered', filter: { ...NO_FILTER, text: 'b.js' } });
  assert.deepEqual(shown(changesReducer(filtered, { type: 'filtered', filter: NO_FILTER })), ['app', 'etc', 'top']);
  const active = changesReducer(filtered, { type: 'activated', row: 3 });
  assert.deepEqual(shown(changesReducer(active, { type: 'filtered', filter: NO_FILTER })), [
    'app',
    'lib',
    'a.js',
    'b.js',
    'main.js',
    'etc',
    'top',
  ]);
});

test('a matching folder is opened down to the matches in it', () => {
  const state = changesReducer(loaded(), { type: 'filtered', filter: { ...NO_FILTER, text: 'app' } });
  assert.deepEqual(shown(state), ['app', 'lib', 'a.js', 'b.js', 'main.js']);
});

test('an invalid regular expression is reported and filters nothing', () => {
  const state = changesReducer(loaded(), { type: 'filtered', filter: { ...NO_FILTER, text: '/(/' } });
  assert.notEqual(state.problem, null);
  assert.equal(state.mask, null);
});

test('sorting by size puts the largest first in each folder', () => {
  const state = changesReducer(loaded(SPECS, true), { type: 'sorted', sort: 'size' });
  assert.deepEqual(shown(state), ['top', 'app', 'lib', 'b.js', 'a.js', 'main.js', 'etc', 'passwd']);
});

test('very many visible rows are sorted between frames, and actions in the meantime are kept', () => {
  const table = flatTable(160_000);
  const asked = changesReducer(inTableOrder, { type: 'requested', key: 'k', wanted: null });
  const before = changesReducer(asked, { type: 'loaded', key: 'k', table, total: table.length });
  const waiting = changesReducer(before, { type: 'sorted', sort: 'size' });
  assert.deepEqual([waiting.sorting, waiting.sort, waiting.rows === before.rows], [true, 'size', true]);
  const steps = orderSteps(waiting);
  let step = steps?.next();
  while (step !== undefined && !step.done) step = steps?.next();
  const rows = step?.value as Uint32Array;
  const done = changesReducer(waiting, { type: 'ordered', of: waiting, rows });
  assert.deepEqual([done.sorting, done.rows.length, done.table?.size[done.rows[0] as number]], [false, 160_000, 6]);
  // Moving the active row keeps the pending order valid; choosing another order or folding doesn't.
  assert.equal(
    changesReducer(changesReducer(waiting, { type: 'activated', row: 3 }), { type: 'ordered', of: waiting, rows }).sorting,
    false,
  );
  const back = changesReducer(waiting, { type: 'sorted', sort: 'name' });
  assert.deepEqual([back.sorting, changesReducer(back, { type: 'ordered', of: waiting, rows })], [false, back]);
  assert.equal(orderSteps(back), null);
});

test('opening and closing folders one by one gives the same rows as all at once, in every order and with a filter', () => {
  // A tree with four levels, three children each, and repeated sizes.
  const specs: Spec[] = [];
  const grow = (folder: string, depth: number) => {
    for (const name of ['a', 'b', 'c']) {
      const path = `${folder}${name}`;
      if (depth === 0 || name === 'c') specs.push({ path, size: (specs.length * 7) % 5 });
      else {
        specs.push({ path: `${path}/` });
        grow(`${path}/`, depth - 1);
      }
    }
  };
  grow('', 3);
  const table = tableOf(specs);
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (const sort of ['name', 'size', 'what'] as const) {
    for (const descending of [false, true]) {
      for (const text of ['', 'b']) {
        let state = changesReducer(loaded(specs, true), { type: 'sorted', sort, descending });
        state = changesReducer(state, { type: 'filtered', filter: { ...NO_FILTER, text } });
        for (let step = 0; step < 60; step++) {
          const row = random(table.length);
          if ((table.subtreeEnd[row] as number) === row + 1) continue;
          state = changesReducer(state, { type: 'toggled', row, open: random(2) === 0 });
          // Sort the whole table again with the same folders open.
          const whole = changesReducer(state, { type: 'sorted', sort, descending });
          assert.deepEqual(state.rows, whole.rows, `${sort} ${descending} "${text}" ${row}`);
        }
      }
    }
  }
});

test('a folder with very many rows is opened between frames if sorted, and at once in the table’s order', () => {
  const flat = flatTable(160_000);
  const parent = Int32Array.from(flat.parent, (_, row) => (row === 0 ? -1 : 0));
  const table = { ...flat, parent, subtreeEnd: flat.subtreeEnd.map((end, row) => (row === 0 ? flat.length : end)) };
  const asked = changesReducer(inTableOrder, { type: 'requested', key: 'k', wanted: null });
  const closed = changesReducer(asked, { type: 'loaded', key: 'k', table, total: table.length, open: NONE_OPEN });
  const toggled = (state: ChangesState, open: boolean) => changesReducer(state, { type: 'toggled', row: 0, open });
  const byName = toggled(toggled(closed, false), true);
  assert.deepEqual([byName.sorting, byName.rows.length], [false, 160_000]);
  const bySize = changesReducer(toggled(closed, false), { type: 'sorted', sort: 'size' });
  assert.deepEqual([bySize.sorting, bySize.rows.length], [false, 1]);
  const opening = toggled(bySize, true);
  assert.deepEqual([opening.sorting, opening.rows.length, orderSteps(opening) !== null], [true, 1, true]);
});

test('the folders of a wanted path are opened and its row becomes active', () => {
  const state = changesReducer(loaded(), { type: 'wanted', path: 'app/lib/b.js' });
  assert.equal(state.active, 3);
  assert.deepEqual(shown(state), ['app', 'lib', 'a.js', 'b.js', 'main.js', 'etc', 'top']);
  assert.equal(changesReducer(loaded(), { type: 'wanted', path: 'app/none' }).active, -1);
});

test('requesting another table keeps filter and sort, but not rows and folding', () => {
  let state = changesReducer(loaded(), { type: 'filtered', filter: { ...NO_FILTER, text: 'x' } });
  state = changesReducer(state, { type: 'sorted', sort: 'size' });
  state = changesReducer(state, { type: 'requested', key: 'other', wanted: null });
  assert.equal(state.filter.text, 'x');
  assert.equal(state.sort, 'size');
  assert.equal(state.table, null);
});

test('outdated responses are dropped', () => {
  const asked = changesReducer(inTableOrder, { type: 'requested', key: 'k', wanted: null });
  const table = tableOf(SPECS);
  assert.equal(changesReducer(asked, { type: 'loaded', key: 'other', table, total: 8, open: NONE_OPEN }), asked);
  assert.equal(changesReducer(asked, { type: 'failed', key: 'other', error: { code: 'IO', message: 'x' } }), asked);
});

test('a path is found by its bytes', () => {
  const table = tableOf(SPECS);
  assert.equal(findRow(table, encodeUtf8('app/lib/a.js')), 2);
  assert.equal(findRow(table, encodeUtf8('etc')), 5);
  assert.equal(findRow(table, encodeUtf8('etc/passwd/x')), -1);
  assert.equal(findRow(table, encodeUtf8('ap')), -1);
});

/** Returns a page as cut by the host. */
function pageOf(table: RowTable, start: number, end: number): RowPage {
  return slicePage(table, start, end - start);
}

test('pages of any size assemble into the table', () => {
  const whole: RowTable = { ...tableOf(SPECS), links: new Map([[6, encodeUtf8('target')]]) };
  for (let size = 1; size <= whole.length; size++) {
    const assembly = new PageAssembler();
    const tables: RowTable[] = [];
    for (let start = 0; start < whole.length; start += size) {
      const before = tables.at(-1);
      const ends = before === undefined ? [] : [...before.subtreeEnd];
      assembly.add(pageOf(whole, start, Math.min(whole.length, start + size)));
      assert.deepEqual([...(before?.subtreeEnd ?? [])], ends, 'the shown table stays until the next one is requested');
      const table = assembly.table;
      tables.push(table);
      assert.ok(
        table.subtreeEnd.every((end) => end <= assembly.rowsThere),
        'incomplete folders end with the loaded rows',
      );
    }
    assert.ok(assembly.complete);
    assert.deepEqual(tables.at(-1), whole);
  }
});

test('pages that arrive between two updates are added together, and don’t modify the shown table', async () => {
  const whole = tableOf(SPECS);
  let time = 0;
  const asked: number[] = [];
  const ask = async (start: number) => {
    asked.push(start);
    return pageOf(whole, start, start + 1);
  };
  const shown: number[] = [];
  for await (const { table, total } of tablePages(ask, { every: 100, now: () => (time += 40) })) {
    shown.push(table.length);
    assert.equal(total, whole.length);
    await turns(5);
    assert.ok(table.subtreeEnd.every((end) => end <= table.length));
    if (table.length === total) assert.deepEqual(table, whole);
  }
  assert.deepEqual(asked, [0, 1, 2, 3, 4, 5, 6, 7], 'each page is requested once');
  assert.deepEqual([shown[0], shown.at(-1)], [1, 8]);
  assert.ok(shown.length > 2 && shown.length < 8, `${shown}`);
});

test('a page that fails to load ends the table with one error', async () => {
  const whole = tableOf(SPECS);
  const ask = async (start: number) => {
    if (start > 0) throw new Error('gone');
    return pageOf(whole, 0, 3);
  };
  const lengths: number[] = [];
  await assert.rejects(async () => {
    for await (const { table } of tablePages(ask, { every: 0, now: () => 0 })) lengths.push(table.length);
  }, /gone/);
  assert.deepEqual(lengths, [3]);
  const nothing = async () => ({ ...pageOf(whole, 0, 0), total: 8 });
  await assert.rejects(async () => {
    for await (const _ of tablePages(nothing, { every: 0, now: () => 0 }));
  }, /before the end/);
});

test('when more rows arrive, open folders stay open, and the wanted row becomes active', () => {
  const whole = tableOf(SPECS);
  const assembly = new PageAssembler();
  let state = changesReducer(inTableOrder, { type: 'requested', key: 'k', wanted: 'etc/passwd' });
  const withPage = (start: number, end: number) => {
    assembly.add(pageOf(whole, start, end));
    return assembly.table;
  };
  state = changesReducer(state, { type: 'loaded', key: 'k', table: withPage(0, 3), total: 8, open: Uint32Array.of(0) });
  assert.equal(state.status, 'partial');
  state = changesReducer(state, { type: 'toggled', row: 1, open: true });
  state = changesReducer(state, { type: 'loaded', key: 'k', table: withPage(3, 8), total: 8 });
  assert.equal(state.status, 'ready');
  assert.equal(state.active, 6);
  assert.deepEqual(shown(state), ['app', 'lib', 'a.js', 'b.js', 'main.js', 'etc', 'passwd', 'top']);
});

test('folders that arrive after opening all, or all siblings, are opened too, unless folded since', () => {
  const specs: Spec[] = ['a/', 'a/x/', 'a/x/1', 'a/y/', 'a/y/z/', 'a/y/z/2', 'b/', 'b/3'].map((path) => ({ path }));
  const whole = tableOf(specs);
  const after = (act: ChangesAction, cut: number) => {
    const assembly = new PageAssembler();
    let state = changesReducer(inTableOrder, { type: 'requested', key: 'k', wanted: null });
    const take = (start: number, end: number) => {
      assembly.add(pageOf(whole, start, end));
      state = changesReducer(state, { type: 'loaded', key: 'k', table: assembly.table, total: whole.length, open: Uint32Array.of(0) });
    };
    take(0, cut);
    state = changesReducer(state, act);
    for (let at = cut; at < whole.length; at++) take(at, at + 1);
    return shown(state);
  };
  const all = ['a', 'x', '1', 'y', 'z', '2', 'b', '3'];
  for (let cut = 1; cut < whole.length; cut++) assert.deepEqual(after({ type: 'allOpened' }, cut), all, `${cut}`);
  assert.deepEqual(after({ type: 'siblingsOpened', row: 1 }, 3), ['a', 'x', '1', 'y', 'z', 'b']);
  assert.deepEqual(after({ type: 'siblingsOpened', row: 0 }, 3).slice(-2), ['b', '3']);
  assert.deepEqual(after({ type: 'allFolded' }, 4), ['a', 'b']);
});

test('which folders are open by default doesn’t depend on how the rows arrive', () => {
  const whole = tableOf(SPECS);
  const load = (cuts: readonly number[]) => {
    const assembly = new PageAssembler();
    let state = changesReducer(initialChanges, { type: 'requested', key: 'k', wanted: null, mode: 'image' });
    // With the first page, the host sends which folders are open by default.
    const open = foldersToOpen(whole);
    cuts.forEach((cut, at) => {
      assembly.add(pageOf(whole, cut, cuts[at + 1] ?? whole.length));
      const first = at === 0 && cuts.length > 1 ? { open } : {};
      state = changesReducer(state, { type: 'loaded', key: 'k', table: assembly.table, total: whole.length, ...first });
    });
    return shown(state);
  };
  const atOnce = load([0]);
  assert.deepEqual(atOnce, ['top', 'app', 'lib', 'b.js', 'a.js', 'main.js', 'etc', 'passwd']);
  for (const cuts of [
    [0, 1],
    [0, 3, 6],
    [0, 1, 2, 3, 4, 5, 6, 7],
  ])
    assert.deepEqual(load(cuts), atOnce, cuts.join());
});

test('a whole image is sorted by all its bytes, a layer and a filesystem by size, until the user chooses an order for it', () => {
  const table = tableOf([
    { path: 'hidden', kind: KIND.removed, size: 50, more: { hiddenBytes: 50 } },
    { path: 'large', size: 40 },
    { path: 'twice', size: 30, more: { hiddenBytes: 30 } },
  ]);
  const ask = (state: ChangesState, mode: ChangesState['mode']) => {
    const asked = changesReducer(state, { type: 'requested', key: 'k', wanted: null, mode });
    return changesReducer(asked, { type: 'loaded', key: 'k', table, total: table.length });
  };
  const first = ask(initialChanges, 'image');
  assert.deepEqual([first.sort, first.descending, shown(first)], ['size', true, ['twice', 'hidden', 'large']]);
  const layer = ask(first, 'layer');
  assert.deepEqual([layer.sort, layer.descending], ['size', true]);
  const chosen = changesReducer(layer, { type: 'sorted', sort: 'name', descending: true });
  assert.deepEqual(shown(ask(chosen, 'layer')), ['twice', 'large', 'hidden']);
  const view = ask(chosen, 'stacked');
  assert.deepEqual([view.sort, view.descending, shown(view)], ['size', true, ['large', 'twice', 'hidden']]);
  assert.equal(ask(changesReducer(view, { type: 'sorted', sort: 'name' }), 'image').sort, 'size');
  assert.deepEqual(shown(ask(ask(chosen, 'image'), 'layer')), ['twice', 'large', 'hidden']);
  assert.deepEqual(shown(changesReducer(first, { type: 'sorted', sort: 'hidden' })), ['hidden', 'twice', 'large']);
});

test('with a filter, folders have the size of their matches, are sorted by that, and add up to the heading’s sum', () => {
  const specs: readonly Spec[] = [
    { path: 'big/' },
    { path: 'big/data.bin', size: 900 },
    { path: 'big/a.js', size: 5 },
    { path: 'small/' },
    { path: 'small/b.js', size: 20, kind: KIND.modified },
    { path: 'small/c.js', size: 30 },
  ];
  const table = tableOf(specs);
  const asked = changesReducer(initialChanges, { type: 'requested', key: 'k', wanted: null, mode: 'layer' });
  const all = changesReducer(asked, { type: 'loaded', key: 'k', table, total: table.length, open: NONE_OPEN });
  assert.deepEqual([shown(all), all.matched], [['big', 'small'], null]);
  const scripts = changesReducer(all, { type: 'filtered', filter: { ...NO_FILTER, text: '*.js' } });
  assert.deepEqual(shown(scripts), ['small', 'c.js', 'b.js', 'big', 'a.js']);
  const { matched } = scripts;
  assert.ok(matched !== null);
  assert.deepEqual([...matched.size], [5, 0, 5, 50, 20, 30]);
  assert.equal(matchedBytes(table, matched, 'layer'), 55);
  assert.deepEqual(shown(changesReducer(scripts, { type: 'sorted', sort: 'items' })), ['small', 'b.js', 'c.js', 'big', 'a.js']);
  const added = changesReducer(scripts, { type: 'filtered', filter: { ...NO_FILTER, kinds: 2 } });
  assert.deepEqual(shown(added), ['big', 'data.bin', 'a.js', 'small', 'c.js']);
  assert.deepEqual([...(added.matched?.size ?? [])], [905, 900, 5, 30, 0, 30]);
  const cleared = changesReducer(added, { type: 'filtered', filter: NO_FILTER });
  assert.deepEqual([shown(cleared), cleared.matched], [['big', 'small'], null]);
});

test('a long table is filtered and summed between frames', () => {
  const table = flatTable(30_000);
  const asked = changesReducer(initialChanges, { type: 'requested', key: 'k', wanted: null, mode: 'layer' });
  const before = changesReducer(asked, { type: 'loaded', key: 'k', table, total: table.length });
  const filter = { ...NO_FILTER, minBytes: 6 };
  const waiting = changesReducer(before, { type: 'filtered', filter });
  assert.deepEqual([waiting.filtering, waiting.matched, waiting.rows], [true, null, before.rows]);
  const steps = findSteps(waiting, table);
  let step = steps.next();
  while (!step.done) step = steps.next();
  const done = changesReducer(waiting, { type: 'matched', table, filter, found: step.value });
  assert.equal(done.filtering, false);
  assert.equal(matchedBytes(table, done.matched as MatchedSums, 'layer'), 6 * done.matches);
});

test('the part of a name that a filter matches is marked', () => {
  assert.deepEqual(matchIn('libSSL.so', 'ssl'), { from: 3, to: 6 });
  assert.deepEqual(matchIn('libssl.so', '*.so'), { from: 0, to: 9 });
  for (const [name, text] of [
    ['status', 'lib'],
    ['x', 'usr/'],
    ['libssl.so', 'usr/*.so'],
    ['libssl.so', '/l[i]b/'],
    ['libssl.so', 'lbs'],
  ] as const) {
    assert.equal(matchIn(name, text), null, text);
  }
});

test('a mode that differs is described by both modes where there is space', () => {
  const { content, mode, owner, rewritten, time } = DIFFERS;
  const table = tableOf(
    [mode, mode | time, content | mode, rewritten | mode, owner].map((differs, at) => ({
      path: `${at}`,
      kind: KIND.modified,
      more: { differs },
    })),
  );
  table.previousMode.fill(0o644);
  table.mode.fill(0o4755);
  assert.deepEqual(textsOfChange(table, 3), ['rewritten, mode 0644 → 4755', 'rewritten, 0644 → 4755', 'rewritten, mode']);
  assert.deepEqual(textsOfChange(table, 4), ['owner']);
  assert.deepEqual(textsBetween(table, 0), ['mode 0644 → 4755', '0644 → 4755', 'mode', 'metadata']);
  assert.deepEqual(textsBetween(table, 1), ['mode 0644 → 4755, time', '0644 → 4755', 'mode, time', 'metadata']);
  assert.deepEqual(textsBetween(table, 2), ['content, mode 0644 → 4755', 'content, mode', 'content, metadata']);
  assert.equal(textsBetween(table, 2, true).at(-1), 'content, …');
  assert.equal(textsBetween(table, 0, true).at(-1), 'metadata');
  assert.deepEqual(textsBetween(table, 3)[1], '0644 → 4755');
  assert.deepEqual(textsBetween(table, 4), ['owner', 'metadata']);
  // The table lacks the previous modes.
  table.previousMode.set(table.mode);
  assert.deepEqual(textsBetween(table, 0), ['mode', 'metadata']);
});

test('only differences are described', () => {
  const table = tableOf([
    { path: 'a', kind: KIND.modified, more: { differs: DIFFERS.content | DIFFERS.mode | DIFFERS.time } },
    { path: 'b', kind: KIND.modified },
    { path: 'c', kind: KIND.removed, more: { reason: REASON.whiteout, hiddenBytes: 200_000, layer: 2 } },
    { path: 'd', kind: KIND.removed, more: { reason: REASON.whiteout, hiddenBytes: 41_000_000, hiddenEntries: 23, layer: 5 } },
    { path: 'e', kind: KIND.removed, more: { reason: REASON.whiteout, layer: 3 } },
    { path: 'f', kind: KIND.added },
    { path: 'g', kind: KIND.modified, more: { differs: DIFFERS.rewritten | DIFFERS.mode } },
    { path: 'h', kind: KIND.modified, more: { differs: DIFFERS.unread } },
  ]);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 7].map((row) => whatDiffers(table, row)),
    [
      'content, mode, time',
      'written again',
      'hides 200.0 kB from layer 2',
      'hides 23 paths, 41.0 MB',
      'from layer 3',
      '',
      'rewritten, mode',
      'not compared',
    ],
  );
});
