import type { ImageRef } from '#contract';
import { displayText } from '#model';
import { Button } from '../../components/button.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { startExport } from '../../state/exporting.ts';
import { hintFor } from '../../state/plain-error.ts';
import { filetimeText } from '../../state/registry.ts';
import { words } from '../../words/index.ts';
import { useRequest } from '../use-request.ts';
import styles from './registry.module.css';

type At = ImageRef & { readonly layer: number; readonly hive: string; readonly path: string };

/** The values of a key, and facts about it. */
export function RegistryKey({ of }: { of: At }) {
  const answer = useRequest(of.path, (client, signal) => client.call('registry.key', { ...of, start: 0, count: 1 }, { signal }));
  if (answer.state === 'failed') {
    return (
      <Notice icon="error" title={words.registry.failed} tone="error">
        <ErrorText error={answer.error} hint={hintFor(answer.error)} />
      </Notice>
    );
  }
  if (answer.state !== 'ready') return null;
  const { path, values, moreValues, layers, written, className, security, total } = answer.value;
  const time = filetimeText(written);
  return (
    <article aria-label={words.registry.keyLabel}>
      <header className={styles.keyHead}>
        <h3 className="selectable">{displayText(path === '' ? of.hive : `${of.hive}\\${path}`)}</h3>
        <Button icon="save" onPress={() => void startExport({ what: 'registry', ...of, path })}>
          {words.registry.exportReg}
        </Button>
      </header>
      <p className={styles.note}>{words.registry.keyFacts({ layers, subkeys: total, time })}</p>
      {values.length === 0 ? (
        <p className={styles.note}>{words.registry.noValues}</p>
      ) : (
        <table className={styles.values}>
          <colgroup>
            <col className={styles.nameColumn} />
            <col className={styles.typeColumn} />
            <col />
            <col className={styles.layerColumn} />
          </colgroup>
          <thead>
            <tr>
              <th scope="col">{words.registry.name}</th>
              <th scope="col">{words.registry.type}</th>
              <th scope="col">{words.registry.data}</th>
              <th scope="col">{words.registry.layer}</th>
            </tr>
          </thead>
          <tbody>
            {values.map((value, row) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a damaged key may have two values of one name
              <tr key={row}>
                <th scope="row" className="selectable">
                  {value.name === '' ? words.registry.defaultValue : displayText(value.name)}
                </th>
                <td className={styles.type}>{value.type}</td>
                <td className={`${styles.data} selectable`}>{displayText(value.text)}</td>
                <td className="number">{value.layer}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {moreValues > 0 ? <p className={styles.note}>{words.registry.valuesLeftOut(moreValues)}</p> : null}
      {className === null ? null : <p className={styles.note}>{words.registry.classIs(displayText(className))}</p>}
      {security.length === 0 ? null : (
        <details className={styles.security}>
          <summary>{words.registry.permissions}</summary>
          <ul className="selectable">
            {security.map((line) => (
              <li key={line}>{displayText(line)}</li>
            ))}
          </ul>
        </details>
      )}
    </article>
  );
}
