import { FIRST_PAGE_ROWS, PAGE_ROWS, type RowPage } from '#contract';
import type { RowTable } from '#model';
import { Assembly } from './assemble.ts';

export interface TableSoFar {
  readonly table: RowTable;
  /** Rows that the whole table has. */
  readonly total: number;
}

/**
 * A table asked for page by page, each while the one before it is taken in: what the first page has at once, then what there is after
 * every `every` ms, at last the whole. A table is no longer to be used once the next one was asked for: they share their columns.
 */
export async function* tablePages(
  ask: (start: number, count: number) => Promise<RowPage>,
  { every, now = () => performance.now() }: { readonly every: number; readonly now?: () => number },
): AsyncGenerator<TableSoFar, void> {
  let assembly: Assembly | null = null;
  let given = 0;
  for (let asked = ask(0, FIRST_PAGE_ROWS); ; ) {
    const page = await asked;
    const end = page.start + page.rows.length;
    const isLast = end >= page.total;
    if (page.rows.length === 0 && !isLast) throw new Error('a page without rows before the end');
    if (!isLast) {
      asked = ask(end, PAGE_ROWS);
      asked.catch(() => {}); // told when it is waited for
    }
    const isFirst = assembly === null;
    assembly ??= new Assembly(page.total);
    assembly.add(page);
    if (!isFirst && !isLast && now() - given < every) continue;
    yield { table: assembly.table(), total: page.total };
    given = now();
    if (isLast) return;
  }
}
