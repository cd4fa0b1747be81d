import { type ReactNode, useMemo } from 'react';
import { displayText } from '#model';
import { Icon } from '../../components/icons.tsx';
import { MatchText } from '../../components/match-text.tsx';
import { type TreeColumn, TreeGrid } from '../../components/tree-grid.tsx';
import { isShortcut } from '../../state/commands.ts';
import { type KeyNode, type KeyTree, keysInSight } from '../../state/registry-keys.ts';
import { words } from '../../words/index.ts';
import styles from './registry.module.css';

const INDENT = 14;

/** Keys as a tree, as in Windows' registry editor. `column`: the column next to their names. */
export function KeyGrid({
  label,
  tree,
  isOpen,
  active,
  onActive,
  onToggle,
  mark,
  note,
  isFound,
  match = '',
  column,
}: {
  label: string;
  tree: KeyTree;
  /** Whether the key with the given id is open. */
  isOpen: (id: string) => boolean;
  /** The id of the chosen key; null if none is. */
  active: string | null;
  onActive: (node: KeyNode) => void;
  onToggle: (nodes: readonly KeyNode[], open: boolean) => void;
  /** Shown before the name. */
  mark?: (node: KeyNode) => ReactNode;
  /** Shown after the name. */
  note?: (node: KeyNode) => ReactNode;
  /** Whether a search found the key itself. The other keys are shown because they lead to the found ones. */
  isFound?: (node: KeyNode) => boolean;
  /** The text searched for, which is marked in the names. */
  match?: string;
  column?: { readonly head: string; readonly width: number; readonly cell: (row: number) => ReactNode };
}) {
  const rows = useMemo(() => keysInSight(tree, isOpen), [tree, isOpen]);
  const nodeAt = (row: number) => tree.nodes[row] as KeyNode;
  const shape = useMemo(
    () => ({
      parent: tree.parent,
      isFolder: (row: number) => (tree.nodes[row] as KeyNode).hasSubkeys,
      isOpen: (row: number) => isOpen((tree.nodes[row] as KeyNode).id),
      name: (row: number) => nameOf(tree.nodes[row] as KeyNode),
    }),
    [tree, isOpen],
  );
  const columns: TreeColumn[] = [
    { id: 'key', header: words.registry.key, width: 'minmax(0, 1fr)' },
    ...(column === undefined ? [] : [{ id: 'more', header: column.head, width: `${column.width}px`, align: 'right' as const }]),
  ];
  const flip = (row: number) => {
    if (nodeAt(row).hasSubkeys) onToggle([nodeAt(row)], !shape.isOpen(row));
  };
  return (
    <TreeGrid
      label={label}
      rows={rows}
      shape={shape}
      columns={columns}
      active={active === null ? -1 : tree.rowOf(active)}
      onActive={(row) => onActive(nodeAt(row))}
      onToggle={(row, open) => onToggle([nodeAt(row)], open)}
      onOpenSiblings={(row) => onToggle(siblings(tree, row), true)}
      onOpen={flip}
      onPreview={flip}
      cell={(row, id, level) => {
        if (id === 'more') return column?.cell(row);
        const node = nodeAt(row);
        const text = <MatchText text={nameOf(node)} match={match} />;
        return (
          <span style={{ paddingLeft: level * INDENT }} title={displayText(node.path === '' ? node.hive : `${node.hive}\\${node.path}`)}>
            <span className={styles.twisty} data-twisty={node.hasSubkeys ? '' : undefined}>
              {node.hasSubkeys ? <Icon name={shape.isOpen(row) ? 'chevronDown' : 'chevronRight'} size={12} /> : null}
            </span>
            {mark?.(node)}
            <Icon name={node.path === '' ? 'image' : 'folder'} size={14} className={styles.keyIcon} />
            {isFound?.(node) ? <strong>{text}</strong> : isGone(node) ? <del className={styles.gone}>{text}</del> : text}
            {note?.(node)}
          </span>
        );
      }}
      rowClass={() => undefined}
      isShortcut={isShortcut}
    />
  );
}

/** Whether the last change removed the key, which is then listed as it was before. */
function isGone({ removedIn, changes }: KeyNode): boolean {
  return removedIn !== undefined || changes.at(-1)?.kind === 'removed';
}

function nameOf({ name }: KeyNode): string {
  return name === '' ? words.registry.noName : displayText(name);
}

/** Returns the key and its siblings, as far as they have subkeys. */
function siblings({ nodes, parent }: KeyTree, row: number): KeyNode[] {
  return nodes.filter(({ hasSubkeys }, at) => hasSubkeys && parent[at] === parent[row]);
}
