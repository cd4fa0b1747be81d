import { type ReactNode, useMemo, useState } from 'react';
import type { ImageSummary } from '#contract';
import { displayPath, unescapePath } from '#model';
import { Button } from '../../components/button.tsx';
import { MoreItems } from '../../components/first-items.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { phrase } from '../../components/phrase.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import { SortHead } from '../../components/sort-head.tsx';
import { goTo } from '../../state/choosing.ts';
import { FIRST_WASTE_ORDER, nextWasteOrder, sortedWaste, type WasteLine, type WasteOrder } from '../../state/waste.ts';
import { lineName, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { LayerCommand, LayerLinks } from './layer-links.tsx';
import styles from './waste-panel.module.css';
import table from './waste-table.module.css';

/** Maximum number of files that are listed at first, and by which the lists grow. */
export const WASTE_STEP = 500;

/** Number of rows that a table shows by default. */
const FIRST = 5;

/**
 * Files or places of one cause or kind, in columns: bytes, path, the layers that wrote and hid it, and the command. Only the largest are
 * shown by default; a button shows all that are listed.
 */
export function WasteTable({
  id,
  label,
  title,
  lines,
  image,
  hiddenIn,
  rest,
  onMore = null,
}: {
  /** Id of the section, for links to it. */
  id: string;
  label: string;
  title: ReactNode;
  /** Largest first. */
  lines: readonly WasteLine[];
  image: ImageSummary;
  /** Heading of the column for the layers that hid the files; null if none did. */
  hiddenIn: string | null;
  /** Number and bytes of what isn't listed, and the bytes of everything. */
  rest: { readonly count: number; readonly bytes: number; readonly whole: number };
  /** Lists more of them; null if no more can be listed. */
  onMore?: (() => void) | null;
}) {
  const [isOpen, setOpen] = useState(false);
  const [order, setOrder] = useState(FIRST_WASTE_ORDER);
  const sorted = useMemo(() => sortedWaste(lines, order), [lines, order]);
  const shown = isOpen ? sorted : sorted.slice(0, FIRST);
  const { columns } = words.waste;
  const hasSeveral = shown.some(({ writers }) => writers.length > 1);
  return (
    <section className={styles.files} id={id} aria-label={label} tabIndex={-1}>
      <h3 className={styles.cause}>{title}</h3>
      <table className={table.table}>
        <thead>
          <tr>
            <Heading by="bytes" order={order} onOrder={setOrder} className={table.bytesColumn} />
            <th scope="col" className={table.shareColumn}>
              <span className="visually-hidden">{words.changes.columns.share}</span>
            </th>
            <Heading by="path" order={order} onOrder={setOrder} />
            <th scope="col" className={hasSeveral ? table.layersColumn : table.layerColumn}>
              {columns.addedIn}
            </th>
            {hiddenIn === null ? null : (
              <th scope="col" className={table.hiddenColumn}>
                {hiddenIn}
              </th>
            )}
            <th scope="col" className={table.commandColumn}>
              {columns.command}
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((line) => (
            <Row key={line.key} line={line} image={image} whole={rest.whole} hasHider={hiddenIn !== null} />
          ))}
        </tbody>
      </table>
      {isOpen && rest.count > 0 ? (
        <div className={styles.rest}>
          {onMore === null ? (
            phrase(words.waste.moreFiles(rest.count, <Size bytes={rest.bytes} />))
          ) : (
            <MoreItems left={rest.count} onMore={onMore} step={WASTE_STEP} note={<Size bytes={rest.bytes} />} />
          )}
        </div>
      ) : null}
      {lines.length > FIRST ? (
        <p className={styles.ask}>
          <Button kind="quiet" expanded={isOpen} onPress={() => setOpen(!isOpen)}>
            {isOpen ? words.waste.showFirst(FIRST) : words.waste.showAll(lines.length + rest.count)}
          </Button>
        </p>
      ) : null}
    </section>
  );
}

function Heading({
  by,
  order,
  onOrder,
  className = '',
}: {
  by: WasteOrder['by'];
  order: WasteOrder;
  onOrder: (order: WasteOrder) => void;
  className?: string | undefined;
}) {
  return (
    <SortHead
      text={words.waste.columns[by]}
      descending={order.by === by ? order.descending : null}
      className={className}
      onSort={() => onOrder(nextWasteOrder(order, by))}
    />
  );
}

/** A file or place, whose name links to it. `whole`: the bytes of a full bar. */
function Row({ line, image, whole, hasHider }: { line: WasteLine; image: ImageSummary; whole: number; hasHider: boolean }) {
  const { path, layer, bytes, writers, hider, sameAs } = line;
  const name = path === null ? words.waste.manyPlaces : displayPath(unescapePath(path));
  const share = bytes / Math.max(1, whole);
  return (
    <tr>
      <td className={table.bytesColumn}>
        <Size bytes={bytes} />
      </td>
      <td className={table.shareColumn}>
        <WasteShare share={share} />
      </td>
      <th scope="row">
        <button
          type="button"
          className={table.line}
          title={words.list([words.waste.placeOf(titleText(name), sizeTitle(bytes)), words.waste.shareOfList(share)])}
          onClick={() => goTo(layer, path)}
        >
          <MiddleText className={table.path} text={name} title={null} />
          {sameAs === null ? null : <span className={table.note}>{words.waste.sameAs(lineName(displayPath(unescapePath(sameAs))))}</span>}
        </button>
      </th>
      <td>
        <LayerLinks layers={writers} path={path} />
      </td>
      {hasHider ? <td>{hider === null ? null : <LayerLinks layers={[hider]} path={path} />}</td> : null}
      <td className={table.commandColumn}>
        <LayerCommand image={image} layer={hider ?? layer} />
      </td>
    </tr>
  );
}

/** A bar in a track that stands for all bytes of the list. */
export function WasteShare({ share }: { share: number }) {
  return (
    <span className={styles.share}>
      <i style={{ width: `${share * 100}%` }} />
    </span>
  );
}
