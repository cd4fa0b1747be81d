import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  buildStack,
  changesOf,
  changesOfEachLayer,
  compareViews,
  history,
  lookup,
  resolveBody,
  sortedByPathBytes,
  viewAt,
  wasteOf,
} from '#changes';
import { displayPath, entryTypeName, KIND, KIND_NAMES, NO_ENTRY, NO_LAYER, REASON_NAMES, type RowTable, rowPath, TYPE } from '#model';
import { bytes, layer, type MemberFixture } from '../support/layer-fixture.ts';
import { Random, randomLayers } from '../support/random-layers.ts';
import { changedPaths } from '../support/row-text.ts';
import { changesBetween, type SlowChange, stackSlowly } from '../support/slow-stack.ts';

const SEEDS = 1_500;

function eachSeed(visit: (seed: number) => void, count = SEEDS): void {
  for (let seed = 1; seed <= count; seed++) {
    try {
      visit(seed);
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
}

function text(rows: RowTable, row: number): string {
  return Buffer.from(rowPath(rows, row)).toString('latin1');
}

/** Returns a table's changes as listed in cli.md, in the byte order of paths. */
function listed(rows: RowTable, withReason = true): SlowChange[] {
  const changes: SlowChange[] = [];
  for (const row of sortedByPathBytes(rows)) {
    const kind = KIND_NAMES[rows.kind[row] as number] as SlowChange['kind'] | 'unchanged';
    if (kind === 'unchanged') continue;
    const type = entryTypeName(rows.type[row] as number);
    const counts = { entries: rows.hiddenEntries[row] as number, bytes: rows.hiddenBytes[row] as number };
    const hides = kind === 'removed' ? type === 'directory' : kind === 'modified' && rows.reason[row] === 3 && type !== 'directory';
    const reason = kind === 'removed' && withReason ? { reason: REASON_NAMES[rows.reason[row] as number] as string } : {};
    changes.push({ kind, path: text(rows, row), type, ...reason, ...(hides ? counts : {}) });
  }
  return changes;
}

function checkShape(rows: RowTable): void {
  for (let row = 0; row < rows.length; row++) {
    const parent = rows.parent[row] as number;
    const end = rows.subtreeEnd[row] as number;
    assert.ok(parent < row && end > row && end <= (parent < 0 ? rows.length : (rows.subtreeEnd[parent] as number)));
    // The previous row is the parent, or the last row below the previous sibling.
    assert.ok(row === 0 ? parent === -1 : parent === row - 1 || rows.subtreeEnd[row - 1] === row);
  }
}

describe('random stacks', () => {
  it('random stacks have the counts, totals and changes of a literal implementation of the specification', () => {
    eachSeed((seed) => {
      const layers = randomLayers(seed);
      const stack = buildStack(layers.map(layer));
      const slow = stackSlowly(layers);
      const inTurn = new Map(Array.from(changesOfEachLayer(stack), ({ layer: at, rows }) => [at, listed(rows)]));
      layers.forEach((_, at) => {
        const changes = slow.layers[at]?.changes ?? [];
        const rows = changesOf(stack, at, at);
        checkShape(rows);
        assert.deepEqual(listed(rows), changes);
        assert.deepEqual(inTurn.get(at) ?? [], changes);
        const count = (kind: string): number => changes.filter((change) => change.kind === kind).length;
        assert.deepEqual(stack.summaries[at], {
          entries: slow.layers[at]?.entries,
          fileBytes: slow.layers[at]?.fileBytes,
          added: count('added'),
          modified: count('modified'),
          removed: count('removed'),
        });
      });
      const { files, fileBytes, finalBytes } = stack.totals;
      assert.deepEqual({ files, fileBytes, finalBytes }, slow.totals);
      assert.equal(stack.totals.wastedBytes, fileBytes - finalBytes);
    });
  });

  it('random stacks have the views of a literal implementation of the specification, by rows and by lookup', () => {
    eachSeed((seed) => {
      const layers = randomLayers(seed);
      const stack = buildStack(layers.map(layer));
      const slow = stackSlowly(layers);
      layers.forEach((_, at) => {
        const view = slow.layers[at]?.view ?? new Map();
        const rows = viewAt(stack, at);
        checkShape(rows);
        assert.deepEqual(Array.from({ length: rows.length }, (__, row) => text(rows, row)).sort(), [...view.keys()].sort());
        for (let row = 0; row < rows.length; row++) {
          const path = text(rows, row);
          const entry = view.get(path);
          assert.equal(entryTypeName(rows.type[row] as number), entry?.type);
          assert.equal(rows.size[row], entry?.body?.size ?? 0);
          assert.equal(rows.layer[row], entry?.implied ? NO_LAYER : entry?.layer);
          assert.equal(rows.entry[row] === NO_ENTRY, entry?.implied);
          const found = lookup(stack, at, bytes(path));
          assert.deepEqual(found, { layer: entry?.layer, member: rows.entry[row] });
          const body = resolveBody(stack, at, bytes(path));
          assert.equal(body === null ? null : stack.layers[body.layer]?.size[body.member], entry?.body ? entry.body.size : null);
          assert.equal(body?.layer, entry?.body?.layer);
        }
        assert.deepEqual(
          changedPaths(rows),
          changedPaths(changesOf(stack, at, at)).filter((line) => !line.startsWith('removed')),
        );
      });
    }, 600);
  });

  it('random stacks are the same for any order of a layer’s members', () => {
    eachSeed((seed) => {
      const layers = randomLayers(seed, { unique: true });
      const random = new Random(seed);
      const one = buildStack(layers.map(layer));
      const other = buildStack(layers.map((members) => layer(random.shuffled(members))));
      assert.deepEqual(other.summaries, one.summaries);
      assert.deepEqual(other.totals, one.totals);
      layers.forEach((_, at) => {
        assert.deepEqual(listed(changesOf(other, at, at)), listed(changesOf(one, at, at)));
        const [a, b] = [viewAt(one, at), viewAt(other, at)];
        for (const column of [
          'parent',
          'kind',
          'differs',
          'reason',
          'type',
          'size',
          'hiddenEntries',
          'hiddenBytes',
          'mode',
          'layer',
          'names',
        ] as const) {
          assert.deepEqual(b[column], a[column], column);
        }
      });
    }, 600);
  });

  it('the combined changes of a random stack equal the differences between its views', () => {
    eachSeed((seed) => {
      const layers = randomLayers(seed);
      const stack = buildStack(layers.map(layer));
      const slow = stackSlowly(layers);
      for (let from = 0; from < layers.length; from++) {
        for (let to = from; to < layers.length; to++) {
          const rows = changesOf(stack, from, to);
          checkShape(rows);
          const expected = changesBetween(
            slow.layers[from - 1]?.view ?? new Map(),
            slow.layers[to]?.view ?? new Map(),
            from,
            () => undefined,
          );
          assert.deepEqual(listed(rows, false), expected);
          for (let row = 0; row < rows.length; row++) if (rows.kind[row] === KIND.removed) assert.notEqual(rows.reason[row], 0);
        }
      }
    }, 600);
  });

  it('comparisons agree with the stack: the same paths are added and removed, and differing paths were rewritten', () => {
    eachSeed((seed) => {
      const layers = randomLayers(seed);
      const stack = buildStack(layers.map(layer));
      for (let at = 0; at < layers.length; at++) {
        const changes = changedPaths(changesOf(stack, at, at));
        const compared = changedPaths(compareViews(stack, at - 1, stack, at));
        const isModified = (line: string): boolean => line.startsWith('modified');
        assert.deepEqual(
          compared.filter((line) => !isModified(line)),
          changes.filter((line) => !isModified(line)),
        );
        // A rewritten file may be unchanged, and an implied folder may get an entry with the implied mode and owner. Conversely, an entry
        // that becomes implied loses its mode and owner, and a file that becomes an implied folder loses its type.
        const rows = compareViews(stack, at - 1, stack, at);
        for (let row = 0; row < rows.length; row++) {
          if (rows.kind[row] !== KIND.modified) continue;
          assert.ok(changes.includes(`modified ${text(rows, row)}`) || rows.layer[row] === NO_LAYER, text(rows, row));
          assert.notEqual(rows.differs[row], 0);
        }
      }
    }, 600);
  });

  it('a random stack compares with an identical image as with itself', () => {
    eachSeed((seed) => {
      const layers = randomLayers(seed);
      const tables = layers.map(layer);
      const stack = buildStack(tables);
      const twin = buildStack(layers.map(layer));
      const twinOf = (twinLayer: number): number => twinLayer;
      for (let from = -1; from < layers.length; from++) {
        for (let to = -1; to < layers.length; to++) {
          const own = compareViews(stack, from, stack, to);
          const shared = compareViews(stack, from, buildStack(tables), to);
          const other = compareViews(stack, from, twin, to, { twinOf });
          assert.deepEqual(shared, own);
          assert.deepEqual(other, own);
          if (from === to) assert.equal(own.length, 0);
          const back = compareViews(stack, to, stack, from);
          assert.deepEqual(
            changedPaths(back).filter((line) => line.startsWith('modified')),
            changedPaths(own).filter((line) => line.startsWith('modified')),
          );
        }
      }
    }, 300);
  });

  it('random stacks have the correct history of each path', () => {
    eachSeed((seed) => {
      const layers = randomLayers(seed);
      const stack = buildStack(layers.map(layer));
      const slow = stackSlowly(layers);
      const paths = new Set(slow.layers.flatMap(({ view }) => [...view.keys()]));
      for (const path of paths) {
        const expected = slow.layers.flatMap(({ view, changes }, at) => {
          const was = at > 0 && slow.layers[at - 1]?.view.has(path);
          const change = changes.find((each) => each.path === path && each.kind !== 'removed');
          if (change !== undefined) return [{ layer: at, kind: change.kind, size: view.get(path)?.body?.size ?? 0 }];
          return was && !view.has(path) ? [{ layer: at, kind: 'removed', size: 0 }] : [];
        });
        assert.deepEqual(history(stack, bytes(path)), expected);
      }
    }, 400);
  });

  it('random stacks waste as many bytes in total as their wasteful files add up to', () => {
    eachSeed((seed) => {
      const stack = buildStack(randomLayers(seed).map(layer));
      const { files, groups } = wasteOf(stack, Number.POSITIVE_INFINITY);
      assert.equal(
        files.reduce((sum, { wastedBytes }) => sum + wastedBytes, 0),
        stack.totals.wastedBytes,
      );
      assert.equal(
        groups.reduce((sum, { bytes }) => sum + bytes, 0),
        stack.totals.wastedBytes,
      );
      for (const { path, hiddenBy, cause } of files) {
        const events = history(stack, path);
        // The layer that hid the file has an event in its history, and the event agrees with the cause.
        const event = events.find(({ layer: at }) => at === hiddenBy);
        assert.equal(event?.kind === 'removed', cause === 'deleted', `${displayPath(path)} ${JSON.stringify(events)}`);
      }
      for (const { layers } of files) assert.ok(layers.length > 0 && layers.every((at, i) => i === 0 || at > (layers[i - 1] as number)));
    }, 600);
  });

  it('random stacks of Windows images equal stacks of the same layers with folded names', () => {
    eachSeed((seed) => {
      const layers = randomLayers(seed, { names: ['a', 'A', 'b', 'bB', 'Bb'] });
      const stack = buildStack(layers.map(layer), { caseInsensitive: true });
      const slow = stackSlowly(layers, (path) => path.toLowerCase());
      const { files, fileBytes, finalBytes } = stack.totals;
      assert.deepEqual({ files, fileBytes, finalBytes }, slow.totals);
      layers.forEach((_, at) => {
        const fold = (changes: readonly SlowChange[]): SlowChange[] =>
          changes.map((change) => ({ ...change, path: change.path.toLowerCase() })).sort((a, b) => (a.path < b.path ? -1 : 1));
        assert.deepEqual(fold(listed(changesOf(stack, at, at))), slow.layers[at]?.changes);
      });
    }, 800);
  });
});

describe('rows of changes', () => {
  it('a changed row refers to the previous and current members', () => {
    eachSeed((seed) => {
      const layers: MemberFixture[][] = randomLayers(seed);
      const stack = buildStack(layers.map(layer));
      for (let at = 0; at < layers.length; at++) {
        const rows = changesOf(stack, at, at);
        for (let row = 0; row < rows.length; row++) {
          const path = bytes(text(rows, row));
          const now = lookup(stack, at, path);
          const was = lookup(stack, at - 1, path);
          const kind = rows.kind[row];
          const shown = kind === KIND.removed ? was : now;
          assert.notEqual(shown, null);
          if (shown?.member === NO_ENTRY) assert.deepEqual([rows.layer[row], rows.entry[row]], [NO_LAYER, NO_ENTRY]);
          else assert.deepEqual([rows.layer[row], rows.entry[row]], [shown?.layer, shown?.member]);
          if (kind === KIND.modified || kind === KIND.removed) {
            const expected = was?.member === NO_ENTRY ? [NO_LAYER, NO_ENTRY] : [was?.layer, was?.member];
            assert.deepEqual([rows.previousLayer[row], rows.previousEntry[row]], expected);
          }
          const type = rows.type[row];
          assert.equal(rows.links.has(row), type === TYPE.symlink || type === TYPE.hardlink);
          if (kind !== KIND.modified) assert.equal(rows.differs[row], 0);
        }
      }
    }, 400);
  });
});
