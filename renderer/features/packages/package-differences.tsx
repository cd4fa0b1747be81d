import { type Ref, useImperativeHandle, useRef, useState } from 'react';
import type { PackageDifferencesReport } from '#contract';
import { displayText } from '#model';
import { Mark } from '../../components/mark.tsx';
import { Notice } from '../../components/notice.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import type { TreeGridHandle } from '../../components/tree-grid.tsx';
import { showPathInTree } from '../../state/choosing.ts';
import { signedSize } from '../../state/compare.ts';
import type { Side } from '../../state/selection.ts';
import { lineName, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { ClearFilter } from '../clear-filter.tsx';
import { Net } from '../net.tsx';
import { useApp } from '../use-app.ts';
import { useOwnFilter } from '../use-own-filter.ts';
import { useRequest } from '../use-request.ts';
import { Unknown } from './package-lines.tsx';
import { PackageName } from './package-name.tsx';
import { PAGE, PackagePages, TYPING } from './package-pages.tsx';
import { VersionCell } from './package-versions.tsx';
import styles from './packages-view.module.css';

/** The packages that only one side of a comparison has, or that the sides have in different versions. */
export function PackageDifferences({ a, b, text, handle }: { a: Side; b: Side; text: string; handle: Ref<TreeGridHandle> }) {
  useOwnFilter();
  const [count, setCount] = useState(PAGE);
  const wanted = text.trim();
  const answer = useRequest(
    JSON.stringify([a, b, count, wanted]),
    (client, signal) => client.call('images.packages', { a, b, text: wanted, start: 0, count }, { signal }),
    { keepsLast: true, delay: wanted === '' ? 0 : TYPING },
  );
  const view = useRef<HTMLDivElement>(null);
  useImperativeHandle(handle, () => ({ focus: () => view.current?.querySelector<HTMLElement>('button, [tabindex]')?.focus() }));
  return (
    <div className={styles.view} ref={view}>
      <PackagePages answer={answer} count={count} onCount={setCount}>
        {(report) => <Differences report={report} isFiltered={wanted !== ''} />}
      </PackagePages>
    </div>
  );
}

function Differences({ report, isFiltered }: { report: PackageDifferencesReport; isFiltered: boolean }) {
  const filesDiffer = useApp(({ changes }) => changes.compares && changes.total > 0);
  const { packagesA, packagesB, rows, total, problems } = report;
  if (packagesA + packagesB === 0) return <Notice title={words.packages.none}>{words.packages.noneWhy}</Notice>;
  if (total === 0) {
    return isFiltered ? (
      <Notice icon="search" title={words.packages.noMatches}>
        <ClearFilter />
      </Notice>
    ) : (
      <Notice icon="image" title={filesDiffer ? words.packages.sameButFiles : words.packages.same}>
        {words.packages.sameWhy(packagesB)}
      </Notice>
    );
  }
  return (
    <>
      <p className={styles.status} role="status">
        {words.packages.differences(report)}
        {total === rows.length && !isFiltered ? <SumOfNet rows={rows} /> : null}
        {total > rows.length ? words.packages.firstOnly(rows.length) : ''}
        {problems === 0 ? null : <span className={styles.problem}> · {words.packages.unread(problems)}</span>}
      </p>
      <table className={`${styles.table} ${styles.differences}`}>
        <caption className="visually-hidden">{words.packages.differencesTitle}</caption>
        <thead>
          <tr>
            <th scope="col">{words.packages.name}</th>
            <th scope="col">{words.packages.version}</th>
            <th scope="col" className={styles.right}>
              {words.changes.columns.size}
            </th>
            <th scope="col" className={styles.right}>
              {words.changes.columns.net}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Line key={`${row.kind}/${row.type}/${row.name}/${row.arch}/${row.version}/${row.location}`} row={row} />
          ))}
        </tbody>
      </table>
    </>
  );
}

type Row = PackageDifferencesReport['rows'][number];

/** Returns how many bytes larger the package is in B. */
function netOf({ kind, bytes, previousBytes }: Row): number {
  return kind === 'removed' ? -bytes : bytes - (previousBytes ?? 0);
}

function SumOfNet({ rows }: { rows: readonly Row[] }) {
  const sum = rows.reduce((bytes, row) => bytes + netOf(row), 0);
  return sum === 0 ? null : (
    <>
      {' · '}
      <Net bytes={sum}>{words.compare.net(signedSize(sum))}</Net>
    </>
  );
}

function Line({ row }: { row: Row }) {
  const { kind, name, version, previousVersion, location, bytes, filesKnown, path } = row;
  const isRemoved = kind === 'removed';
  return (
    <tr>
      <th scope="row" title={`${words.packages.inSides[kind]} · ${titleText(displayText(location))}`}>
        <PackageName
          of={row}
          mark={
            <span className={styles.mark}>
              <Mark name={kind} title={words.packages.inSides[kind]} />
            </span>
          }
          isGone={isRemoved}
          leads={path === null ? null : words.packages.showInComparison(lineName(displayText(name)))}
          {...(path === null ? {} : { onPress: () => showPathInTree(path) })}
        />
      </th>
      <VersionCell version={version} previousVersion={previousVersion} />
      <td className={styles.right} title={filesKnown ? sizeTitle(bytes) : undefined}>
        {!filesKnown ? (
          <Unknown />
        ) : isRemoved ? (
          <s className={styles.was}>
            <Size bytes={bytes} />
          </s>
        ) : (
          <Size bytes={bytes} />
        )}
      </td>
      <td className={styles.right}>{filesKnown ? <Net bytes={netOf(row)} /> : <Unknown />}</td>
    </tr>
  );
}
