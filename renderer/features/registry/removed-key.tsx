import { useState } from 'react';
import { displayText } from '#model';
import { ErrorText } from '../../components/notice.tsx';
import { hintFor } from '../../state/plain-error.ts';
import { words } from '../../words/index.ts';
import { useRequest } from '../use-request.ts';
import { type KeyAtLayer, KeyValues } from './key-values.tsx';
import styles from './registry.module.css';

/** Maximum number of a removed key's subkeys listed. */
const SUBKEYS = 100;

/**
 * What a removed key contained: its values and its subkeys, which open in the same way. `of`: the key as seen below the layer that removed
 * it or, in a comparison, on side A.
 */
export function RemovedKey({ of, isCompared }: { of: KeyAtLayer; isCompared: boolean }) {
  const answer = useRequest(`${of.archiveId}/${of.layer}/${of.path}`, (client, signal) =>
    client.call('registry.key', { ...of, start: 0, count: SUBKEYS }, { signal }),
  );
  if (answer.state === 'failed') return <ErrorText error={answer.error} hint={hintFor(answer.error)} />;
  if (answer.state !== 'ready') {
    return (
      <p role="status" className={styles.loading}>
        {words.loading}
      </p>
    );
  }
  const { subkeys, total } = answer.value;
  return (
    <>
      <KeyValues of={of} first={answer.value} changed={null} isRemoved />
      {subkeys.map(({ name, path }) => (
        <Subkey key={path} name={displayText(name)} of={{ ...of, path }} isCompared={isCompared} />
      ))}
      {total > subkeys.length ? (
        <p className={styles.note}>{words.registry.moreSubkeys(total - subkeys.length, isCompared ? 'a' : 'below')}</p>
      ) : null}
    </>
  );
}

/** A subkey, which is read when it is opened. */
function Subkey({ name, of, isCompared }: { name: string; of: KeyAtLayer; isCompared: boolean }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className={styles.subkey} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="selectable">{words.registry.subkeyBefore(name)}</summary>
      {isOpen ? <RemovedKey of={of} isCompared={isCompared} /> : null}
    </details>
  );
}
