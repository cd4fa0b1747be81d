import { useState } from 'react';
import type { ImageRef, RegistryKeyReport } from '#contract';
import { displayText } from '#model';
import { Breakable } from '../../components/breakable.tsx';
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
  const [pages, setPages] = useState(1);
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
  const rest = values.length + moreValues - pages * values.length;
  return (
    <article aria-label={words.registry.keyLabel}>
      <header className={styles.keyHead}>
        <h3 className="selectable">
          <Breakable text={displayText(path === '' ? of.hive : `${of.hive}\\${path}`)} after="separators" />
        </h3>
        <Button icon="save" onPress={() => void startExport({ what: 'registry', ...of, path })}>
          {words.registry.saveReg}
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
            <ValueRows values={values} />
            {Array.from({ length: pages - 1 }, (_, page) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a page is its number
              <MoreValues key={page} of={of} start={(page + 1) * values.length} />
            ))}
          </tbody>
        </table>
      )}
      {rest > 0 ? (
        <Button kind="quiet" onPress={() => setPages(pages + 1)}>
          {words.registry.moreValues(Math.min(rest, values.length))}
        </Button>
      ) : null}
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

function ValueRows({ values }: Pick<RegistryKeyReport, 'values'>) {
  return values.map((value, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a damaged key may have two values of one name
    <tr key={row}>
      <th scope="row" className="selectable">
        {value.name === '' ? words.registry.defaultValue : displayText(value.name)}
      </th>
      <td className={styles.type}>{value.type}</td>
      <td className={`${styles.data} selectable`}>
        <Breakable text={displayText(value.text)} after="separators" />
      </td>
      <td className="number">{value.layer}</td>
    </tr>
  ));
}

/** The values of a key from one on. */
function MoreValues({ of, start }: { of: At; start: number }) {
  const answer = useRequest(start, (client, signal) =>
    client.call('registry.key', { ...of, start: 0, count: 1, valueStart: start }, { signal }),
  );
  if (answer.state === 'ready') return <ValueRows values={answer.value.values} />;
  return (
    <tr>
      <td colSpan={4}>
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
