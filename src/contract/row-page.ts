import { LayerscopeError, type RowTable } from '#model';
import { FIRST_PAGE_ROWS, PAGE_ROWS, type RowPage } from './operations.ts';

/**
 * Rows [start, start + count) of a table, cut at its end, as a page of its own: every column is a copy, so that structured clone
 * doesn't carry the whole table along. `start` past the end gives an empty page.
 */
export function slicePage(rows: RowTable, start: number, count: number): RowPage {
  const from = Math.min(start, rows.length);
  const to = Math.min(from + count, rows.length);
  const namesFrom = rows.nameStart[from] ?? 0;
  const namesTo = rows.nameStart[to] ?? namesFrom;
  const nameStart = new Uint32Array(to - from + 1);
  for (let i = 0; i < nameStart.length; i++) nameStart[i] = (rows.nameStart[from + i] as number) - namesFrom;
  return {
    total: rows.length,
    start: from,
    rows: {
      length: to - from,
      parent: rows.parent.slice(from, to),
      subtreeEnd: rows.subtreeEnd.slice(from, to),
      kind: rows.kind.slice(from, to),
      differs: rows.differs.slice(from, to),
      reason: rows.reason.slice(from, to),
      type: rows.type.slice(from, to),
      size: rows.size.slice(from, to),
      previousSize: rows.previousSize.slice(from, to),
      counted: rows.counted.slice(from, to),
      hiddenEntries: rows.hiddenEntries.slice(from, to),
      hiddenBytes: rows.hiddenBytes.slice(from, to),
      mtime: rows.mtime.slice(from, to),
      mode: rows.mode.slice(from, to),
      uid: rows.uid.slice(from, to),
      gid: rows.gid.slice(from, to),
      layer: rows.layer.slice(from, to),
      entry: rows.entry.slice(from, to),
      previousLayer: rows.previousLayer.slice(from, to),
      previousEntry: rows.previousEntry.slice(from, to),
      nameStart,
      names: rows.names.slice(namesFrom, namesTo),
      links: sliceLinks(rows.links, from, to),
    },
  };
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
  // One buffer for all of them: a clone then carries it once, and none of the layer's link names beside it.
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
 * Puts pages together into one table. The first page says how many rows there are: each column is allocated once at its full length and
 * filled as pages come, so that the rows loaded so far can be shown meanwhile. Names grow. Pages may come in any order; a row is there
 * once there is no gap before it.
 */
export class PageAssembler {
  #columns: RowTable | null = null;
  #names: Uint8Array = new Uint8Array(0);
  readonly #links = new Map<number, Uint8Array>();
  #rowsThere = 0;
  readonly #waiting = new Map<number, RowPage>();
  #table: RowTable | null = null;
  /** Folders that go on behind the last row that is there: `subtreeEnd` is cut at that row until the next table is made. */
  #cut: { readonly row: number; readonly end: number }[] = [];

  /** Rows of the whole; null before the first page. */
  get total(): number | null {
    return this.#columns?.length ?? null;
  }

  /** Rows from the top that are there without a gap. */
  get rowsThere(): number {
    return this.#rowsThere;
  }

  get complete(): boolean {
    return this.#columns !== null && this.#rowsThere === this.#columns.length;
  }

  /**
   * The rows that are there, as views of the columns; folders that go on end where the rows do. The table before it must no longer be
   * used: its folders may end behind its rows. Throws BAD_REQUEST before the first page.
   */
  get table(): RowTable {
    if (this.#columns === null) throw new LayerscopeError('BAD_REQUEST', 'no page of the table was loaded');
    if (this.#table === null) {
      this.#cutFolders(this.#columns);
      this.#table = viewOf(this.#columns, this.#rowsThere, this.#names, this.#links);
    }
    return this.#table;
  }

  /**
   * Takes a page in; the table that was returned last doesn't change. Throws BAD_REQUEST for a page that doesn't fit those before. A page
   * that is there already is ignored.
   */
  add(page: RowPage): void {
    checkPage(page);
    this.#columns ??= emptyColumns(page.total);
    if (page.total !== this.#columns.length) throw new LayerscopeError('BAD_REQUEST', 'pages of two tables');
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
    columns.parent.set(rows.parent, at);
    columns.subtreeEnd.set(rows.subtreeEnd, at);
    columns.kind.set(rows.kind, at);
    columns.differs.set(rows.differs, at);
    columns.reason.set(rows.reason, at);
    columns.type.set(rows.type, at);
    columns.size.set(rows.size, at);
    columns.previousSize.set(rows.previousSize, at);
    columns.counted.set(rows.counted, at);
    columns.hiddenEntries.set(rows.hiddenEntries, at);
    columns.hiddenBytes.set(rows.hiddenBytes, at);
    columns.mtime.set(rows.mtime, at);
    columns.mode.set(rows.mode, at);
    columns.uid.set(rows.uid, at);
    columns.gid.set(rows.gid, at);
    columns.layer.set(rows.layer, at);
    columns.entry.set(rows.entry, at);
    columns.previousLayer.set(rows.previousLayer, at);
    columns.previousEntry.set(rows.previousEntry, at);
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

/** Rows of a table that are loaded, and how many the whole table has. */
export interface LoadedTable {
  readonly table: RowTable;
  readonly total: number;
}

/**
 * Loads a table page by page, each page while the one before it is taken in. Yields the first page at once, then what is there every
 * `every` units of the clock `now`, at last the whole. A table must no longer be used once the next one is asked for: they share columns.
 * Throws what `fetchPage` throws, and BAD_REQUEST for pages that don't follow each other or have no rows.
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
    if (page.start !== start) throw new LayerscopeError('BAD_REQUEST', 'a page of other rows than those asked for');
    const end = start + page.rows.length;
    const isLast = end >= page.total;
    if (page.rows.length === 0 && !isLast) throw new LayerscopeError('BAD_REQUEST', 'a page without rows before the end of the table');
    if (!isLast) {
      request = fetchPage(end, PAGE_ROWS);
      request.catch(() => {}); // thrown when it is awaited
    }
    assembler.add(page);
    start = end;
    if (shownAt !== null && !isLast && now() - shownAt < every) continue;
    yield { table: assembler.table, total: page.total };
    if (isLast) return;
    shownAt = now();
  }
}

function checkPage({ total, start, rows }: RowPage): void {
  const { length, nameStart, names } = rows;
  const columns = [
    rows.parent,
    rows.subtreeEnd,
    rows.kind,
    rows.differs,
    rows.reason,
    rows.type,
    rows.size,
    rows.previousSize,
    rows.counted,
  ];
  columns.push(rows.hiddenEntries, rows.hiddenBytes, rows.mtime, rows.mode, rows.uid, rows.gid, rows.layer, rows.entry);
  columns.push(rows.previousLayer, rows.previousEntry);
  const whole = Number.isSafeInteger(total) && total >= 0 && Number.isSafeInteger(start) && start >= 0 && start + length <= total;
  const even = columns.every((column) => column.length === length) && nameStart.length === length + 1;
  if (!whole || !even || nameStart[0] !== 0 || nameStart[length] !== names.length) {
    throw new LayerscopeError('BAD_REQUEST', 'a page whose columns do not fit');
  }
}

/** Columns of a table of `length` rows, all zero. */
function emptyColumns(length: number): RowTable {
  return {
    length,
    parent: new Int32Array(length),
    subtreeEnd: new Uint32Array(length),
    kind: new Uint8Array(length),
    differs: new Uint16Array(length),
    reason: new Uint8Array(length),
    type: new Uint8Array(length),
    size: new Float64Array(length),
    previousSize: new Float64Array(length),
    counted: new Uint8Array(length),
    hiddenEntries: new Uint32Array(length),
    hiddenBytes: new Float64Array(length),
    mtime: new Float64Array(length),
    mode: new Uint16Array(length),
    uid: new Float64Array(length),
    gid: new Float64Array(length),
    layer: new Uint16Array(length),
    entry: new Uint32Array(length),
    previousLayer: new Uint16Array(length),
    previousEntry: new Uint32Array(length),
    nameStart: new Uint32Array(length + 1),
    names: new Uint8Array(0),
    links: new Map(),
  };
}

function viewOf(columns: RowTable, length: number, names: Uint8Array, links: ReadonlyMap<number, Uint8Array>): RowTable {
  return {
    length,
    parent: columns.parent.subarray(0, length),
    subtreeEnd: columns.subtreeEnd.subarray(0, length),
    kind: columns.kind.subarray(0, length),
    differs: columns.differs.subarray(0, length),
    reason: columns.reason.subarray(0, length),
    type: columns.type.subarray(0, length),
    size: columns.size.subarray(0, length),
    previousSize: columns.previousSize.subarray(0, length),
    counted: columns.counted.subarray(0, length),
    hiddenEntries: columns.hiddenEntries.subarray(0, length),
    hiddenBytes: columns.hiddenBytes.subarray(0, length),
    mtime: columns.mtime.subarray(0, length),
    mode: columns.mode.subarray(0, length),
    uid: columns.uid.subarray(0, length),
    gid: columns.gid.subarray(0, length),
    layer: columns.layer.subarray(0, length),
    entry: columns.entry.subarray(0, length),
    previousLayer: columns.previousLayer.subarray(0, length),
    previousEntry: columns.previousEntry.subarray(0, length),
    nameStart: columns.nameStart.subarray(0, length + 1),
    names: names.subarray(0, columns.nameStart[length]),
    links,
  };
}
