import { useEffect } from 'react';
import type { ConfigReport } from '#contract';
import { MoreItems, useFirst } from '../../components/first-items.tsx';
import { sideLetter } from '../../components/side-letter.ts';
import { toast } from '../../state/messages.ts';
import type { Side } from '../../state/selection.ts';
import { lineText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { useRequest } from '../use-request.ts';
import styles from './config-diff.module.css';

/** Returns how the configs of both sides differ; null while unknown, or if a config can't be read. */
export function useConfigReport(a: Side | null, b: Side | null): ConfigReport | null {
  const answer = useRequest(a === null || b === null ? null : JSON.stringify([a, b]), async (client, signal) =>
    a === null || b === null ? null : client.call('images.configs', { a, b }, { signal }),
  );
  const error = answer.state === 'failed' && answer.error.code !== 'NOT_FOUND' ? answer.error : null;
  useEffect(() => {
    if (error !== null) toast(error.message);
  }, [error]);
  return answer.state === 'ready' ? answer.value : null;
}

/** Config fields that differ, with both values. */
export function ConfigDiff({ report }: { report: ConfigReport }) {
  const left = report.total - report.differences.length;
  const first = useFirst(report.differences);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={`${styles.view} selectable`} aria-label={words.compare.configDifferences} tabIndex={0}>
      <table className={styles.table}>
        <thead className={styles.heads}>
          <tr>
            <th scope="col">{words.compare.field}</th>
            <th scope="col">
              <span className={sideLetter('A')}>A</span>
            </th>
            <th scope="col">
              <span className={sideLetter('B')}>B</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {first.shown.map((difference) => (
            <Field key={difference.field} difference={difference} among={report.differences.length} />
          ))}
        </tbody>
      </table>
      <MoreItems left={first.left} onMore={first.onMore} />
      {left === 0 || first.left > 0 ? null : <p className={styles.rest}>{words.compare.moreFields(left)}</p>}
    </section>
  );
}

/** Fields that are sets: a port or volume is either declared or not, and has no value. */
const SET = /^(?:ExposedPorts|Volumes)\./;

/** `among`: number of fields that differ. */
function Field({ difference: { field, a, b }, among }: { difference: ConfigReport['differences'][number]; among: number }) {
  const dot = field.indexOf('.');
  const [group, name] = [field.slice(0, dot), field.slice(dot + 1)];
  const isKnown = dot > 0 && Object.hasOwn(words.compare.namedField, group);
  const only = SET.test(field) && (a === null || b === null) ? (a === null ? 'B' : 'A') : null;
  return (
    <tr>
      <th scope="row" className={styles.field}>
        {isKnown ? words.compare.namedField[group as keyof typeof words.compare.namedField](lineText(name, among)) : lineText(field, among)}
      </th>
      {only !== null ? (
        <td colSpan={2}>{words.compare.onlyIn(only)}</td>
      ) : (
        <>
          <td className={styles.before}>
            <Value text={a} among={among} />
          </td>
          <td className={styles.now}>
            <Value text={b} among={among} />
          </td>
        </>
      )}
    </tr>
  );
}

function Value({ text, among }: { text: string | null; among: number }) {
  return text === null ? (
    <span className={styles.unset}>{words.compare.notSet}</span>
  ) : (
    <code>{text === '' ? words.compare.emptyValue : lineText(text, among)}</code>
  );
}
