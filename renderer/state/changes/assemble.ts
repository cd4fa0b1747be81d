import type { RowPage } from '#contract';
import type { RowTable } from '#model';

/**
 * Pages of one table put together: each column is made once at its full length and filled as pages come, so what is there can be
 * shown while the rest is on its way. Pages come in order.
 */
export class Assembly {
  readonly total: number;
  private loaded = 0;
  private names: Uint8Array;
  private nameLength = 0;
  private readonly links = new Map<number, Uint8Array>();
  private readonly columns: Columns;
  /** Folders cut by the end of what is there: their true ends. */
  private cut: { row: number; end: number }[] = [];

  constructor(total: number) {
    this.total = total;
    this.columns = makeColumns(total);
    this.names = new Uint8Array(Math.max(64, total * 16));
  }

  get complete(): boolean {
    return this.loaded === this.total;
  }

  get length(): number {
    return this.loaded;
  }

  /** Takes the next page in: nothing of the table that was given last changes. */
  add({ rows }: RowPage): void {
    const { columns } = this;
    for (const name of COLUMN_NAMES) (columns[name] as Float64Array).set(rows[name] as Float64Array, this.loaded);
    this.addNames(rows);
    for (const [row, target] of rows.links) this.links.set(row + this.loaded, target);
    this.loaded += rows.length;
  }

  /**
   * The table so far: views of the same columns, folders that go on end where the rows do. The one that was given before is no longer
   * to be used: its folders may end behind its rows.
   */
  table(): RowTable {
    for (const { row, end } of this.cut) this.columns.subtreeEnd[row] = end;
    this.cut = [];
    this.cutOpenFolders();
    return this.view();
  }

  private addNames(rows: RowTable): void {
    const length = rows.nameStart[rows.length] ?? 0;
    const needed = this.nameLength + length;
    if (needed > this.names.length) {
      const guess = this.loaded === 0 ? needed : Math.ceil((needed / (this.loaded + rows.length)) * this.total * 1.1);
      const grown = new Uint8Array(Math.max(needed, guess));
      grown.set(this.names.subarray(0, this.nameLength));
      this.names = grown;
    }
    this.names.set(rows.names.subarray(0, length), this.nameLength);
    const { nameStart } = this.columns;
    for (let i = 0; i <= rows.length; i++) nameStart[this.loaded + i] = this.nameLength + (rows.nameStart[i] as number);
    this.nameLength = needed;
  }

  private cutOpenFolders(): void {
    const { columns, loaded } = this;
    for (let row = loaded - 1; row >= 0; row = columns.parent[row] as number) {
      const end = columns.subtreeEnd[row] as number;
      if (end <= loaded) continue;
      this.cut.push({ row, end });
      columns.subtreeEnd[row] = loaded;
    }
  }

  private view(): RowTable {
    const { columns, loaded } = this;
    return {
      length: loaded,
      parent: columns.parent.subarray(0, loaded),
      subtreeEnd: columns.subtreeEnd.subarray(0, loaded),
      kind: columns.kind.subarray(0, loaded),
      differs: columns.differs.subarray(0, loaded),
      reason: columns.reason.subarray(0, loaded),
      type: columns.type.subarray(0, loaded),
      size: columns.size.subarray(0, loaded),
      previousSize: columns.previousSize.subarray(0, loaded),
      counted: columns.counted.subarray(0, loaded),
      hiddenEntries: columns.hiddenEntries.subarray(0, loaded),
      hiddenBytes: columns.hiddenBytes.subarray(0, loaded),
      mtime: columns.mtime.subarray(0, loaded),
      mode: columns.mode.subarray(0, loaded),
      uid: columns.uid.subarray(0, loaded),
      gid: columns.gid.subarray(0, loaded),
      layer: columns.layer.subarray(0, loaded),
      entry: columns.entry.subarray(0, loaded),
      previousLayer: columns.previousLayer.subarray(0, loaded),
      previousEntry: columns.previousEntry.subarray(0, loaded),
      nameStart: columns.nameStart.subarray(0, loaded + 1),
      names: this.names.subarray(0, this.nameLength),
      links: this.links,
    };
  }
}

const COLUMN_NAMES = [
  'parent',
  'subtreeEnd',
  'kind',
  'differs',
  'reason',
  'type',
  'size',
  'previousSize',
  'counted',
  'hiddenEntries',
  'hiddenBytes',
  'mtime',
  'mode',
  'uid',
  'gid',
  'layer',
  'entry',
  'previousLayer',
  'previousEntry',
] as const satisfies readonly (keyof RowTable)[];

type Columns = ReturnType<typeof makeColumns>;

function makeColumns(total: number) {
  return {
    parent: new Int32Array(total),
    subtreeEnd: new Uint32Array(total),
    kind: new Uint8Array(total),
    differs: new Uint16Array(total),
    reason: new Uint8Array(total),
    type: new Uint8Array(total),
    size: new Float64Array(total),
    previousSize: new Float64Array(total),
    counted: new Uint8Array(total),
    hiddenEntries: new Uint32Array(total),
    hiddenBytes: new Float64Array(total),
    mtime: new Float64Array(total),
    mode: new Uint16Array(total),
    uid: new Float64Array(total),
    gid: new Float64Array(total),
    layer: new Uint16Array(total),
    entry: new Uint32Array(total),
    previousLayer: new Uint16Array(total),
    previousEntry: new Uint32Array(total),
    nameStart: new Uint32Array(total + 1),
  };
}
