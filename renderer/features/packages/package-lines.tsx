// The rows of the package tables. Each links to the package's files.
import type { PackageRow } from '#contract';
import { displayText } from '#model';
import { Mark, type MarkName } from '../../components/mark.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import { showInTree, showPathInTree } from '../../state/choosing.ts';
import { type PackageOrder, sortedPackages } from '../../state/packages.ts';
import { lineName, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import { PackageName } from './package-name.tsx';
import { VersionCell } from './package-versions.tsx';
import styles from './packages-view.module.css';

/** Package rows in the chosen order. */
export function Lines({
  rows,
  order,
  ...of
}: {
  rows: readonly PackageRow[];
  order: PackageOrder;
  layer: number;
  /** Whether the rows link to files in the whole image rather than in the layer. */
  isWhole?: boolean;
  isView?: boolean;
  replaces?: boolean;
  largest: number;
}) {
  return sortedPackages(rows, order).map((row) => (
    <Line key={`${row.kind}/${row.type}/${row.name}/${row.arch}/${row.version}/${row.location}`} row={row} {...of} />
  ));
}

/** Returns the bytes of a package's files in lower layers that the layer replaces or removes. */
export function replacedBytes({ kind, bytes, hiddenBytes }: PackageRow): number {
  return kind === 'removed' ? bytes : (hiddenBytes ?? 0);
}

const MARKS: Readonly<Record<PackageRow['kind'], MarkName>> = {
  added: 'added',
  modified: 'modified',
  removed: 'removed',
  touched: 'rewritten',
  installed: 'unchanged',
};

/**
 * A click anywhere in the line shows the package's files. The button with the package's name is for the keyboard; its clicks bubble up to
 * here.
 */
function Line({
  row,
  layer,
  isWhole = false,
  isView = false,
  replaces = false,
  largest,
}: {
  row: PackageRow;
  layer: number;
  isWhole?: boolean;
  isView?: boolean;
  replaces?: boolean;
  largest: number;
}) {
  const { kind, name, version, previousVersion, location, files, bytes, filesKnown, path } = row;
  const shown = lineName(displayText(name));
  // With `isWhole`, the label doesn't name a layer: the largest file may be from a different layer than the package.
  const label = isWhole ? words.packages.showAllFiles(shown) : words.packages.showFiles(shown, layer);
  const replaced = replacedBytes(row);
  const show = path === null ? undefined : () => (isWhole ? showPathInTree(path) : showInTree(layer, path));
  return (
    <tr className={show === undefined ? undefined : styles.linked} onClick={show}>
      <th scope="row" title={`${words.packages.kinds[kind]} · ${titleText(displayText(location))}`}>
        <PackageName
          of={row}
          mark={
            isView ? null : (
              <span className={styles.mark}>
                {MARKS[kind] === 'unchanged' ? null : <Mark name={MARKS[kind]} title={words.packages.kinds[kind]} />}
              </span>
            )
          }
          leads={path === null ? null : label}
          isGone={kind === 'removed'}
        />
      </th>
      <VersionCell version={version} previousVersion={previousVersion} />
      <td className={`number ${styles.right} ${styles.files}`}>{filesKnown ? formatCount(files) : <Unknown />}</td>
      <ShareCell share={kind === 'removed' ? 0 : bytes / largest} />
      <td className={styles.right}>{kind === 'removed' ? null : filesKnown ? <Size bytes={bytes} /> : <Unknown />}</td>
      {replaces ? (
        <td
          className={`${styles.right} ${styles.replaces} ${styles.was}`}
          title={replaced === 0 ? undefined : words.packages.hiddenWhy(sizeTitle(replaced))}
        >
          {replaced === 0 ? null : <Size bytes={replaced} />}
        </td>
      ) : null}
    </tr>
  );
}

/** Shown in place of an unknown number. */
export function Unknown() {
  return (
    <span className={styles.was} title={words.packages.unknownWhy}>
      <span aria-hidden="true">—</span>
      <span className="visually-hidden">{words.packages.unknown}</span>
    </span>
  );
}

/** A bar next to a size, so that large ones stand out. */
export function ShareCell({ share, isQuiet = false }: { share: number; isQuiet?: boolean }) {
  return (
    <td className={styles.share}>
      {share <= 0 ? null : (
        <i className={`${styles.bar} ${isQuiet ? styles.quietBar : ''}`} style={{ width: `${Math.max(2, share * 100)}%` }} />
      )}
    </td>
  );
}
