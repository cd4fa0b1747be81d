import { copyColumns, haveLength, LayerscopeError, newColumns, type RowTable, viewColumns, writeColumns } from '#model';
import { FIRST_PAGE_ROWS, PAGE_BYTES, PAGE_ROWS } from './limits.ts';
import type { RowPage } from './reports.ts';

/**
 * Copies rows [start, start + count) of a table into a page. A view is not enough, because structured clone sends the whole buffer. The
 * page has fewer rows at the end of the table, or if names and link targets exceed {@link PAGE_BYTES}. It has at least one, unless `start`
 * is past the end.
 */
export function slicePage(rows: RowTable, start: number, count: number): RowPage {
  const from = Math.min(start, rows.length);
  const to = pageEnd(rows, from, Math.min(from + count, rows.length));
  const namesFrom = rows.nameStart[from] ?? 0;
  const namesTo = rows.nameStart[to] ?? namesFrom;
  const nameStart = new Uint32Array(to - from + 1);
  for (let i = 0; i < nameStart.length; i++) nameStart[i] = (rows.nameStart[from + i] as number) - namesFrom;
  return {
    total: rows.length,
    start: from,
    rows: {
      length: to - from,
      ...copyColumns(rows, from, to),
      nameStart,
      names: rows.names.slice(namesFrom, namesTo),
      links: sliceLinks(rows.links, from, to),
    },
  };
}

/** Returns the end of the page (exclusive): `most`, or an earlier row if names and link targets are long. */
function pageEnd(rows: RowTable, from: number, most: number): number {
  let bytes = 0;
  for (let row = from; row < most; row++) {
    bytes += (rows.nameStart[row + 1] as number) - (rows.nameStart[row] as number) + (rows.links.get(row)?.length ?? 0);
    if (bytes > PAGE_BYTES && row > from) return row;
  }
  return most;
}

function sliceLinks(links: ReadonlyMap<number, Uint8Array>, from: number, to: number): Map<number, Uint8Array> {
  const found: [number, Uint8Array][] = [];
  let byteLength = 0;
  const take = (row: number, target: Uint8Array): void => {
    found.push([row - from, target]);
    byteLength += target.length;
  };
  if (links.size < to - from) {
    for (const [row, target] of links) if (row >= from && row < to) take(row, target);
  } else {
    for (let row = from; row < to; row++) {
      const target = links.get(row);
      if (target !== undefined) take(row, target);
    }
  }
  // A structured clone copies the whole buffer behind each view. So this page's targets are copied to one buffer that doesn't contain the
  // layer's other link names.
  const bytes = new Uint8Array(byteLength);
  const copies = new Map<number, Uint8Array>();
  let at = 0;
  for (const [row, target] of found) {
    bytes.set(target, at);
    copies.set(row, bytes.subarray(at, at + target.length));
    at += target.length;
  }
  return copies;
}

/**
 * Joins pages into one table. The first page states the total, so each column is allocated once at full length and the rows loaded so far
 * can be shown; only the names grow. Pages may arrive in any order; a row becomes available once all rows before it have arrived.
 */
export class PageAssembler {
  #columns: RowTable | null = null;
  #names: Uint8Array = new Uint8Array(0);
  readonly #links = new Map<number, Uint8Array>();
  #rowsThere = 0;
  readonly #waiting = new Map<number, RowPage>();
  #table: RowTable | null = null;
  /**
   * Folders that extend beyond the last available row. Their `subtreeEnd` is clamped to that row until the next table is made; `end` is the
   * real value.
   */
  #cut: { readonly row: number; readonly end: number }[] = [];

  /** Number of rows in the whole table; null before the first page. */
  get total(): number | null {
    return this.#columns?.length ?? null;
  }

  /** Number of rows available from the top without a gap. */
  get rowsThere(): number {
    return this.#rowsThere;
  }

  get complete(): boolean {
    return this.#columns !== null && this.#rowsThere === this.#columns.length;
  }

  /**
   * The available rows, as views of the columns; folders that continue are cut at the last row. Invalidates the table returned before,
   * whose folders may then end past its rows. Throws BAD_REQUEST before the first page.
   */
  get table(): RowTable {
    if (this.#columns === null) throw new LayerscopeError('BAD_REQUEST', 'no page of the table has been loaded');
    if (this.#table === null) {
      this.#cutFolders(this.#columns);
      this.#table = viewOf(this.#columns, this.#rowsThere, this.#names, this.#links);
    }
    return this.#table;
  }

  /**
   * Adds a page without changing the most recently returned table; ignores a page that was already added. Throws BAD_REQUEST for a page
   * that doesn't fit the others.
   */
  add(page: RowPage): void {
    checkPage(page);
    this.#columns ??= emptyColumns(page.total);
    if (page.total !== this.#columns.length) throw new LayerscopeError('BAD_REQUEST', 'pages of different tables');
    this.#waiting.set(page.start, page);
    for (let next = this.#waiting.get(this.#rowsThere); next !== undefined; next = this.#waiting.get(this.#rowsThere)) {
      this.#waiting.delete(next.start);
      if (next.rows.length === 0) break;
      this.#append(this.#columns, next.rows);
    }
    for (const start of this.#waiting.keys()) if (start < this.#rowsThere) this.#waiting.delete(start);
    this.#table = null;
  }

  #cutFolders({ parent, subtreeEnd }: RowTable): void {
    for (const { row, end } of this.#cut) subtreeEnd[row] = end;
    this.#cut = [];
    for (let row = this.#rowsThere - 1; row >= 0; row = parent[row] as number) {
      const end = subtreeEnd[row] as number;
      if (end <= this.#rowsThere) continue;
      this.#cut.push({ row, end });
      subtreeEnd[row] = this.#rowsThere;
    }
  }

  #append(columns: RowTable, rows: RowTable): void {
    const at = this.#rowsThere;
    writeColumns(columns, rows, at);
    const namesAt = columns.nameStart[at] as number;
    const namesEnd = namesAt + rows.names.length;
    if (namesEnd > this.#names.length) {
      const share = (columns.length / (at + rows.length)) * 1.05;
      const grown = new Uint8Array(at + rows.length === columns.length ? namesEnd : Math.ceil(namesEnd * share));
      grown.set(this.#names.subarray(0, namesAt));
      this.#names = grown;
    }
    this.#names.set(rows.names, namesAt);
    for (let i = 1; i <= rows.length; i++) columns.nameStart[at + i] = namesAt + (rows.nameStart[i] as number);
    for (const [row, target] of rows.links) this.#links.set(at + row, target);
    this.#rowsThere = at + rows.length;
  }
}

/** The rows loaded so far, and the total of the whole table. */
export interface LoadedTable {
  readonly table: RowTable;
  readonly total: number;
  /** Folders to open initially; only with the first table. */
  readonly open?: Uint32Array;
}

/**
 * Loads a table page by page, fetching each page while the previous one is added. Yields the first page at once, then the available rows
 * every `every` units of the clock `now`, finally the complete table. Requesting the next table invalidates the previous one, because both
 * share columns. Throws what `fetchPage` throws, and BAD_REQUEST for pages that don't follow each other or have no rows.
 */
export async function* tablePages(
  fetchPage: (start: number, count: number) => Promise<RowPage>,
  { every, now }: { readonly every: number; readonly now: () => number },
): AsyncGenerator<LoadedTable, void> {
  const assembler = new PageAssembler();
  let shownAt: number | null = null;
  let start = 0;
  for (let request = fetchPage(start, FIRST_PAGE_ROWS); ; ) {
    const page = await request;
    if (page.start !== start) throw new LayerscopeError('BAD_REQUEST', 'a page of other rows than requested');
    const end = start + page.rows.length;
    const isLast = end >= page.total;
    if (page.rows.length === 0 && !isLast) throw new LayerscopeError('BAD_REQUEST', 'a page without rows before the end of the table');
    if (!isLast) {
      request = fetchPage(end, PAGE_ROWS);
      request.catch(() => {}); // avoids an unhandled rejection: `await request` throws the error later
    }
    assembler.add(page);
    start = end;
    if (shownAt !== null && !isLast && now() - shownAt < every) continue;
    yield { table: assembler.table, total: page.total, ...(page.open === undefined ? {} : { open: page.open }) };
    if (isLast) return;
    shownAt = now();
  }
}

function checkPage({ total, start, rows }: RowPage): void {
  const { length, nameStart, names } = rows;
  const whole = Number.isSafeInteger(total) && total >= 0 && Number.isSafeInteger(start) && start >= 0 && start + length <= total;
  const even = haveLength(rows, length) && nameStart.length === length + 1;
  if (!whole || !even || nameStart[0] !== 0 || nameStart[length] !== names.length) {
    throw new LayerscopeError('BAD_REQUEST', 'a page whose columns do not match');
  }
}

/** Returns a table of `length` rows, all zero. */
function emptyColumns(length: number): RowTable {
  return {
    length,
    ...newColumns(length),
    nameStart: new Uint32Array(length + 1),
    names: new Uint8Array(0),
    links: new Map(),
  };
}

function viewOf(columns: RowTable, length: number, names: Uint8Array, links: ReadonlyMap<number, Uint8Array>): RowTable {
  return {
    length,
    ...viewColumns(columns, length),
    nameStart: columns.nameStart.subarray(0, length + 1),
    names: names.subarray(0, columns.nameStart[length]),
    links,
  };
}
