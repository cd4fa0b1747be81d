import { useCallback, useMemo, useState } from 'react';
import type { RegistryChange, RegistryCompared, RegistryHive, RegistryItem, ViewRef } from '#contract';
import { displayText } from '#model';
import { Breakable } from '../../components/breakable.tsx';
import { Button } from '../../components/button.tsx';
import { FirstItems } from '../../components/first-items.tsx';
import { Mark } from '../../components/mark.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { hintFor } from '../../state/plain-error.ts';
import { KeyForest, type KeyNode, type KeyTree, keyId, keysAbove, keyTree, openAtFirst } from '../../state/registry-keys.ts';
import { lineText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { KeyGrid } from './key-grid.tsx';
import { COUNT_WIDTH, changedIn, countOf, markOf } from './key-marks.tsx';
import { KeySplit } from './key-split.tsx';
import { NothingFound } from './nothing-found.tsx';
import styles from './registry.module.css';
import { RemovedKey } from './removed-key.tsx';
import { SaveKey } from './save-key.tsx';
import { type ChangesWanted, useChanges } from './use-changes.ts';
import { useHeadingSums } from './use-sums.ts';
import { ValueRow, ValueTable } from './value-table.tsx';

/** Number of changes to a key shown at first, each with its values. */
const SHOWN_CHANGES = 20;

/** Maximum number of changed values shown per change. */
const SHOWN_VALUES = 100;

/**
 * What layers changed in the registry, or how the sides of a comparison differ: a tree of the changed keys, and next to it the changes in the
 * chosen one.
 */
export function RegistryChanges({ of }: { of: ChangesWanted }) {
  const { items, isRead, isCutOff, error } = useChanges(of);
  const [own, choose] = useState<string | null>(null);
  const [folds, setFolds] = useState<ReadonlyMap<string, boolean>>(NO_FOLDS);
  const { roots, tree, hives, unreadable } = useMemo(() => sorted(items), [items]);
  const isSearch = of.text !== '';
  useHeadingSums(isRead && !isCutOff && !isSearch ? tree : null);
  // The first key that a search found or a layer changed is shown as if it were chosen.
  const first = tree.nodes.find(({ changes }) => changes.length > 0) ?? roots[0];
  const open = useMemo(() => {
    if (isSearch && tree.nodes.length <= OPENED) return null;
    return new Set([...openAtFirst(roots), ...(first === undefined ? [] : keysAbove(first).map(keyId))]);
  }, [roots, tree, isSearch, first]);
  const isOpen = useCallback((id: string) => folds.get(id) ?? (open === null || open.has(id)), [folds, open]);
  if (error !== null) {
    return (
      <Notice icon="error" title={words.registry.failed} tone="error">
        <ErrorText error={error} hint={hintFor(error)} />
      </Notice>
    );
  }
  if (items.length === 0) {
    if (!isRead) {
      return (
        <p role="status" className={`${styles.loading} ${styles.alone}`}>
          {words.registry.reading}
        </p>
      );
    }
    if (isSearch) return <NothingFound />;
    return 'a' in of ? (
      <Notice icon="image" title={words.registry.same}>
        {words.registry.sameWhy}
      </Notice>
    ) : (
      <Notice title={words.registry.noHives}>{words.registry.noHivesWhy}</Notice>
    );
  }
  const chosen = own !== null && tree.rowOf(own) >= 0 ? own : (first?.id ?? null);
  const row = chosen === null ? -1 : tree.rowOf(chosen);
  const isAlone = 'a' in of || of.from === of.to;
  return (
    <KeySplit
      keys={
        <>
          <FirstItems items={unreadable} as="p">
            {({ side = null, layer, file, message }) => (
              <p key={`${side}/${layer}/${file}`} className={styles.problem}>
                {lineText(words.registry.unreadable(side, layer, displayText(file), displayText(message)), unreadable.length)}
              </p>
            )}
          </FirstItems>
          {isCutOff ? <p className={styles.more}>{'a' in of ? words.registry.differencesLeftOut : words.registry.leftOut}</p> : null}
          {isSearch && isRead ? (
            <p className={styles.found} role="status">
              {words.registry.foundKeys(tree.nodes.filter(({ changes }) => changes.length > 0).length)}
            </p>
          ) : null}
          <KeyGrid
            match={of.text}
            label={words.registry.changedKeys}
            tree={tree}
            isOpen={isOpen}
            active={chosen}
            onActive={({ id }) => choose(id)}
            onToggle={(nodes, opens) => {
              setFolds((before) => new Map([...before, ...nodes.map(({ id }) => [id, opens] as const)]));
              // If the chosen key is inside a key that was closed, choose that key instead.
              if (!opens && nodes.some(({ id }) => isInside(tree, row, tree.rowOf(id)))) choose(nodes[0]?.id ?? null);
            }}
            mark={({ id }) => markOf(tree, tree.rowOf(id))}
            column={{ head: words.registry.changedValues, width: COUNT_WIDTH, cell: (at) => countOf(tree, at) }}
          />
        </>
      }
    >
      {row < 0 ? null : (
        <KeyChanges key={chosen} of={of} node={tree.nodes[row] as KeyNode} isAlone={isAlone} hives={hives} tree={tree} row={row} />
      )}
    </KeySplit>
  );
}

const NO_FOLDS: ReadonlyMap<string, boolean> = new Map();
/** Maximum number of keys in a search's tree for all of them to be opened. */
const OPENED = 2_000;

function sorted(items: readonly RegistryItem[]) {
  const forest = new KeyForest();
  const hives: (RegistryHive | RegistryCompared)[] = [];
  const unreadable: Extract<RegistryItem, { kind: 'unreadable' }>[] = [];
  for (const item of items) {
    if (item.kind === 'unreadable') unreadable.push(item);
    else if (item.kind === 'hive' || item.kind === 'compared') {
      hives.push(item);
      forest.add({ hive: item.hive, path: '' });
    } else forest.add(item).changes.push(item);
  }
  forest.sort();
  return { roots: forest.roots, tree: keyTree(forest.roots), hives, unreadable };
}

/** Returns a filesystem with the keys as they are after the changes. */
function after(of: ChangesWanted): ViewRef {
  return 'a' in of ? of.b : { archiveId: of.archiveId, image: of.image, layer: of.to };
}

/** Returns a filesystem with a key as it was before a change; null if there is no such filesystem. */
function before(of: ChangesWanted, { layer }: RegistryChange): ViewRef | null {
  if ('a' in of) return of.a;
  return layer === 0 ? null : { archiveId: of.archiveId, image: of.image, layer: layer - 1 };
}

function isInside({ end }: KeyTree, row: number, above: number): boolean {
  return row > above && row < (end[above] as number);
}

/** What changed in a key, layer by layer, or how it differs between the sides; for a hive, also its facts. */
function KeyChanges({
  of,
  node: { hive, path, changes },
  isAlone,
  hives,
  tree,
  row,
}: {
  of: ChangesWanted;
  node: KeyNode;
  /** Whether layers needn't be mentioned, as in a single layer or a comparison. */
  isAlone: boolean;
  hives: readonly (RegistryHive | RegistryCompared)[];
  tree: KeyTree;
  row: number;
}) {
  const changed = changedIn(tree, row);
  const values = tree.values[row] ?? 0;
  const isGone = changes.at(-1)?.kind === 'removed';
  const hasOwn = changes.some((change) => change.kind === 'removed' || change.values.length + change.moreValues > 0);
  return (
    <>
      <header className={styles.keyHead}>
        <h3 className="selectable">
          <Breakable text={displayText(path === '' ? hive : `${hive}\\${path}`)} after="separators" />
        </h3>
        {isGone ? null : <SaveKey of={{ ...after(of), hive, path }} />}
      </header>
      {path === ''
        ? hives
            .filter((each) => each.hive === hive)
            .map((each) =>
              each.kind === 'compared' ? (
                <p key={each.in} className={styles.note}>
                  {words.registry.inSides[each.in]}
                </p>
              ) : (
                <HiveFacts key={`${each.layer}/${each.file}`} hive={each} isAlone={isAlone} />
              ),
            )
        : null}
      <FirstItems items={changes} first={SHOWN_CHANGES} as="p">
        {(change) => <Change key={change.layer} of={of} change={change} isAlone={isAlone} />}
      </FirstItems>
      {changes.length === 0 ? (
        <p className={styles.note}>{words.registry.changedOnlyBelow(changed)}</p>
      ) : hasOwn ? null : (
        <p className={styles.note}>{words.registry.noOwnValues(values, changed - changes.length)}</p>
      )}
    </>
  );
}

function HiveFacts({ hive, isAlone }: { hive: RegistryHive; isAlone: boolean }) {
  return (
    <p className={styles.note}>
      {isAlone ? null : `${words.layerTitle(hive.layer)} · `}
      {hive.file === hive.hive ? null : `${displayText(hive.file)} · `}
      {words.registry.hiveFacts(hive)}
    </p>
  );
}

function Change({ of, change, isAlone }: { of: ChangesWanted; change: RegistryChange; isAlone: boolean }) {
  const [all, setAll] = useState(false);
  const { kind, layer, hive, path, hasBase, hidden, values, moreValues } = change;
  const shown = all ? values : values.slice(0, SHOWN_VALUES);
  const compares = 'a' in of;
  const then = kind === 'removed' ? before(of, change) : null;
  return (
    <article className={styles.change} aria-label={words.registry.changeLabel(kind, displayText(path === '' ? hive : path), hasBase)}>
      <p className={styles.path}>
        {hasBase || kind === 'removed' ? <Mark name={kind} /> : null}
        <span>{words.registry.changeLine(kind, hasBase, isAlone ? null : layer)}</span>
        <span className={styles.note}>{words.registry.changeNotes({ ...change, hidden, isSet: !hasBase, compares })}</span>
      </p>
      {then === null ? null : <RemovedKey of={{ ...then, hive, path }} isCompared={compares} />}
      {values.length === 0 ? null : (
        <ValueTable hasLayers={false}>
          {shown.map((value) => (
            <ValueRow
              key={`${value.kind}/${value.name}`}
              {...value}
              kind={hasBase ? value.kind : null}
              beforeWord={compares ? words.registry.inA : words.registry.before}
              match={of.text}
              among={values.length}
            />
          ))}
        </ValueTable>
      )}
      {values.length > shown.length ? (
        <Button kind="quiet" onPress={() => setAll(true)}>
          {words.registry.moreValues(values.length - shown.length)}
        </Button>
      ) : null}
      {all && moreValues > 0 ? <p className={styles.note}>{words.registry.valuesLeftOut(moreValues)}</p> : null}
    </article>
  );
}
