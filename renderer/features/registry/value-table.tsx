import type { ReactNode } from 'react';
import { displayText } from '#model';
import { Breakable } from '../../components/breakable.tsx';
import { Mark, type MarkName } from '../../components/mark.tsx';
import { MatchText } from '../../components/match-text.tsx';
import { lineText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import styles from './registry.module.css';

/** A table of a key's values, or of changes to them. `caption` is only read out. */
export function ValueTable({ hasLayers, caption, children }: { hasLayers: boolean; caption?: string; children: ReactNode }) {
  return (
    <table className={styles.values}>
      {caption === undefined ? null : <caption className="visually-hidden">{caption}</caption>}
      <colgroup>
        <col className={styles.markColumn} />
        <col className={styles.nameColumn} />
        <col className={styles.typeColumn} />
        <col />
        {hasLayers ? <col className={styles.layerColumn} /> : null}
      </colgroup>
      <thead>
        <tr>
          <th scope="col">
            <span className="visually-hidden">{words.registry.change}</span>
          </th>
          <th scope="col">{words.registry.name}</th>
          <th scope="col">{words.registry.type}</th>
          <th scope="col">{words.registry.data}</th>
          {hasLayers ? <th scope="col">{words.registry.layer}</th> : null}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

interface Data {
  readonly type: string;
  readonly text: string;
}

/** A row for a value, with the data that it has now, had before, or both. */
export function ValueRow({
  kind,
  name,
  now,
  before,
  beforeWord,
  layer,
  isGone = false,
  match,
  among,
}: {
  /** The value's mark; null for none. */
  kind: MarkName | null;
  name: string;
  now: Data | null;
  before: Data | null;
  /** Read by screen readers before the previous data. */
  beforeWord: string;
  /** The layer that the value comes from, in a table that has layers. */
  layer?: number;
  /** Whether the value was removed together with its key; `now` is then the data that it had. */
  isGone?: boolean;
  /** The text searched for. */
  match: string;
  /** Number of values in the table. */
  among: number;
}) {
  const type = (now ?? before)?.type ?? '';
  return (
    <tr className={isGone ? styles.before : undefined}>
      <td className={styles.mark}>{kind === null ? null : <Mark name={kind} />}</td>
      <th scope="row" className="selectable">
        {name === '' ? words.registry.defaultValue : <MatchText text={lineText(displayText(name), among, match)} match={match} />}
      </th>
      <td className={styles.type}>{type}</td>
      <td className={`${styles.data} selectable`}>
        {before === null ? null : (
          <span className={styles.before}>
            <span className="visually-hidden">{beforeWord} </span>
            {before.type === type ? '' : `${before.type} `}
            <del>
              <ValueData text={before.text} match={match} among={among} />
            </del>
          </span>
        )}
        {now === null ? null : (
          <span>
            {isGone ? (
              <del>
                <ValueData text={now.text} match={match} among={among} />
              </del>
            ) : (
              <ValueData text={now.text} match={match} among={among} />
            )}
          </span>
        )}
      </td>
      {layer === undefined ? null : <td className="number">{layer}</td>}
    </tr>
  );
}

/** A value's data. It may break after separators or, if it contains the text searched for, anywhere. */
function ValueData({ text, match, among }: { text: string; match: string; among: number }) {
  const shown = lineText(displayText(text), among, match);
  if (match !== '' && shown.toLowerCase().includes(match.toLowerCase())) return <MatchText text={shown} match={match} />;
  return <Breakable text={shown} after="separators" />;
}
