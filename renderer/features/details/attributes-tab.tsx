import type { ReactNode } from 'react';
import type { EntryDetails } from '#contract';
import { displayText } from '#model';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Size } from '../../components/size.tsx';
import { type AttributeRow, attributeRows, type EntryTimes } from '../../state/details/attributes.ts';
import type { Loadable } from '../../state/details/details.ts';
import { hintFor } from '../../state/plain-error.ts';
import { words } from '../../words/index.ts';
import { CopyButton } from '../copy-button.tsx';
import styles from './attributes-tab.module.css';

/** All attributes of an entry, as old → new if they differ. */
export function AttributesTab({ details, times, isOnlyInA }: { details: EntryDetails; times: Loadable<EntryTimes>; isOnlyInA: boolean }) {
  const { now, before } = details;
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
          {attributeRows(now, before, times.state === 'ready' ? times.value : undefined).map((row) => (
            <tr key={row.label}>
              <th scope="row" className={styles.label}>
                {row.label}
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

function Value({ row }: { row: AttributeRow }) {
  // Shorten a value that is explained below. The Raw tab shows the complete value, and Copy copies it.
  const short = (text: string) => (row.meaning.length > 0 && text.length > 40 ? `${text.slice(0, 20)}…` : text);
  if (row.was === null) return <One text={short(row.value)} bytes={row.bytes} mono={row.mono} />;
  return (
    <span className={styles.change}>
      <del className={styles.was}>
        <One text={short(row.was)} bytes={row.wasBytes} mono={row.mono} />
      </del>
      <span aria-hidden="true" className={styles.arrow}>
        →
      </span>
      <ins className={styles.now}>
        <One text={short(row.value)} bytes={row.bytes} mono={row.mono} />
      </ins>
    </span>
  );
}

function One({ text, bytes, mono }: { text: string; bytes: number | null; mono: boolean }): ReactNode {
  if (bytes !== null) return <Size bytes={bytes} />;
  return <span className={`selectable ${mono ? styles.mono : ''}`}>{text === '' ? '—' : displayText(text)}</span>;
}
