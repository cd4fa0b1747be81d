import type { CatalogProblem } from '#contract';
import { displayText } from '#model';
import { MoreItems, useFirst } from '../../components/first-items.tsx';
import { Notice } from '../../components/notice.tsx';
import { lineText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import styles from './catalog.module.css';

/** Images that couldn't be indexed, and files of the catalog that can't be read. */
export function ProblemsView({
  problems: known,
  found,
  total,
}: {
  problems: readonly CatalogProblem[];
  /** Files that the latest search could not read. */
  found: readonly CatalogProblem[];
  total: number;
}) {
  const subjects = new Set(known.map(({ subject }) => subject));
  const problems = [...known, ...found.filter(({ subject }) => !subjects.has(subject))];
  const { shown, left, onMore } = useFirst(problems);
  if (problems.length === 0) {
    return (
      <Notice icon="check" title={words.catalog.noProblems}>
        {words.catalog.noProblemsWhy}
      </Notice>
    );
  }
  const { problemColumns } = words.catalog;
  return (
    <div className={styles.problems}>
      <table className={styles.table} aria-label={words.catalog.problemsTitle}>
        <thead>
          <tr>
            <th scope="col">{problemColumns.subject}</th>
            <th scope="col">{problemColumns.message}</th>
            <th scope="col" className={styles.code}>
              {problemColumns.code}
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ subject, code, message }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: problems have no other name, and never move
            <tr key={index}>
              <th scope="row" className="selectable">
                {displayText(lineText(subject, problems.length))}
              </th>
              <td className="selectable">{displayText(lineText(message, problems.length))}</td>
              <td className={`selectable ${styles.code}`}>{displayText(lineText(code))}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <MoreItems left={left} onMore={onMore} />
      {total > known.length ? <p className={styles.quiet}>{words.catalog.moreProblems(total - known.length)}</p> : null}
    </div>
  );
}
