import { useEffect } from 'react';
import type { ConfigReport } from '#contract';
import { formatCount } from '#model';
import { toast } from '../../state/messages.ts';
import type { Side } from '../../state/selection.ts';
import { WORDS } from '../../state/words.ts';
import { useRequest } from '../use-request.ts';
import styles from './config-diff.module.css';

/** What differs in the configs of both sides; null while it isn't known, and where they can't be read. */
export function useConfigReport(a: Side, b: Side): ConfigReport | null {
  const answer = useRequest(JSON.stringify([a, b]), (client, signal) => client.call('images.configs', { a, b }, { signal }));
  const error = answer.state === 'failed' && answer.error.code !== 'NOT_FOUND' ? answer.error : null;
  useEffect(() => {
    if (error !== null) toast(error.message);
  }, [error]);
  return answer.state === 'ready' ? answer.value : null;
}

/** Fields of the config that differ, with both values. */
export function ConfigDiff({ report }: { report: ConfigReport }) {
  const left = report.total - report.differences.length;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
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
      {left === 0 ? null : (
        <p className={styles.rest}>
          and {formatCount(left)} more; “{WORDS.saveComparison}” includes them
        </p>
      )}
    </section>
  );
}

function Value({ text }: { text: string | null }) {
  return text === null ? <span className={styles.unset}>not set</span> : <code>{text === '' ? '(empty)' : text}</code>;
}
