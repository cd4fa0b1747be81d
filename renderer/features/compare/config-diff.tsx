import { useEffect, useState } from 'react';
import type { ConfigReport } from '#contract';
import { formatCount } from '#model';
import { useApp } from '../../state/app-state.ts';
import { plainError, toast } from '../../state/messages.ts';
import type { Side } from '../../state/selection.ts';
import styles from './config-diff.module.css';

/** What both sides' configs say otherwise, as the host tells it; null while it isn't known, and where they can't be read. */
export function useConfigReport(a: Side, b: Side): ConfigReport | null {
  const client = useApp((app) => app.client);
  const [report, setReport] = useState<ConfigReport | null>(null);
  const sides = JSON.stringify([a, b]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the sides are new objects each time; their words are not
  useEffect(() => {
    if (client === null) return;
    const control = new AbortController();
    setReport(null);
    client.call('images.configs', { a, b }, { signal: control.signal }).then(
      (value) => !control.signal.aborted && setReport(value),
      (error: unknown) => !control.signal.aborted && plainError(error).code !== 'NOT_FOUND' && toast(plainError(error).message),
    );
    return () => control.abort();
  }, [client, sides]);
  return report;
}

/** Fields of the config that differ, with both values. */
export function ConfigDiff({ report }: { report: ConfigReport }) {
  const left = report.total - report.differences.length;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard
    <section className={`${styles.view} selectable`} aria-label="Config differences" tabIndex={0}>
      <table className={styles.table}>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">Field</th>
            <th scope="col">A</th>
            <th scope="col">B</th>
          </tr>
        </thead>
        <tbody>
          {report.differences.map(({ field, a, b }) => (
            <tr key={field}>
              <th scope="row" className={styles.field}>
                {field}
              </th>
              <td className={styles.before}>
                <Value text={a} />
              </td>
              <td className={styles.now}>
                <Value text={b} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {left === 0 ? null : <p className={styles.rest}>and {formatCount(left)} more; “Save as JSON” includes them</p>}
    </section>
  );
}

function Value({ text }: { text: string | null }) {
  return text === null ? <span className={styles.unset}>not set</span> : <code>{text === '' ? '(empty)' : text}</code>;
}
