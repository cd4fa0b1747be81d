import { type ReactNode, useCallback, useEffect, useMemo, useState } from 'react';
import type { ImageRef } from '#contract';
import { displayText } from '#model';
import { MatchText } from '../../components/match-text.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { hintFor } from '../../state/plain-error.ts';
import { changedValues, type KeyAt, KeyForest, type KeyNode, keyId, keysAbove, keyTree, removedKeys } from '../../state/registry-keys.ts';
import { words } from '../../words/index.ts';
import { useRequest } from '../use-request.ts';
import { KeyGrid } from './key-grid.tsx';
import { COUNT_WIDTH, countOf, sumMarkOf } from './key-marks.tsx';
import { KeySplit } from './key-split.tsx';
import { NothingFound } from './nothing-found.tsx';
import styles from './registry.module.css';
import { RegistryKey } from './registry-key.tsx';
import { useChanges } from './use-changes.ts';
import { useKeys } from './use-keys.ts';
import { useHeadingSums } from './use-sums.ts';

const FOUND = 500;
/** A search reads all hives, so it waits until typing has paused for this many ms. */
const SEARCH_AFTER = 250;

const NO_HIVES: readonly string[] = [];
const NO_MATCHES: readonly (KeyAt & { readonly value: string | null })[] = [];
const NO_FOLDS: ReadonlySet<string> = new Set();
const NO_REMOVED: ReadonlyMap<string, readonly KeyNode[]> = new Map();

type View = ImageRef & { readonly layer: number };

/** A key, and the layer that removed it if one did. */
type ChosenKey = KeyAt & Pick<KeyNode, 'removedIn'>;

/** Returns the keys that layers changed, as a tree in the same order as the one shown, and whether it is complete. */
function useChangedKeys({ archiveId, image, layer }: View, isWhole: boolean) {
  const { items, isRead, isCutOff } = useChanges({ archiveId, image, from: isWhole ? 0 : layer, to: layer, text: '' });
  const tree = useMemo(() => {
    const forest = new KeyForest();
    for (const item of items) if ('path' in item) forest.add(item).changes.push(item);
    forest.sort();
    return keyTree(forest.roots);
  }, [items]);
  return { tree, isRead, isCutOff };
}

/**
 * The registry as seen at a layer: a tree of keys, or what a search found, and the values of the chosen key. Initially, the first key that
 * the layer changed is chosen (with `isWhole`, the first that any layer changed). If there is none, the only hive is chosen. If the user
 * has chosen a key by then, that key stays chosen. Marks show what the layer changed. With `isWhole`, they show what the layers above the
 * lowest changed, and keys and values that those layers removed are listed too.
 */
export function RegistryTree({ of, text, isWhole }: { of: View; text: string; isWhole: boolean }) {
  const { archiveId, image, layer } = of;
  const hives = useRequest('hives', (client, signal) => client.call('registry.hives', { archiveId, image, layer }, { signal }));
  const [chosen, choose] = useState<ChosenKey | null>(null);
  const [isTouched, setTouched] = useState(false);
  const names = hives.state === 'ready' ? hives.value.hives : NO_HIVES;
  const { tree: changed, isRead, isCutOff } = useChangedKeys(of, isWhole);
  useHeadingSums(isRead && !isCutOff && text === '' ? changed : null);
  const removed = useMemo(() => (isWhole ? removedKeys(changed) : NO_REMOVED), [changed, isWhole]);
  const keys = useKeys(of, names, removed);
  const mark = (node: KeyNode) => sumMarkOf(changed, changed.rowOf(node.id));
  const { open } = keys;
  const begin = useMemo((): KeyAt | null => {
    if (!isRead) return null;
    const first = changed.nodes.find(isThere);
    if (first !== undefined) return { hive: first.hive, path: first.path };
    return names.length === 1 && names[0] !== undefined ? { hive: names[0], path: '' } : null;
  }, [changed, isRead, names]);
  const [lone] = names;
  useEffect(() => {
    if (isTouched) return;
    // If there is only one hive, it is what the user came for.
    if (names.length === 1 && lone !== undefined) open([{ hive: lone, path: '' }]);
    if (begin === null) return;
    open(keysAbove(begin));
    choose(begin);
  }, [begin, isTouched, names, lone, open]);
  const show = useCallback(
    (key: KeyAt) => {
      setTouched(true);
      open(keysAbove(key));
      choose({ hive: key.hive, path: key.path });
    },
    [open],
  );
  // If the keys can't be read, show only the error: a pane for their values would stay empty.
  if (hives.state === 'failed') {
    return (
      <Notice icon="error" title={words.registry.failed} tone="error">
        <ErrorText error={hives.error} hint={hintFor(hives.error)} />
      </Notice>
    );
  }
  if (hives.state === 'ready' && names.length === 0) return <Notice title={words.registry.noHives}>{words.registry.noHivesWhy}</Notice>;
  return (
    <KeySplit
      keys={
        hives.state !== 'ready' ? (
          <Loading />
        ) : text !== '' ? (
          <Found key={text} of={of} text={text} chosen={chosen} mark={mark} onShow={show} />
        ) : (
          <>
            {keys.error === null ? null : <ErrorText error={keys.error} hint={hintFor(keys.error)} />}
            <KeyGrid
              label={words.registry.tree}
              tree={keys.tree}
              isOpen={keys.isOpen}
              active={chosen === null ? null : keyId(chosen)}
              mark={mark}
              column={{
                head: words.registry.changedValues,
                width: COUNT_WIDTH,
                cell: (row) => countOf(changed, changed.rowOf(keys.tree.nodes[row]?.id ?? '')),
              }}
              onActive={(key) => {
                setTouched(true);
                choose(chosenKey(key));
              }}
              onToggle={(nodes, opens) => {
                setTouched(true);
                keys.toggle(nodes, opens);
                // If the chosen key is inside a key that was closed, choose that key instead.
                const above = opens || chosen === null ? undefined : nodes.find((node) => isAbove(node, chosen));
                if (above !== undefined) choose(chosenKey(above));
              }}
            />
          </>
        )
      }
    >
      {chosen !== null ? (
        <ChosenValues
          key={keyId(chosen)}
          of={of}
          chosen={chosen}
          node={changed.nodes[changed.rowOf(keyId(chosen))]}
          isWhole={isWhole}
          match={text}
        />
      ) : !isRead ? null : (
        <Notice title={words.registry.chooseKey} />
      )}
    </KeySplit>
  );
}

function chosenKey({ hive, path, removedIn }: KeyNode): ChosenKey {
  return { hive, path, ...(removedIn === undefined ? {} : { removedIn }) };
}

/** The chosen key. `node`: what layers changed in it. */
function ChosenValues({
  of: { archiveId, image, layer },
  chosen: { hive, path, removedIn },
  node,
  isWhole,
  match,
}: {
  of: View;
  chosen: ChosenKey;
  node: KeyNode | undefined;
  isWhole: boolean;
  match: string;
}) {
  const changed = useMemo(() => {
    if (node === undefined) return null;
    const all = changedValues(node.changes);
    return isWhole ? all : { ...all, removed: [] };
  }, [node, isWhole]);
  if (removedIn === undefined) return <RegistryKey of={{ archiveId, image, layer, hive, path }} changed={changed} match={match} />;
  return <RegistryKey of={{ archiveId, image, layer: removedIn - 1, hive, path }} changed={null} removedIn={removedIn} match={match} />;
}

/** Whether a key was changed, and still exists after the last change. */
function isThere({ changes }: KeyNode): boolean {
  const last = changes.at(-1);
  return last !== undefined && last.kind !== 'removed';
}

function isAbove(above: KeyAt, key: KeyAt): boolean {
  return keyId(key) !== keyId(above) && keyId(key).startsWith(above.path === '' ? keyId(above) : `${keyId(above)}\\`);
}

/** The keys that a search found, in a tree that is expanded down to each of them. The first is selected at once. */
function Found({
  of: { archiveId, image, layer },
  text,
  chosen,
  mark,
  onShow,
}: {
  of: View;
  text: string;
  chosen: KeyAt | null;
  mark: (node: KeyNode) => ReactNode;
  onShow: (key: KeyAt) => void;
}) {
  const answer = useRequest(
    text,
    (client, signal) => client.call('registry.search', { archiveId, image, layer, text, limit: FOUND }, { signal }),
    { delay: SEARCH_AFTER },
  );
  const found = answer.state === 'ready' ? answer.value.matches : NO_MATCHES;
  const [closed, setClosed] = useState(NO_FOLDS);
  const tree = useMemo(() => {
    const forest = new KeyForest();
    for (const match of found) forest.add(match).found = match.value;
    return keyTree(forest.roots);
  }, [found]);
  const isOpen = useCallback((id: string) => !closed.has(id), [closed]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the search has ended
  useEffect(() => {
    const [first] = found;
    if (first !== undefined && !found.some((match) => chosen !== null && keyId(match) === keyId(chosen))) onShow(first);
  }, [found]);
  if (answer.state === 'failed') return <ErrorText error={answer.error} hint={hintFor(answer.error)} />;
  if (answer.state !== 'ready') return <Loading />;
  const { matches, complete } = answer.value;
  if (matches.length === 0) return <NothingFound />;
  return (
    <>
      <p className={styles.found} role="status">
        {words.registry.found(matches.length, complete)}
      </p>
      <KeyGrid
        label={words.registry.foundLabel}
        tree={tree}
        isOpen={isOpen}
        active={chosen === null ? null : keyId(chosen)}
        mark={mark}
        onActive={onShow}
        onToggle={(nodes, opens) =>
          setClosed((before) => {
            const after = new Set(before);
            for (const { id } of nodes) opens ? after.delete(id) : after.add(id);
            return after;
          })
        }
        note={({ found: value }) =>
          value === undefined || value === null ? null : (
            <span className={styles.note}>
              {' '}
              {value === '' ? words.registry.defaultValue : <MatchText text={displayText(value)} match={text} />}
            </span>
          )
        }
        match={text}
        isFound={({ found: value }) => value !== undefined}
      />
    </>
  );
}

function Loading() {
  return (
    <p role="status" className={`${styles.loading} ${styles.alone}`}>
      {words.loading}
    </p>
  );
}
