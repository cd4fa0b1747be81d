import { useState } from 'react';
import type { RegistryKeyReport, ViewRef } from '#contract';
import { Button } from '../../components/button.tsx';
import { ErrorText } from '../../components/notice.tsx';
import { hintFor } from '../../state/plain-error.ts';
import type { ChangedValues } from '../../state/registry-keys.ts';
import { words } from '../../words/index.ts';
import { useRequest } from '../use-request.ts';
import styles from './registry.module.css';
import { ValueRow, ValueTable } from './value-table.tsx';

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
      <ValueTable hasLayers {...(isRemoved ? { caption: words.registry.valuesBefore } : {})}>
        <ValueRows values={values} {...marks} />
        {Array.from({ length: pages - 1 }, (_, page) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a page is its number
          <MoreValues key={page} of={of} start={(page + 1) * values.length} {...marks} />
        ))}
        {rest > 0 ? null : <ValueRows values={removed} changed={null} isRemoved />}
      </ValueTable>
      {rest > 0 ? (
        <Button kind="quiet" onPress={() => setPages(pages + 1)}>
          {words.registry.moreValues(Math.min(rest, values.length))}
        </Button>
      ) : null}
    </>
  );
}

function ValueRows({ values, changed, isRemoved, match = '' }: Pick<RegistryKeyReport, 'values'> & Marks) {
  return values.map(({ name, layer, ...data }, row) => {
    const folded = name.toLowerCase();
    return (
      <ValueRow
        // biome-ignore lint/suspicious/noArrayIndexKey: a damaged key may have two values of one name
        key={row}
        kind={isRemoved ? 'removed' : (changed?.kinds.get(folded) ?? null)}
        name={name}
        now={data}
        before={isRemoved ? null : (changed?.before.get(folded) ?? null)}
        beforeWord={words.registry.before}
        layer={layer}
        isGone={isRemoved}
        match={match}
        among={values.length}
      />
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
