import { type ReactNode, useMemo } from 'react';
import { CONTENT_PAGE_BYTES, type EntryDetails } from '#contract';
import { displayText, toHex } from '#model';
import { Breakable } from '../../components/breakable.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Size } from '../../components/size.tsx';
import { type AttributeRow, attributeRows, type EntryTimes } from '../../state/details/attributes.ts';
import type { Loadable } from '../../state/details/details.ts';
import { NO_NAMES, namesById, type OwnerNames } from '../../state/details/owner-names.ts';
import { partingFrom } from '../../state/details/parted.ts';
import { viewOfEntry } from '../../state/details/views.ts';
import { hintFor } from '../../state/plain-error.ts';
import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import { CopyButton } from '../copy-button.tsx';
import { useApp } from '../use-app.ts';
import { useRequest } from '../use-request.ts';
import styles from './attributes-tab.module.css';

/** All attributes of an entry, as old → new if they differ. */
export function AttributesTab({ details, times, isOnlyInA }: { details: EntryDetails; times: Loadable<EntryTimes>; isOnlyInA: boolean }) {
  const { now, before } = details;
  const names = useOwnerNames(details);
  const entry = now ?? before;
  if (entry === null) return <Notice title={words.details.notAtLayer} />;
  return (
    <div className={styles.body}>
      {entry.implied ? <p className={styles.note}>{words.details.implied}</p> : null}
      {now === null ? (
        <p className={styles.note}>{isOnlyInA ? words.details.onlyInA(entry.layer) : words.details.removedHere(entry.layer)}</p>
      ) : null}
      <table className={styles.table}>
        <tbody>
          {attributeRows(now, before, times.state === 'ready' ? times.value : undefined, names).map((row) => (
            <tr key={row.label}>
              <th scope="row" className={styles.label}>
                <Breakable text={row.label} />
              </th>
              <td className={styles.value}>
                <div className={styles.line}>
                  <Value row={row} />
                  <CopyButton className={styles.copy} label={words.copyThe(row.label)} text={row.value} />
                </div>
                {row.meaning.length === 0 ? null : (
                  <ul className={`${styles.meaning} selectable`} aria-label={words.details.meaningOf(row.label)}>
                    {row.meaning.map(({ text, isNew }) => (
                      <li key={text} className={isNew ? styles.now : undefined}>
                        {text}
                      </li>
                    ))}
                  </ul>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {times.state === 'failed' ? (
        <Notice icon="error" title={words.details.timesFailed} tone="error">
          <ErrorText error={times.error} hint={hintFor(times.error)} />
        </Notice>
      ) : null}
    </div>
  );
}

/** The names of owners that the tar only numbers. */
function useOwnerNames(details: EntryDetails): OwnerNames {
  const { now, before } = details;
  const misses = (name: 'uname' | 'gname') => [now, before].some((entry) => entry !== null && !entry.implied && entry[name] === '');
  const users = useNames(misses('uname') ? 'etc/passwd' : null, details);
  const groups = useNames(misses('gname') ? 'etc/group' : null, details);
  return useMemo(() => ({ users, groups }), [users, groups]);
}

/** The names in a file of the image that the entry is in; none if the image doesn't have it. */
function useNames(path: string | null, details: EntryDetails): OwnerNames['users'] {
  const selection = useApp((app) => app.selection);
  const view = viewOfEntry(details, selection);
  const key = path === null || view === null ? null : `${view.archiveId}/${view.image}/${view.layer}/${path}`;
  const answer = useRequest(key, async (client, signal) => {
    if (path === null || view === null) return NO_NAMES.users;
    const input = { ...view, pathHex: toHex(new TextEncoder().encode(path)), offset: 0, length: CONTENT_PAGE_BYTES };
    const { bytes } = await client.call('entry.content', input, { signal });
    return namesById(bytes);
  });
  return answer.state === 'ready' ? answer.value : NO_NAMES.users;
}

/** Characters of a value that is shortened. */
const SHORT = 20;

function Value({ row }: { row: AttributeRow }) {
  // Shorten a value that is explained below. The Raw tab shows the complete value, and Copy copies it.
  const from = row.was === null || row.meaning.length === 0 ? 0 : partingFrom(row.was, row.value, SHORT);
  const short = (text: string) =>
    row.meaning.length > 0 && text.length > 2 * SHORT
      ? `${from === 0 ? '' : '…'}${text.slice(from, from + SHORT)}${from + SHORT < text.length ? '…' : ''}`
      : text;
  if (row.was === null) return <One text={short(row.value)} bytes={row.bytes} mono={row.mono} />;
  // Sizes that read alike are told in full.
  const [was, now] = [row.wasBytes, row.bytes];
  const isAlike = was !== null && now !== null && formatSize(was) === formatSize(now);
  return (
    <span className={styles.change}>
      <del className={styles.was}>
        <One text={isAlike ? words.exactBytes(was) : short(row.was)} bytes={isAlike ? null : was} mono={row.mono} />
      </del>
      <span aria-hidden="true" className={styles.arrow}>
        →
      </span>
      <ins className={styles.now}>
        <One text={isAlike ? words.exactBytes(now) : short(row.value)} bytes={isAlike ? null : now} mono={row.mono} />
      </ins>
    </span>
  );
}

function One({ text, bytes, mono }: { text: string; bytes: number | null; mono: boolean }): ReactNode {
  if (bytes !== null) return <Size bytes={bytes} />;
  return <span className={`selectable ${mono ? styles.mono : ''}`}>{text === '' ? '—' : displayText(text)}</span>;
}
