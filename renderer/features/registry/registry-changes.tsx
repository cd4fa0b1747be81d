import { type ReactNode, useState } from 'react';
import type { ImageRef, RegistryChange, RegistryHive, RegistryItem, RegistryValueChange } from '#contract';
import { displayText } from '#model';
import { Breakable } from '../../components/breakable.tsx';
import { Button } from '../../components/button.tsx';
import { Mark } from '../../components/mark.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { hintFor } from '../../state/plain-error.ts';
import { words } from '../../words/index.ts';
import { useRequest } from '../use-request.ts';
import { NothingFound } from './nothing-found.tsx';
import styles from './registry.module.css';

const PAGE = 200;
/** A search reads all changes, so it waits until typing has paused for this many ms. */
const SEARCH_AFTER = 150;
/** A key that changed more values than this shows the first of them. */
const SHOWN_VALUES = 8;

type Wanted = ImageRef & { readonly from: number; readonly to: number; readonly text: string };

/** What layers changed in the registry, as a list that grows by pages. */
export function RegistryChanges({ of }: { of: Wanted }) {
  const [pages, setPages] = useState(1);
  return (
    <div className={styles.scroll}>
      {Array.from({ length: pages }, (_, page) => (
        <Page
          // biome-ignore lint/suspicious/noArrayIndexKey: a page is its number
          key={page}
          of={of}
          start={page * PAGE}
          onMore={page === pages - 1 ? () => setPages(pages + 1) : null}
        />
      ))}
    </div>
  );
}

/** `onMore`: shows the next page; null if it is shown already. */
function Page({ of, start, onMore }: { of: Wanted; start: number; onMore: (() => void) | null }) {
  const { text, from, to, archiveId, image } = of;
  const answer = useRequest(
    start,
    (client, signal) => client.call('registry.changes', { archiveId, image, from, to, text, start, count: PAGE }, { signal }),
    { delay: text === '' ? 0 : SEARCH_AFTER },
  );
  if (answer.state === 'failed') {
    return (
      <Notice icon="error" title={words.registry.failed} tone="error">
        <ErrorText error={answer.error} hint={hintFor(answer.error)} />
      </Notice>
    );
  }
  if (answer.state !== 'ready') {
    return (
      <p role="status" className={styles.loading}>
        {words.registry.reading}
      </p>
    );
  }
  const { items, total, complete } = answer.value;
  if (total === 0 && text !== '') return <NothingFound />;
  if (total === 0) return <Notice title={words.registry.noHives}>{words.registry.noHivesWhy}</Notice>;
  const rest = total - start - items.length;
  return (
    <>
      <ol className={styles.changes}>
        {items.map((item) => (
          <li key={keyOf(item)}>
            <Item item={item} isAlone={from === to} />
          </li>
        ))}
      </ol>
      {rest > 0 && onMore !== null ? (
        <p className={styles.more}>
          <Button kind="quiet" onPress={onMore}>
            {words.registry.moreChanges(rest)}
          </Button>
        </p>
      ) : null}
      {rest === 0 && !complete ? <p className={styles.more}>{words.registry.leftOut}</p> : null}
    </>
  );
}

function keyOf(item: RegistryItem): string {
  if (item.kind === 'hive' || item.kind === 'unreadable') return `${item.layer}/${item.kind}/${item.file}`;
  return `${item.layer}/${item.hive}/${item.path}/${item.kind}`;
}

/** `isAlone`: only one layer's changes are listed. */
function Item({ item, isAlone }: { item: RegistryItem; isAlone: boolean }): ReactNode {
  if (item.kind === 'hive') return <HiveHead hive={item} isAlone={isAlone} />;
  if (item.kind === 'unreadable') {
    return <p className={styles.problem}>{words.registry.unreadable(item.layer, displayText(item.file), displayText(item.message))}</p>;
  }
  return <Change change={item} />;
}

function HiveHead({ hive, isAlone }: { hive: RegistryHive; isAlone: boolean }) {
  const name = displayText(hive.hive);
  return (
    <header className={styles.hive}>
      <h3>{isAlone ? name : words.registry.hiveOf(hive.layer, name)}</h3>
      <span className={styles.note}>
        {hive.file === hive.hive ? null : `${displayText(hive.file)} · `}
        {words.registry.hiveFacts(hive)}
      </span>
    </header>
  );
}

function Change({ change }: { change: RegistryChange }) {
  const [all, setAll] = useState(false);
  const { kind, path, hasBase, hidden, values, moreValues } = change;
  const shown = all ? values : values.slice(0, SHOWN_VALUES);
  return (
    <article className={styles.change} aria-label={words.registry.changeLabel(kind, displayText(path), hasBase)}>
      <p className={styles.path}>
        {hasBase || kind === 'removed' ? <Mark name={kind} /> : null}
        <span className="selectable">{path === '' ? words.registry.root : <Breakable text={displayText(path)} after="separators" />}</span>
        <span className={styles.note}>{words.registry.changeNotes({ ...change, hidden, isSet: !hasBase })}</span>
      </p>
      {values.length === 0 ? null : (
        <table className={styles.values}>
          <colgroup>
            <col className={styles.markColumn} />
            <col className={styles.nameColumn} />
            <col className={styles.typeColumn} />
            <col />
          </colgroup>
          <thead className="visually-hidden">
            <tr>
              <th scope="col">{words.registry.change}</th>
              <th scope="col">{words.registry.name}</th>
              <th scope="col">{words.registry.type}</th>
              <th scope="col">{words.registry.data}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((value) => (
              <ValueChange key={`${value.kind}/${value.name}`} value={value} hasBase={hasBase} />
            ))}
          </tbody>
        </table>
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

function ValueChange({ value: { kind, name, now, before }, hasBase }: { value: RegistryValueChange; hasBase: boolean }) {
  return (
    <tr>
      <td className={styles.mark}>{hasBase ? <Mark name={kind} /> : null}</td>
      <th scope="row" className="selectable">
        {name === '' ? words.registry.defaultValue : displayText(name)}
      </th>
      <td className={styles.type}>{(now ?? before)?.type}</td>
      <td className={`${styles.data} selectable`}>
        {before === null ? null : (
          <span className={styles.before}>
            <span className="visually-hidden">{words.registry.before} </span>
            {now !== null && now.type !== before.type ? `${before.type} ` : ''}
            <del>
              <Breakable text={displayText(before.text)} after="separators" />
            </del>
          </span>
        )}
        {now === null ? null : (
          <span>
            <Breakable text={displayText(now.text)} after="separators" />
          </span>
        )}
      </td>
    </tr>
  );
}
