import { useEffect, useRef, useState } from 'react';
import type { ImageRef, RegistryChange, RegistryItem, RegistryKeyReport } from '#contract';
import { displayText } from '#model';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icons.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { hintFor } from '../../state/plain-error.ts';
import { words } from '../../words/index.ts';
import { type Answer, useRequest } from '../use-request.ts';
import { NothingFound } from './nothing-found.tsx';
import styles from './registry.module.css';
import { RegistryKey } from './registry-key.tsx';
import { moveInTree, TREE_LABEL } from './tree-keys.ts';

const PAGE = 200;
const FOUND = 500;
/** A search reads all hives, so it waits until typing has paused for this many ms. */
const SEARCH_AFTER = 250;

/** How many changes are looked through for one to begin with. */
const FIRST_CHANGES = 50;

const NONE: readonly (KeyAt & { readonly value: string | null })[] = [];

type View = ImageRef & { readonly layer: number };

/** A key of the view. */
interface KeyAt {
  readonly hive: string;
  readonly path: string;
}

interface Choice {
  readonly chosen: KeyAt | null;
  choose(key: KeyAt): void;
  /** The key that Tab leads to; null for the first one. The others are reached by arrow keys. */
  readonly tabStop: KeyAt | null;
  stopAt(key: KeyAt): void;
  /** The key that the tree begins with, and is open down to; null once the user has gone elsewhere. */
  readonly first: KeyAt | null;
  /** Says that the user has opened or closed a key. */
  touch(): void;
  /** Chooses a key that a search found. Without the search, the tree is open down to it. */
  chooseFound(key: KeyAt): void;
}

function isSame(a: KeyAt | null, b: KeyAt): boolean {
  return a?.hive === b.hive && a.path === b.path;
}

/** Whether a key is below another. */
function isBelow(key: KeyAt | null, above: KeyAt): boolean {
  if (key === null || key.hive !== above.hive || key.path === above.path) return false;
  return above.path === '' || key.path.startsWith(`${above.path}\\`);
}

/**
 * The registry as seen at a layer: a tree of keys or what a search found, and the values of the chosen key. It begins with the first key that
 * the layer changed, unless the user was faster; without one, with the only hive.
 */
export function RegistryTree({ of, text }: { of: View; text: string }) {
  const [own, choose] = useState<KeyAt | null>(null);
  const [tabStop, stopAt] = useState<KeyAt | null>(null);
  const [isTouched, setTouched] = useState(false);
  const { archiveId, image, layer } = of;
  const hives = useRequest('hives', (client, signal) => client.call('registry.hives', { archiveId, image, layer }, { signal }));
  const changes = useRequest('changes', (client, signal) =>
    client.call('registry.changes', { archiveId, image, from: layer, to: layer, text: '', start: 0, count: FIRST_CHANGES }, { signal }),
  );
  const [first, setFirst] = useState<KeyAt | null>(null);
  const [found, setFound] = useState<KeyAt | null>(null);
  const changed = changes.state === 'ready' ? (changes.value.items.find(isKept) ?? null) : null;
  useEffect(() => {
    if (changed !== null && !isTouched) setFirst({ hive: changed.hive, path: changed.path });
  }, [changed, isTouched]);
  const names = hives.state === 'ready' ? hives.value.hives : [];
  const lone = names.length === 1 && changes.state !== 'loading' && changed === null ? { hive: names[0] ?? '', path: '' } : null;
  const chosen = own ?? first ?? lone;
  const choice: Choice = {
    chosen,
    choose(key) {
      setTouched(true);
      setFound(null);
      choose(key);
    },
    tabStop,
    stopAt,
    first: found ?? (isTouched ? null : first),
    touch() {
      setTouched(true);
      setFound(null);
    },
    chooseFound(key) {
      setTouched(true);
      setFound(key);
      choose(key);
    },
  };
  return (
    <div className={styles.split}>
      <div className={styles.keys}>
        {text === '' ? (
          <Hives key={pathOf(first)} of={of} hives={hives} choice={choice} />
        ) : (
          <Found key={text} of={of} text={text} choice={choice} />
        )}
      </div>
      <div className={styles.key}>
        {chosen !== null ? (
          <RegistryKey key={pathOf(chosen)} of={{ ...of, ...chosen }} />
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

function pathOf(key: KeyAt | null): string {
  return key === null ? '' : `${key.hive}\\${key.path}`;
}

function Hives({
  of: { archiveId, image, layer },
  hives: answer,
  choice,
}: {
  of: View;
  hives: Answer<{ readonly hives: readonly string[] }>;
  choice: Choice;
}) {
  if (answer.state === 'failed') return <ErrorText error={answer.error} hint={hintFor(answer.error)} />;
  if (answer.state !== 'ready') return <Loading />;
  const { hives } = answer.value;
  if (hives.length === 0) return <Notice title={words.registry.noHives}>{words.registry.noHivesWhy}</Notice>;
  return (
    <ul className={styles.tree} aria-label={words.registry.tree} onKeyDown={moveInTree}>
      {hives.map((hive, index) => (
        <Branch
          key={hive}
          of={{ archiveId, image, layer, hive, path: '' }}
          name={hive}
          hasSubkeys
          isFirst={index === 0}
          // A lone hive is what one came for.
          isOpenAtFirst={hives.length === 1}
          choice={choice}
        />
      ))}
    </ul>
  );
}

/** A key with a button that opens it, and the keys below it while it is open. */
function Branch({
  of,
  name,
  hasSubkeys,
  isFirst = false,
  isOpenAtFirst = false,
  depth = 0,
  choice,
}: {
  of: View & KeyAt;
  name: string;
  hasSubkeys: boolean;
  isFirst?: boolean;
  isOpenAtFirst?: boolean;
  /** Number of keys above. */
  depth?: number;
  choice: Choice;
}) {
  const own = { hive: of.hive, path: of.path };
  const [open, setOpen] = useState(isOpenAtFirst || isBelow(choice.first, own));
  const shown = name === '' ? words.registry.noName : displayText(name);
  const label = useRef<HTMLButtonElement>(null);
  const begins = isSame(choice.first, own);
  const { stopAt } = choice;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the key appears
  useEffect(() => {
    if (!begins) return;
    label.current?.scrollIntoView({ block: 'center' });
    stopAt(own);
  }, []);
  const toggle = (): void => {
    // The keys below go, and with them what Tab led to.
    if (open && isBelow(choice.tabStop, own)) choice.stopAt(own);
    choice.touch();
    setOpen(!open);
  };
  return (
    <li>
      <span className={styles.branch} style={{ paddingLeft: depth * 16 }}>
        {hasSubkeys ? (
          <button
            type="button"
            className={styles.opener}
            tabIndex={-1}
            aria-expanded={open}
            aria-label={words.registry.keysBelow(shown)}
            onClick={toggle}
          >
            <Icon name={open ? 'chevronDown' : 'chevronRight'} size={12} />
          </button>
        ) : (
          <span className={styles.opener} />
        )}
        <button
          type="button"
          className={styles.label}
          ref={label}
          {...{ [TREE_LABEL]: '' }}
          tabIndex={isSame(choice.tabStop, own) || (choice.tabStop === null && isFirst) ? 0 : -1}
          aria-pressed={isSame(choice.chosen, own)}
          onFocus={() => {
            choice.touch();
            choice.stopAt(own);
          }}
          onClick={() => choice.choose(own)}
          onDoubleClick={toggle}
        >
          {shown}
        </button>
      </span>
      {open ? <Subkeys of={of} depth={depth + 1} choice={choice} /> : null}
    </li>
  );
}

function Subkeys({ of, depth, choice }: { of: View & KeyAt; depth: number; choice: Choice }) {
  const [pages, setPages] = useState(1);
  return (
    <ul>
      {Array.from({ length: pages }, (_, page) => (
        <SubkeyPage
          // biome-ignore lint/suspicious/noArrayIndexKey: a page is its number
          key={page}
          of={of}
          start={page * PAGE}
          onMore={page === pages - 1 ? () => setPages(pages + 1) : null}
          depth={depth}
          choice={choice}
        />
      ))}
    </ul>
  );
}

function SubkeyPage({
  of,
  start,
  onMore,
  depth,
  choice,
}: {
  of: View & KeyAt;
  start: number;
  onMore: (() => void) | null;
  depth: number;
  choice: Choice;
}) {
  const answer = useRequest(start, (client, signal) => client.call('registry.key', { ...of, start, count: PAGE }, { signal }));
  if (answer.state === 'failed')
    return (
      <li>
        <ErrorText error={answer.error} hint={hintFor(answer.error)} />
      </li>
    );
  if (answer.state !== 'ready')
    return (
      <li>
        <Loading />
      </li>
    );
  const { subkeys, total }: RegistryKeyReport = answer.value;
  const rest = total - start - subkeys.length;
  return (
    <>
      {subkeys.map(({ name, path, hasSubkeys }) => (
        <Branch key={path} of={{ ...of, path }} name={name} hasSubkeys={hasSubkeys} depth={depth} choice={choice} />
      ))}
      {rest > 0 && onMore !== null ? (
        <li>
          <Button kind="quiet" onPress={onMore}>
            {words.registry.moreKeys(rest)}
          </Button>
        </li>
      ) : null}
    </>
  );
}

function Found({ of: { archiveId, image, layer }, text, choice }: { of: View; text: string; choice: Choice }) {
  const answer = useRequest(
    text,
    (client, signal) => client.call('registry.search', { archiveId, image, layer, text, limit: FOUND }, { signal }),
    { delay: SEARCH_AFTER },
  );
  // Beside what was found, its first key is shown, as it would be for a click.
  const found = answer.state === 'ready' ? answer.value.matches : NONE;
  const { chosen, chooseFound } = choice;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the search has ended
  useEffect(() => {
    const [first] = found;
    if (first !== undefined && !found.some((match) => isSame(chosen, match))) chooseFound({ hive: first.hive, path: first.path });
  }, [found]);
  if (answer.state === 'failed') return <ErrorText error={answer.error} hint={hintFor(answer.error)} />;
  if (answer.state !== 'ready') return <Loading />;
  const { matches, complete } = answer.value;
  if (matches.length === 0) return <NothingFound />;
  const tabIndex = Math.max(
    0,
    matches.findIndex((match) => isSame(choice.tabStop, match)),
  );
  return (
    <>
      <p className={styles.note} role="status">
        {words.registry.found(matches.length, complete)}
      </p>
      <ul className={styles.tree} aria-label={words.registry.foundLabel} onKeyDown={moveInTree}>
        {matches.map(({ hive, path, value }, index) => (
          <li key={`${hive}\\${path}`}>
            <button
              type="button"
              className={styles.label}
              {...{ [TREE_LABEL]: '' }}
              tabIndex={index === tabIndex ? 0 : -1}
              aria-pressed={isSame(choice.chosen, { hive, path })}
              onFocus={() => choice.stopAt({ hive, path })}
              onClick={() => choice.chooseFound({ hive, path })}
            >
              {displayText(`${hive}\\${path}`)}
              {value === null ? null : (
                <span className={styles.note}> {value === '' ? words.registry.defaultValue : displayText(value)}</span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Loading() {
  return (
    <p role="status" className={styles.loading}>
      {words.loading}
    </p>
  );
}
