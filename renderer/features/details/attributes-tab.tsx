import type { ReactNode } from 'react';
import type { EntryDetails } from '#contract';
import { displayText } from '#model';
import { Notice } from '../../components/notice.tsx';
import { Size } from '../../components/size.tsx';
import { type AttributeRow, attributeRows } from './attributes.ts';
import styles from './attributes-tab.module.css';

/** Everything an entry says of itself, old → new where it differs. */
export function AttributesTab({ details }: { details: EntryDetails }) {
  const { now, before } = details;
  const entry = now ?? before;
  if (entry === null) return <Notice title="Not there at this layer" />;
  return (
    <div className={styles.body}>
      {entry.implied ? <p className={styles.note}>No entry brings this folder: the paths below it imply it.</p> : null}
      {now === null ? <p className={styles.note}>Removed here: this is how it was in layer {entry.layer}.</p> : null}
      <table className={styles.table}>
        <tbody>
          {attributeRows(now, before).map((row) => (
            <tr key={row.label}>
              <th scope="row" className={styles.label}>
                {row.label}
              </th>
              <td className={styles.value}>
                <Value row={row} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Value({ row }: { row: AttributeRow }) {
  if (row.was === null) return <One text={row.value} bytes={row.bytes} mono={row.mono} />;
  return (
    <span className={styles.change}>
      <del className={styles.was}>
        <One text={row.was} bytes={row.wasBytes} mono={row.mono} />
      </del>
      <span aria-hidden="true" className={styles.arrow}>
        →
      </span>
      <ins className={styles.now}>
        <One text={row.value} bytes={row.bytes} mono={row.mono} />
      </ins>
    </span>
  );
}

function One({ text, bytes, mono }: { text: string; bytes: number | null; mono: boolean }): ReactNode {
  if (bytes !== null) return <Size bytes={bytes} />;
  return <span className={`selectable ${mono ? styles.mono : ''}`}>{text === '' ? '—' : displayText(text)}</span>;
}
