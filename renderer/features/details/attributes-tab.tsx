import { type ReactNode, useMemo } from 'react';
import { CONTENT_PAGE_BYTES, type EntryDetails } from '#contract';
import { displayText, toHex } from '#model';
import { Breakable } from '../../components/breakable.tsx';
import { FirstItems, MoreItems, useFirst } from '../../components/first-items.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Size } from '../../components/size.tsx';
import { type AttributeRow, attributeRows, type EntryTimes } from '../../state/details/attributes.ts';
import type { Loadable } from '../../state/details/details.ts';
import { NO_NAMES, namesById, type OwnerNames } from '../../state/details/owner-names.ts';
import { partingFrom } from '../../state/details/parted.ts';
import { type SideOrigin, sideOrigins } from '../../state/details/side-origins.ts';
import { viewOfEntry } from '../../state/details/views.ts';
import { hintFor } from '../../state/plain-error.ts';
import type { Side } from '../../state/selection.ts';
import { drawnText, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import { CopyButton } from '../copy-button.tsx';
import { useApp } from '../use-app.ts';
import { useRequest } from '../use-request.ts';
import styles from './attributes-tab.module.css';
import { Versions } from './versions.tsx';

/** All attributes of an entry. Attributes that differ are shown before and after, or on both sides. */
export function AttributesTab({ details, times, isOnlyInA }: { details: EntryDetails; times: Loadable<EntryTimes>; isOnlyInA: boolean }) {
  const { now, before } = details;
  const compares = useApp((app) => app.selection.mode === 'compare');
  const owners = { now: useOwnerNames(details, 'now'), before: useOwnerNames(details, 'before') };
  const digests = useLayerDigests(details);
  const known = { owners, digests, ...(times.state === 'ready' ? { times: times.value } : {}) };
  const { shown, left, onMore } = useFirst(attributeRows(now, before, known));
  const entry = now ?? before;
  if (entry === null) return <Notice title={words.details.notAtLayer} />;
  return (
    <div className={styles.body}>
      {entry.implied ? <p className={styles.note}>{words.details.implied}</p> : null}
      {now === null ? (
        <p className={styles.note}>{isOnlyInA ? words.details.onlyIn('A', entry.layer) : words.details.removedHere(entry.layer)}</p>
      ) : compares && before === null ? (
        <p className={styles.note}>{words.details.onlyIn('B', entry.layer)}</p>
      ) : null}
      <table className={styles.table}>
        <tbody>
          {shown.map((row) => (
            <tr key={row.label}>
              <th scope="row" className={styles.label}>
                <Breakable text={drawnText(row.label)} />
              </th>
              <td className={styles.value}>
                <div className={styles.line}>
                  <Value row={row} />
                  <CopyButton className={styles.copy} label={words.copyThe(titleText(row.label))} text={row.value} />
                </div>
                {row.meaning.length === 0 ? null : (
                  <ul className={`${styles.meaning} selectable`} aria-label={words.details.meaningOf(titleText(row.label))}>
                    <FirstItems items={row.meaning}>
                      {({ text, isNew }) => (
                        <li key={text} className={isNew ? styles.now : undefined}>
                          {drawnText(text)}
                        </li>
                      )}
                    </FirstItems>
                  </ul>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <MoreItems left={left} onMore={onMore} />
      {times.state === 'failed' ? (
        <Notice icon="error" title={words.details.timesFailed} tone="error">
          <ErrorText error={times.error} hint={hintFor(times.error)} />
        </Notice>
      ) : null}
    </div>
  );
}

/**
 * Returns names for an entry's owners if the tar only has their numbers. The names come from etc/passwd and etc/group in the entry's image.
 */
function useOwnerNames(details: EntryDetails, which: 'now' | 'before'): OwnerNames {
  const selection = useApp((app) => app.selection);
  const entry = details[which];
  const view =
    entry === null ? null : which === 'now' ? viewOfEntry(details, selection) : viewOfEntry({ ...details, now: null }, selection);
  const misses = (name: 'uname' | 'gname') => entry !== null && !entry.implied && entry[name] === '';
  const users = useNames(misses('uname') ? 'etc/passwd' : null, view);
  const groups = useNames(misses('gname') ? 'etc/group' : null, view);
  return useMemo(() => ({ users, groups }), [users, groups]);
}

/** Returns the names in a file of the entry's image; none if the image doesn't have the file. */
function useNames(path: string | null, view: Side | null): OwnerNames['users'] {
  const key = path === null || view === null ? null : `${view.archiveId}/${view.image}/${view.layer}/${path}`;
  const answer = useRequest(key, async (client, signal) => {
    if (path === null || view === null) return NO_NAMES.users;
    const input = { ...view, pathHex: toHex(new TextEncoder().encode(path)), offset: 0, length: CONTENT_PAGE_BYTES };
    const { bytes } = await client.call('entry.content', input, { signal });
    return namesById(bytes);
  });
  return answer.state === 'ready' ? answer.value : NO_NAMES.users;
}

/** Returns the digests of the layers that the entries of a comparison are from. */
function useLayerDigests(details: EntryDetails) {
  const archives = useApp((app) => app.archives);
  const selection = useApp((app) => app.selection);
  return useMemo(() => {
    const digestOf = (origin: SideOrigin | undefined) => origin?.layer.digest ?? origin?.layer.diffId ?? null;
    const origins = sideOrigins(details, archives ?? [], selection);
    return { now: digestOf(origins.find(({ letter }) => letter === 'B')), before: digestOf(origins.find(({ letter }) => letter === 'A')) };
  }, [details, archives, selection]);
}

/** Length a long value is shortened to, in characters. */
const SHORT = 20;

function Value({ row }: { row: AttributeRow }) {
  // Shorten a value that is explained below it. The Raw tab shows the complete value, and Copy copies it.
  const from = row.was === null || row.meaning.length === 0 ? 0 : partingFrom(row.was, row.value, SHORT);
  const short = (text: string) =>
    row.meaning.length > 0 && text.length > 2 * SHORT
      ? `${from === 0 ? '' : '…'}${text.slice(from, from + SHORT)}${from + SHORT < text.length ? '…' : ''}`
      : text;
  if (row.was === null) return <One text={short(row.value)} bytes={row.bytes} row={row} />;
  // Sizes that look the same when rounded are shown in full.
  const [was, now] = [row.wasBytes, row.bytes];
  const isAlike = was !== null && now !== null && formatSize(was) === formatSize(now);
  return (
    <Versions
      before={<One text={isAlike ? words.exactBytes(was) : short(row.was)} bytes={isAlike ? null : was} row={row} />}
      now={<One text={isAlike ? words.exactBytes(now) : short(row.value)} bytes={isAlike ? null : now} row={row} />}
    />
  );
}

function One({ text, bytes, row: { mono, isDigest } }: { text: string; bytes: number | null; row: AttributeRow }): ReactNode {
  if (bytes !== null) return <Size bytes={bytes} />;
  const shown = text === '' ? words.details.notThere : displayText(drawnText(text));
  return (
    <span
      className={`selectable ${text === '' ? styles.unset : mono ? styles.mono : ''} ${isDigest ? styles.digest : ''}`}
      title={isDigest ? titleText(shown) : undefined}
    >
      {shown}
    </span>
  );
}
