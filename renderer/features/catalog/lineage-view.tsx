import { useMemo, useState } from 'react';
import { MiddleText } from '../../components/middle-text.tsx';
import { Size } from '../../components/size.tsx';
import { TreeGrid } from '../../components/tree-grid.tsx';
import { type CatalogRows, layerTitle } from '../../state/catalog/catalog.ts';
import type { ImageRow } from '../../state/catalog/image-rows.ts';
import { type LineageNode, lineageOf, lineageWith, nodesInSight } from '../../state/catalog/lineage.ts';
import { isShortcut } from '../../state/commands.ts';
import { titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import { useApp } from '../use-app.ts';
import styles from './catalog.module.css';
import { type ImagesOrdered, imageColumns, numberCell } from './image-columns.tsx';
import { firstName, imageTitle } from './image-names.ts';
import { PICK_COLUMN, PickBox } from './picks.tsx';
import { largest } from './size-bar.tsx';
import { imageText, markImage, menuData, openImage, TWISTIES } from './two-level-grid.tsx';

/** Indentation per level of the tree, px. */
const INDENT = 16;
/** Width below which names leave no space for the number of images built on each, px. */
const LEAST_DERIVED = 860;

/** Images as a tree: each image is below the one that it is built on. */
export function LineageView({
  rows,
  found,
  all,
  room,
  ...ordered
}: {
  rows: CatalogRows;
  /** Images that match the filter. */
  found: readonly ImageRow[];
  all: readonly ImageRow[];
  room: number;
} & ImagesOrdered) {
  const { images } = rows;
  const whole = useMemo(() => lineageOf(rows, all, ordered.order), [rows, all, ordered.order]);
  const tree = useMemo(() => {
    const wanted = new Set(found.map(({ image }) => image));
    return wanted.size === all.length ? whole : lineageWith(whole, ({ row }) => row !== null && wanted.has(row.image));
  }, [whole, found, all]);
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const seen = useMemo(() => nodesInSight(tree, (node) => folded.has(node.id)), [tree, folded]);
  const full = useMemo(() => largest(all.map(({ size }) => size)), [all]);
  const picked = useApp((app) => app.catalog.picked);
  const [active, setActive] = useState<string | null>(null);
  const at = useMemo(() => new Map(tree.nodes.map((node, row) => [node.id, row])), [tree]);
  const nodeOf = (row: number) => tree.nodes[row] as LineageNode;
  const chosen = (row: number) => {
    const image = nodeOf(row).row?.image;
    return image === undefined ? null : { image };
  };
  const shape = useMemo(
    () => ({
      parent: tree.parent,
      isFolder: (row: number) => tree.parent[row + 1] === row,
      isOpen: (row: number) => !folded.has((tree.nodes[row] as LineageNode).id),
      name: (row: number) => nameOf(rows, tree.nodes[row] as LineageNode),
    }),
    [rows, tree, folded],
  );
  const toggle = (row: number, opens: boolean) => {
    const key = nodeOf(row).id;
    setFolded((before) => new Set(opens ? [...before].filter((each) => each !== key) : [...before, key]));
  };
  const choose = (row: number) => {
    const image = chosen(row);
    if (image === null) toggle(row, !shape.isOpen(row));
    else openImage(image);
  };
  return (
    <TreeGrid
      label={words.catalog.lineageTitle}
      rows={seen}
      shape={shape}
      columns={[PICK_COLUMN, ...imageColumns(room, full, ordered, 'adds', all)]}
      active={active === null ? -1 : (at.get(active) ?? -1)}
      onActive={(row) => setActive(nodeOf(row).id)}
      onToggle={toggle}
      onOpenSiblings={() => setFolded(new Set())}
      onOpen={choose}
      onPreview={choose}
      onClick={(row) => {
        if (chosen(row) !== null) choose(row);
      }}
      onMark={(row) => markImage(chosen(row)?.image ?? null)}
      rowClass={(row) => (chosen(row) === null ? undefined : styles.child)}
      rowData={(row) => menuData(chosen(row)) ?? { 'data-catalog-layer': nodeOf(row).layer }}
      isShortcut={isShortcut}
      cell={(row, column, level) => {
        const node = nodeOf(row);
        const image = chosen(row)?.image ?? null;
        if (column === PICK_COLUMN.id) return <PickBox image={image} picked={picked} />;
        if (column === 'adds') return level === 0 ? null : <Adds node={node} isShort={room < 560} />;
        if (column === 'name') {
          const title = image === null ? words.catalog.noBase(node.layers, node.derived) : imageTitle(images, image);
          return (
            <span className={styles.name} title={titleText(title)} style={{ paddingLeft: level * INDENT }}>
              {shape.isFolder(row) ? (shape.isOpen(row) ? TWISTIES.open : TWISTIES.closed) : TWISTIES.none}
              {image === null ? (
                <MiddleText className={styles.command} text={nameOf(rows, node)} title={null} />
              ) : (
                imageText(firstName(images, image))
              )}
              {node.derived === 0 || room < LEAST_DERIVED ? null : (
                <span className={styles.quiet}>{words.catalog.derived(node.derived)}</span>
              )}
            </span>
          );
        }
        if (node.row !== null) return numberCell(column, node.row, images[node.row.image] ?? null, full);
        if (column === 'size') return <Size bytes={node.bytes} />;
        return column === 'layers' ? <span className="number">{formatCount(node.layers)}</span> : null;
      }}
    />
  );
}

/** The layers and bytes that an image adds to the one above it. */
function Adds({ node, isShort }: { node: LineageNode; isShort: boolean }) {
  if (node.addedLayers === 0) return <span className={styles.quiet}>{words.catalog.addsNone}</span>;
  return (
    <>
      {isShort ? null : <span className={styles.quiet}>{words.catalog.adds(node.addedLayers)} </span>}
      <Size bytes={node.addedBytes} />
    </>
  );
}

function nameOf(rows: CatalogRows, { row, layer }: LineageNode): string {
  return row === null ? layerTitle(rows, layer) : firstName(rows.images, row.image);
}
