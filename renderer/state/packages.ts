import type { PackageRow } from '#contract';

/** How packages are sorted; null for the host's order, by kind of change and then by size. */
export type PackageOrder = { readonly by: 'name' | 'version' | 'files' | 'bytes'; readonly descending: boolean } | null;

/**
 * Returns the order after a column's heading is clicked: at first ascending for strings and descending for numbers, then reversed, then the
 * host's order.
 */
export function nextOrder(order: PackageOrder, by: NonNullable<PackageOrder>['by']): PackageOrder {
  const first = by === 'files' || by === 'bytes';
  if (order?.by !== by) return { by, descending: first };
  return order.descending === first ? { by, descending: !first } : null;
}

const collator = new Intl.Collator('en', { numeric: true });

/** Returns the rows, sorted. Equal rows keep their order. */
export function sortedPackages(rows: readonly PackageRow[], order: PackageOrder): readonly PackageRow[] {
  if (order === null) return rows;
  const { by, descending } = order;
  const compare = (a: PackageRow, b: PackageRow): number =>
    by === 'files' || by === 'bytes' ? a[by] - b[by] : collator.compare(a[by], b[by]);
  const isCounted = by === 'files' || by === 'bytes';
  return [...rows].sort((a, b) => {
    // Unknown numbers of files come last in both directions.
    const unknown = isCounted ? Number(b.filesKnown) - Number(a.filesKnown) : 0;
    return unknown || (descending ? compare(b, a) : compare(a, b));
  });
}
