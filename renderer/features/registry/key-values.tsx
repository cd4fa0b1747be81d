import { useState } from 'react';
import type { RegistryKeyReport, ViewRef } from '#contract';
import { displayText } from '#model';
import { Breakable } from '../../components/breakable.tsx';
import { Button } from '../../components/button.tsx';
import { Mark } from '../../components/mark.tsx';
import { MatchText } from '../../components/match-text.tsx';
import { ErrorText } from '../../components/notice.tsx';
import { hintFor } from '../../state/plain-error.ts';
import type { ChangedValues } from '../../state/registry-keys.ts';
import { words } from '../../words/index.ts';
import { useRequest } from '../use-request.ts';
import styles from './registry.module.css';

/** A key as seen at a layer. */
export type KeyAtLayer = ViewRef & { readonly hive: string; readonly path: string };

interface Marks {
  /** What layers did to the values; null if that isn't shown. */
  readonly changed: ChangedValues | null;
  /** Whether the key, with all its values, was removed. */
  readonly isRemoved: boolean;
  /** The text searched for. */
  readonly match?: string;
}

/** A table of a key's values, page by page, each with its layer. */
export function KeyValues({ of, first, ...marks }: { of: KeyAtLayer; first: RegistryKeyReport } & Marks) {
  const [pages, setPages] = useState(1);
  const { values, moreValues } = first;
  const { changed, isRemoved } = marks;
  const removed = isRemoved ? [] : (changed?.removed ?? []);
  const rest = values.length + moreValues - pages * values.length;
  if (values.length + removed.length === 0) return <p className={styles.note}>{words.registry.noValues}</p>;
  return (
    <>
      <table className={styles.values}>
        {isRemoved ? <caption className="visually-hidden">{words.registry.valuesBefore}</caption> : null}
        <colgroup>
          <col className={styles.narrowMark} />
          <col className={styles.nameColumn} />
          <col className={styles.typeColumn} />
          <col />
          <col className={styles.layerColumn} />
        </colgroup>
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">{words.registry.change}</span>
            </th>
            <th scope="col">{words.registry.name}</th>
            <th scope="col">{words.registry.type}</th>
            <th scope="col">{words.registry.data}</th>
            <th scope="col">{words.registry.layer}</th>
          </tr>
        </thead>
        <tbody>
          <ValueRows values={values} {...marks} />
          {Array.from({ length: pages - 1 }, (_, page) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a page is its number
            <MoreValues key={page} of={of} start={(page + 1) * values.length} {...marks} />
          ))}
          {rest > 0 ? null : <ValueRows values={removed} changed={null} isRemoved />}
        </tbody>
      </table>
      {rest > 0 ? (
        <Button kind="quiet" onPress={() => setPages(pages + 1)}>
          {words.registry.moreValues(Math.min(rest, values.length))}
        </Button>
      ) : null}
    </>
  );
}

/** A value's data, which breaks after separators, or anywhere if a search found it. */
export function ValueData({ text, match }: { text: string; match: string }) {
  const shown = displayText(text);
  if (match !== '' && shown.toLowerCase().includes(match.toLowerCase())) return <MatchText text={shown} match={match} />;
  return <Breakable text={shown} after="separators" />;
}

function ValueRows({ values, changed, isRemoved, match = '' }: Pick<RegistryKeyReport, 'values'> & Marks) {
  return values.map(({ name, type, text, layer }, row) => {
    const kind = isRemoved ? 'removed' : changed?.kinds.get(name.toLowerCase());
    const before = isRemoved ? undefined : changed?.before.get(name.toLowerCase());
    const data = <ValueData text={text} match={match} />;
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: a damaged key may have two values of one name
      <tr key={row} className={isRemoved ? styles.before : undefined}>
        <td className={styles.mark}>{kind === undefined ? null : <Mark name={kind} />}</td>
        <th scope="row" className="selectable">
          {name === '' ? words.registry.defaultValue : <MatchText text={displayText(name)} match={match} />}
        </th>
        <td className={styles.type}>{type}</td>
        <td className={`${styles.data} selectable`}>
          {before === undefined ? null : (
            <span className={styles.before}>
              <span className="visually-hidden">{words.registry.before} </span>
              {before.type === type ? '' : `${before.type} `}
              <del>
                <ValueData text={before.text} match="" />
              </del>
            </span>
          )}
          {isRemoved ? <del>{data}</del> : data}
        </td>
        <td className="number">{layer}</td>
      </tr>
    );
  });
}

/** The values of a key from index `start` on. */
function MoreValues({ of, start, ...marks }: { of: KeyAtLayer; start: number } & Marks) {
  const answer = useRequest(start, (client, signal) =>
    client.call('registry.key', { ...of, start: 0, count: 1, valueStart: start }, { signal }),
  );
  if (answer.state === 'ready') return <ValueRows values={answer.value.values} {...marks} />;
  return (
    <tr>
      <td colSpan={5}>
        {answer.state === 'failed' ? (
          <ErrorText error={answer.error} hint={hintFor(answer.error)} />
        ) : (
          <span role="status" className={styles.loading}>
            {words.loading}
          </span>
        )}
      </td>
    </tr>
  );
}
