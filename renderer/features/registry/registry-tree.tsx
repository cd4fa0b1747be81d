import { useCallback, useEffect, useMemo, useState } from 'react';
import type { ImageRef, RegistryChange, RegistryItem } from '#contract';
import { displayText } from '#model';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { hintFor } from '../../state/plain-error.ts';
import { type KeyAt, KeyForest, keyId, keysAbove, keyTree } from '../../state/registry-keys.ts';
import { words } from '../../words/index.ts';
import { useRequest } from '../use-request.ts';
import { KeyGrid } from './key-grid.tsx';
import { NothingFound } from './nothing-found.tsx';
import styles from './registry.module.css';
import { RegistryKey } from './registry-key.tsx';
import { useKeys } from './use-keys.ts';

const FOUND = 500;
/** A search reads all hives, so it waits until typing has paused for this many ms. */
const SEARCH_AFTER = 250;

/** How many changes are looked through for one to begin with. */
const FIRST_CHANGES = 50;

const NO_HIVES: readonly string[] = [];
const NO_MATCHES: readonly (KeyAt & { readonly value: string | null })[] = [];
const NO_FOLDS: ReadonlySet<string> = new Set();

type View = ImageRef & { readonly layer: number };

/**
 * The registry as seen at a layer: a tree of keys or what a search found, and the values of the chosen key. It begins with the first key that
 * the layer changed, unless the user was faster; without one, with the only hive.
 */
export function RegistryTree({ of, text }: { of: View; text: string }) {
  const { archiveId, image, layer } = of;
  const hives = useRequest('hives', (client, signal) => client.call('registry.hives', { archiveId, image, layer }, { signal }));
  const changes = useRequest('changes', (client, signal) =>
    client.call('registry.changes', { archiveId, image, from: layer, to: layer, text: '', start: 0, count: FIRST_CHANGES }, { signal }),
  );
  const [chosen, choose] = useState<KeyAt | null>(null);
  const [isTouched, setTouched] = useState(false);
  const names = hives.state === 'ready' ? hives.value.hives : NO_HIVES;
  const keys = useKeys(of, names);
  const { open } = keys;
  const begin = useMemo((): KeyAt | null => {
    if (changes.state !== 'ready' && changes.state !== 'failed') return null;
    const changed = changes.state === 'ready' ? changes.value.items.find(isKept) : undefined;
    if (changed !== undefined) return { hive: changed.hive, path: changed.path };
    return names.length === 1 && names[0] !== undefined ? { hive: names[0], path: '' } : null;
  }, [changes, names]);
  const [lone] = names;
  useEffect(() => {
    if (isTouched) return;
    // A lone hive is what one came for.
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
  return (
    <div className={styles.split}>
      <div className={styles.keys}>
        {hives.state === 'failed' ? (
          <ErrorText error={hives.error} hint={hintFor(hives.error)} />
        ) : hives.state !== 'ready' ? (
          <Loading />
        ) : names.length === 0 ? (
          <Notice title={words.registry.noHives}>{words.registry.noHivesWhy}</Notice>
        ) : text !== '' ? (
          <Found key={text} of={of} text={text} chosen={chosen} onShow={show} />
        ) : (
          <>
            {keys.error === null ? null : <ErrorText error={keys.error} hint={hintFor(keys.error)} />}
            <KeyGrid
              label={words.registry.tree}
              tree={keys.tree}
              isOpen={keys.isOpen}
              active={chosen === null ? null : keyId(chosen)}
              onActive={(key) => {
                setTouched(true);
                choose({ hive: key.hive, path: key.path });
              }}
              onToggle={(nodes, opens) => {
                setTouched(true);
                keys.toggle(nodes, opens);
                // The chosen key isn't left in a closed one.
                const above = opens || chosen === null ? undefined : nodes.find((node) => isAbove(node, chosen));
                if (above !== undefined) choose({ hive: above.hive, path: above.path });
              }}
            />
          </>
        )}
      </div>
      <div className={styles.key}>
        {chosen !== null ? (
          <RegistryKey key={keyId(chosen)} of={{ ...of, ...chosen }} />
        ) : changes.state === 'loading' ? null : (
          <Notice title={words.registry.chooseKey} />
        )}
      </div>
    </div>
  );
}

function isKept(item: RegistryItem): item is RegistryChange {
  return item.kind === 'added' || item.kind === 'modified';
}

function isAbove(above: KeyAt, key: KeyAt): boolean {
  return keyId(key) !== keyId(above) && keyId(key).startsWith(above.path === '' ? keyId(above) : `${keyId(above)}\\`);
}

/** The keys that a search found, in a tree that is open down to all of them. The first one is chosen at once. */
function Found({
  of: { archiveId, image, layer },
  text,
  chosen,
  onShow,
}: {
  of: View;
  text: string;
  chosen: KeyAt | null;
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
            <span className={styles.note}> {value === '' ? words.registry.defaultValue : displayText(value)}</span>
          )
        }
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
