import { type ReactNode, type Ref, useImperativeHandle, useMemo, useRef } from 'react';
import type { BreakdownReport, FileSums } from '#contract';
import { displayPath, unescapePath } from '#model';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Size } from '../../components/size.tsx';
import type { TreeGridHandle } from '../../components/tree-grid.tsx';
import { choosePath, showClicked } from '../../state/choosing.ts';
import { sideScope } from '../../state/compare.ts';
import { type JoinedSums, joinSums } from '../../state/joined-sums.ts';
import { typeColour } from '../../state/layer-colours.ts';
import { hintFor } from '../../state/plain-error.ts';
import type { Side } from '../../state/selection.ts';
import { words } from '../../words/index.ts';
import { unitOfBoth } from '../../words/numbers.ts';
import styles from '../breakdown/breakdown-view.module.css';
import { useBreakdown } from '../breakdown/use-breakdown.ts';
import { Net } from '../net.tsx';
import { useTheme } from '../use-theme.ts';
import { SideBars } from './compare-bar.tsx';

/**
 * Maximum number of entries requested from each side. It is far greater than the number listed, so that an entry isn't mistaken for missing
 * on the side where it is smaller.
 */
const JOINED = 10_000;
/** Maximum number of joined entries that are listed. */
const LISTED = 100;

/** Sums of both sides' files by kind and by top folder, with the difference. */
export function CompareBreakdown({ a, b, path, handle }: { a: Side; b: Side; path: string | null; handle: Ref<TreeGridHandle> }) {
  const [one, other] = [useBreakdown(a, sideScope(a), { limit: JOINED }), useBreakdown(b, sideScope(b), { limit: JOINED })];
  const view = useRef<HTMLDivElement>(null);
  useImperativeHandle(handle, () => ({ focus: () => view.current?.querySelector<HTMLElement>('button, [tabindex]')?.focus() }));
  const error = one.state === 'failed' ? one.error : other.state === 'failed' ? other.error : null;
  return (
    <div className={styles.view} ref={view}>
      {error !== null ? (
        <Notice icon="error" title={words.breakdown.failed} tone="error">
          <ErrorText error={error} hint={hintFor(error)} />
        </Notice>
      ) : one.state === 'ready' && other.state === 'ready' ? (
        <Tables a={one.value} b={other.value} path={path} />
      ) : (
        <p role="status" className={styles.loading}>
          {words.loading}
        </p>
      )}
    </div>
  );
}

function Tables({ a, b, path }: { a: BreakdownReport; b: BreakdownReport; path: string | null }) {
  const dark = useTheme() === 'dark';
  const types = useMemo(() => joinSums(a.types, b.types, ({ type }) => type), [a, b]);
  const parts = useMemo(() => joinSums(a.parts, b.parts, (part) => part.path).slice(0, LISTED), [a, b]);
  if (types.length === 0) return <Notice icon="folder" title={words.breakdown.empty} />;
  return (
    <>
      <Table title={words.breakdown.byType} name={words.breakdown.type} sums={types}>
        {({ key }) => (
          <span className={styles.kind}>
            <i className={styles.swatch} style={{ background: typeColour(key, dark).fill }} />
            <span className={styles.kindName}>{words.breakdown.typeNames[key] ?? key}</span>
          </span>
        )}
      </Table>
      <Table title={words.breakdown.byFolder} name={words.breakdown.folder} sums={parts}>
        {({ key, a: one, b: other }) => {
          const name = `${displayPath(unescapePath(key))}${(other ?? one)?.isFolder ? '/' : ''}`;
          return (
            <button
              type="button"
              className={styles.path}
              title={name}
              aria-pressed={key === path}
              onClick={() => {
                choosePath(key);
                showClicked();
              }}
            >
              {name}
            </button>
          );
        }}
      </Table>
    </>
  );
}

function Table<T extends FileSums>({
  title,
  name,
  sums,
  children,
}: {
  title: string;
  name: string;
  sums: readonly JoinedSums<T>[];
  children: (sum: JoinedSums<T>) => ReactNode;
}) {
  const largest = Math.max(1, ...sums.map(({ before, now }) => Math.max(before, now)));
  return (
    <table className={`${styles.table} ${styles.sides}`}>
      <caption className={styles.caption}>{title}</caption>
      <thead>
        <tr>
          <th scope="col">{name}</th>
          <th scope="col">{words.changes.columns.sides}</th>
          <th scope="col" className={styles.right}>
            A
          </th>
          <th scope="col" className={styles.right}>
            B
          </th>
          <th scope="col" className={styles.right}>
            {words.changes.columns.net}
          </th>
        </tr>
      </thead>
      <tbody>
        {sums.map((sum) => {
          // In a column of kilobytes, a number of bytes would look larger than it is, so bytes aren't used as the shared unit.
          const shared = unitOfBoth(sum.before, sum.now);
          const unit = shared.power === 0 ? null : shared;
          return (
            <tr key={sum.key}>
              <th scope="row">{children(sum)}</th>
              <td>
                <SideBars before={sum.before} now={sum.now} largest={largest} />
              </td>
              <td className={styles.right}>{sum.a === null ? null : <Size bytes={sum.before} unit={unit} />}</td>
              <td className={styles.right}>{sum.b === null ? null : <Size bytes={sum.now} unit={unit} />}</td>
              <td className={styles.right}>
                <Net bytes={sum.now - sum.before} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
