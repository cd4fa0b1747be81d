import { type ReactNode, type Ref, useImperativeHandle, useRef } from 'react';
import { FILE_TYPES } from '#changes';
import type { BreakdownOf, BreakdownReport, FileSums, PathSum } from '#contract';
import { displayPath, unescapePath } from '#model';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import type { TreeGridHandle } from '../../components/tree-grid.tsx';
import { choosePath, showClicked, showFileType, showPathInTree } from '../../state/choosing.ts';
import { typeColour } from '../../state/layer-colours.ts';
import { hintFor } from '../../state/plain-error.ts';
import type { Selection } from '../../state/selection.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import { useTheme } from '../use-theme.ts';
import styles from './breakdown-view.module.css';
import { useBreakdown } from './use-breakdown.ts';

const CODES: readonly string[] = FILE_TYPES;

/** The selection's bytes by kind of file and by top folder, and its biggest files. */
export function BreakdownView({ selection, handle }: { selection: Selection; handle: Ref<TreeGridHandle> }) {
  const { archiveId, image, mode, from, to } = selection;
  const of: BreakdownOf =
    mode === 'image' ? { what: 'image' } : mode === 'stacked' ? { what: 'view', layer: to } : { what: 'changes', from, to };
  const answer = useBreakdown({ archiveId: archiveId ?? '', image }, of);
  const view = useRef<HTMLDivElement>(null);
  useImperativeHandle(handle, () => ({ focus: () => view.current?.querySelector<HTMLElement>('button, [tabindex]')?.focus() }));
  return (
    <div className={styles.view} ref={view}>
      {answer.state === 'failed' ? (
        <Notice icon="error" title={words.breakdown.failed} tone="error">
          <ErrorText error={answer.error} hint={hintFor(answer.error)} />
        </Notice>
      ) : answer.state === 'ready' ? (
        <Tables report={answer.value} path={selection.path} />
      ) : (
        <p role="status" className={styles.loading}>
          {words.loading}
        </p>
      )}
    </div>
  );
}

function Tables({ report, path }: { report: BreakdownReport; path: string | null }) {
  const { bytes, hiddenBytes, files, folders, others, types, parts, biggest } = report;
  const all = bytes + hiddenBytes;
  const dark = useTheme() === 'dark';
  if (types.length === 0) return <Notice icon="folder" title={words.breakdown.empty} />;
  return (
    <>
      <p className={`number ${styles.counts}`}>{words.breakdown.counts({ files, folders, others })}</p>
      <Table title={words.breakdown.byType} name={words.breakdown.type} count={words.breakdown.files} all={all} hasHidden={hiddenBytes > 0}>
        {types.map((each) => (
          <Line
            key={each.type}
            sums={each}
            all={all}
            hasHidden={hiddenBytes > 0}
            count={formatCount(each.files)}
            title={`${words.breakdown.typeNames[each.type] ?? each.type} ${each.extensions.join(' ')}`}
            onShow={() => showFileType(CODES.indexOf(each.type))}
          >
            <button type="button" className={styles.kind}>
              <i className={styles.swatch} style={{ background: typeColour(each.type, dark).fill }} />
              <span className={styles.kindName}>{words.breakdown.typeNames[each.type] ?? each.type}</span>{' '}
              <span className={styles.extensions}>{each.extensions.join(' ')}</span>
            </button>
          </Line>
        ))}
      </Table>
      <Table
        title={words.breakdown.byFolder}
        name={words.breakdown.folder}
        count={words.breakdown.items}
        all={all}
        hasHidden={hiddenBytes > 0}
      >
        {parts.map((each) => (
          <PathLine key={each.path} sum={each} all={all} hasHidden={hiddenBytes > 0} isSelected={each.path === path} hasItems />
        ))}
      </Table>
      <Table title={words.breakdown.biggest} name={words.breakdown.file} count={null} all={all} hasHidden={hiddenBytes > 0}>
        {biggest.map((each) => (
          <PathLine key={each.path} sum={each} all={all} hasHidden={hiddenBytes > 0} isSelected={each.path === path} />
        ))}
      </Table>
    </>
  );
}

function Table({
  title,
  name,
  count,
  hasHidden,
  children,
}: {
  title: string;
  name: string;
  /** Heading of the count column; null if there is no such column. */
  count: string | null;
  all: number;
  hasHidden: boolean;
  children: ReactNode;
}) {
  return (
    <table className={styles.table}>
      <caption className={styles.caption}>{title}</caption>
      <thead>
        <tr>
          <th scope="col">{name}</th>
          <th scope="col">{words.changes.columns.share}</th>
          <th scope="col" className={styles.right}>
            {words.changes.columns.size}
          </th>
          {hasHidden ? (
            <th scope="col" className={styles.right}>
              {words.changes.columns.hidden}
            </th>
          ) : null}
          {count === null ? null : (
            <th scope="col" className={`${styles.right} ${styles.count}`}>
              {count}
            </th>
          )}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

function PathLine({
  sum,
  all,
  hasHidden,
  isSelected,
  hasItems = false,
}: {
  sum: PathSum;
  all: number;
  hasHidden: boolean;
  isSelected: boolean;
  hasItems?: boolean;
}) {
  const name = `${displayPath(unescapePath(sum.path))}${sum.isFolder ? '/' : ''}`;
  // A folder opens in the tree; for a file, only the details are shown.
  const show = () => {
    if (sum.isFolder) showPathInTree(sum.path);
    else {
      choosePath(sum.path);
      showClicked();
    }
  };
  return (
    <Line sums={sum} all={all} hasHidden={hasHidden} count={!hasItems ? null : sum.isFolder ? formatCount(sum.items) : ''} onShow={show}>
      <button type="button" className={styles.path} title={name} aria-pressed={isSelected}>
        {name}
      </button>
    </Line>
  );
}

/** A click anywhere in the line shows its folder, file or kind. The row's button is for the keyboard; its clicks bubble up to here. */
function Line({
  sums: { bytes, hiddenBytes },
  all,
  hasHidden,
  count,
  title,
  onShow,
  children,
}: {
  sums: FileSums;
  all: number;
  hasHidden: boolean;
  /** The value in the count column; null if the table has no such column. */
  count: string | null;
  title?: string;
  onShow: () => void;
  children: ReactNode;
}) {
  const own = bytes + hiddenBytes;
  const share = all === 0 ? 0 : own / all;
  return (
    <tr onClick={onShow}>
      <th scope="row" title={title}>
        {children}
      </th>
      <td className={styles.share} title={words.changes.shareOfTotal(share)}>
        <span className={styles.bar} aria-hidden="true">
          <i style={{ width: `${share * 100}%` }}>{hiddenBytes === 0 ? null : <b style={{ width: `${(hiddenBytes / own) * 100}%` }} />}</i>
        </span>
        <span className="number">{words.percent(share)}</span>
      </td>
      <td className={styles.right} title={sizeTitle(own)}>
        <Size bytes={own} />
      </td>
      {hasHidden ? <td className={styles.right}>{hiddenBytes === 0 ? null : <Size bytes={hiddenBytes} />}</td> : null}
      {count === null ? null : <td className={`number ${styles.right} ${styles.count}`}>{count}</td>}
    </tr>
  );
}
