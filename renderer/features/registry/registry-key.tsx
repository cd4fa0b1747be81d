import { displayText } from '#model';
import { Breakable } from '../../components/breakable.tsx';
import { FirstItems } from '../../components/first-items.tsx';
import { Mark } from '../../components/mark.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { hintFor } from '../../state/plain-error.ts';
import { filetimeText } from '../../state/registry.ts';
import type { ChangedValues } from '../../state/registry-keys.ts';
import { drawnText, lineText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { useRequest } from '../use-request.ts';
import { type KeyAtLayer, KeyValues } from './key-values.tsx';
import styles from './registry.module.css';
import { SaveKey } from './save-key.tsx';

/** A key's values, and facts about it. */
export function RegistryKey({
  of,
  changed,
  removedIn = null,
  match = '',
}: {
  of: KeyAtLayer;
  /** What layers did to the key's values; null if that isn't shown or isn't known. */
  changed: ChangedValues | null;
  /** The layer that removed the key; `of` is the key as it was below that layer. */
  removedIn?: number | null;
  /** The text searched for, which is marked in the values. */
  match?: string;
}) {
  const answer = useRequest(of.path, (client, signal) => client.call('registry.key', { ...of, start: 0, count: 1 }, { signal }));
  if (answer.state === 'failed') {
    return (
      <Notice icon="error" title={words.registry.failed} tone="error">
        <ErrorText error={answer.error} hint={hintFor(answer.error)} />
      </Notice>
    );
  }
  if (answer.state !== 'ready') return null;
  const { path, layers, written, className, security, total } = answer.value;
  const time = filetimeText(written);
  return (
    <article aria-label={words.registry.keyLabel}>
      <header className={styles.keyHead}>
        <h3 className="selectable">
          <Breakable text={displayText(path === '' ? of.hive : `${of.hive}\\${path}`)} after="separators" />
        </h3>
        <SaveKey of={{ ...of, path }} />
      </header>
      {removedIn === null ? null : (
        <p className={styles.path}>
          <Mark name="removed" />
          <span>{words.registry.removedIn(removedIn)}</span>
        </p>
      )}
      <p className={styles.note}>{words.registry.keyFacts({ layers, subkeys: total, time })}</p>
      <KeyValues of={of} first={answer.value} changed={changed} isRemoved={removedIn !== null} match={match} />
      {className === null ? null : <p className={styles.note}>{words.registry.classIs(displayText(drawnText(className)))}</p>}
      {security.length === 0 ? null : (
        <details className={styles.security}>
          <summary>{words.registry.permissions}</summary>
          <ul className="selectable">
            <FirstItems items={security}>{(line, at) => <li key={at}>{displayText(lineText(line, security.length))}</li>}</FirstItems>
          </ul>
        </details>
      )}
    </article>
  );
}
