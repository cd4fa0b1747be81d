import styles from './sort-head.module.css';

/**
 * A column heading that sorts its table. `descending`: whether the table is sorted by this column in descending order; null if it is sorted
 * by another column.
 */
export function SortHead({
  text,
  descending,
  className = '',
  onSort,
}: {
  text: string;
  descending: boolean | null;
  className?: string | undefined;
  onSort: () => void;
}) {
  return (
    <th scope="col" className={className} aria-sort={descending === null ? undefined : descending ? 'descending' : 'ascending'}>
      <button type="button" className={styles.sort} onClick={onSort}>
        {text}
        <span aria-hidden="true">{descending === null ? '' : descending ? ' ↓' : ' ↑'}</span>
      </button>
    </th>
  );
}
