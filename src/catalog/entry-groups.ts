// A layer's table as rows of `entries`. Columns are filled directly, without an object for each entry: layers have millions.

import type { Cell } from '#catalog/layout';
import { FLAG, type LayerTable, linkName, NO_NODE, nodeName } from '#format/layer';
import { entryTypeName, escapePath, TYPE } from '#model';
import { GROUP_ROWS, type RowGroup } from './parquet-writer.ts';

/** Maximum number of characters of folders' paths that are kept: deeply nested folders have paths as long as their depth. */
const MAX_KEPT_TEXT = 8 * 1024 * 1024;
/** Microseconds that 64 bits can hold. */
const MOST_SECONDS = 9_000_000_000_000;

const KINDS = { entry: 'entry', whiteout: 'whiteout', opaque: 'opaque' } as const;

/** Formats paths of nodes as the command line's JSON does, and says which of them can't be read back as UTF-8. */
class NodePaths {
  readonly #table: LayerTable;
  readonly #folders = new Map<number, string>();
  #keptText = 0;

  constructor(table: LayerTable) {
    this.#table = table;
  }

  text(node: number): string {
    if (node === 0) return '';
    const { nodeParent } = this.#table;
    // From the top down, because a path may be deeper than the stack.
    const below: number[] = [];
    let at = node;
    let path = '';
    while (at !== 0) {
      const kept = at === node ? undefined : this.#folders.get(at);
      if (kept !== undefined) {
        path = kept;
        break;
      }
      below.push(at);
      at = nodeParent[at] as number;
    }
    for (let index = below.length - 1; index >= 0; index--) {
      const each = below[index] as number;
      const name = escapePath(nodeName(this.#table, each));
      path = path === '' ? name : `${path}/${name}`;
      if (index > 0) this.#keep(each, path);
    }
    return path;
  }

  #keep(node: number, path: string): void {
    this.#keptText += path.length;
    if (this.#keptText > MAX_KEPT_TEXT) {
      this.#folders.clear();
      this.#keptText = path.length;
    }
    this.#folders.set(node, path);
  }
}

/** Returns the bytes of a path where its text is escaped; null where the text in UTF-8 is the path. */
function bytesOf(table: LayerTable, node: number, text: string): Uint8Array | null {
  if (!text.includes('\\')) return null;
  const parts: Uint8Array[] = [];
  for (let at = node; at !== 0; at = table.nodeParent[at] as number) parts.push(nodeName(table, at));
  return Buffer.concat(parts.reverse().flatMap((part, index) => (index === 0 ? [part] : [Buffer.of(0x2f), part])));
}

/** Row numbers of the table that are entries: neither raw-only nor replaced by a later member of the same layer. */
function isShown(table: LayerTable, member: number): boolean {
  const flags = table.flags[member] as number;
  return (flags & (FLAG.rawOnly | FLAG.superseded)) === 0 && table.node[member] !== NO_NODE;
}

function micros(seconds: number, nanos: number): bigint {
  const clamped = Math.max(-MOST_SECONDS, Math.min(MOST_SECONDS, seconds));
  return BigInt(Math.trunc(clamped)) * 1_000_000n + BigInt(Math.trunc(nanos / 1000));
}

/** The checksum of a body, as 16 hex digits, the high word first; null if it has none. */
function contentOf(table: LayerTable, member: number): string | null {
  const low = table.bodySums[2 * member] ?? 0;
  const high = table.bodySums[2 * member + 1] ?? 0;
  if (low === 0 && high === 0) return null;
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

/** What a layer has, counted while its rows were made. */
export interface EntryCounts {
  rows: number;
  files: number;
}

/**
 * Yields a layer's rows, in the order of its tar, in the columns of `entries`. Members that a later one replaces, and those that only the
 * tar has, are left out: what remains is what an engine unpacks. `counts` is added to.
 */
export function* entryGroups(layer: string, table: LayerTable, counts: EntryCounts): Generator<RowGroup> {
  const paths = new NodePaths(table);
  const owners = table.metas.map(({ mode, uid, gid }) => ({ mode: mode & 0o7777, uid: long(uid), gid: long(gid) }));
  let group: Cell[][] = newGroup();
  for (let member = 0; member < table.memberCount; member++) {
    if (!isShown(table, member)) continue;
    const node = table.node[member] as number;
    const flags = table.flags[member] as number;
    const isEntry = (flags & (FLAG.whiteout | FLAG.opaque)) === 0;
    const type = table.type[member] as number;
    const size = table.size[member] as number;
    counts.rows++;
    if (isEntry && type === TYPE.file) counts.files++;
    const text = paths.text(node);
    const owner = owners[table.meta[member] as number] ?? { mode: 0, uid: 0n, gid: 0n };
    const link = isEntry ? linkName(table, member) : null;
    const cells: Cell[] = [
      layer,
      text,
      bytesOf(table, node, text),
      isEntry ? KINDS.entry : (flags & FLAG.whiteout) !== 0 ? KINDS.whiteout : KINDS.opaque,
      isEntry ? entryTypeName(type) : null,
      isEntry ? BigInt(size) : null,
      isEntry ? owner.mode : null,
      isEntry ? owner.uid : null,
      isEntry ? owner.gid : null,
      isEntry ? micros(table.mtimeSeconds[member] as number, table.mtimeNanos[member] ?? 0) : null,
      link === null ? null : escapePath(link),
      isEntry && type === TYPE.file ? contentOf(table, member) : null,
    ];
    for (let index = 0; index < cells.length; index++) (group[index] as Cell[]).push(cells[index] as Cell);
    if ((group[0] as Cell[]).length < GROUP_ROWS) continue;
    yield group;
    group = newGroup();
  }
  if ((group[0] as Cell[]).length > 0) yield group;
}

const ENTRY_COLUMNS = 12;

function newGroup(): Cell[][] {
  return Array.from({ length: ENTRY_COLUMNS }, () => []);
}

/** Ids may be any number that a header states. */
function long(value: number): bigint {
  return BigInt(Math.trunc(Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value))));
}
