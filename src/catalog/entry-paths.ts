// Writes paths of a layer's nodes in UTF-8, escaped as in the command line's JSON.
import { type LayerTable, nodeName } from '#format/layer';
import { encodeUtf8, escapePath } from '#model';
import { GrownBytes } from './parquet/grown-bytes.ts';

/**
 * Maximum size of the cached folder paths. They would take much memory in a deep tree, because each path repeats those of all its parents.
 */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const NOT_KEPT = -1;

/** Whether bytes can be written unchanged, without decoding them. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((bytes[at] as number) >= 0x80 || bytes[at] === BACKSLASH) return false;
  return true;
}

/** Writes a name or link target, escaped if necessary. */
export function putEscaped(to: GrownBytes, bytes: Uint8Array): void {
  to.put(isPlain(bytes, 0, bytes.length) ? bytes : encodeUtf8(escapePath(bytes)));
}

/** Writes paths. Caches the paths of folders. */
export class EntryPaths {
  readonly #table: LayerTable;
  /** Whether no path in the table needs escaping. */
  readonly #isPlain: boolean;
  /** Cached folder paths, each with a slash at the end. */
  readonly #folders = new GrownBytes();
  /** By node: where its path begins in `#folders`. `#end`: where it ends. */
  readonly #start: Int32Array;
  readonly #end: Int32Array;

  constructor(table: LayerTable) {
    this.#table = table;
    const { nodeNames, nodeNameStart, nodeCount } = table;
    this.#isPlain = isPlain(nodeNames, 0, nodeNameStart[nodeCount] as number);
    this.#start = new Int32Array(nodeCount).fill(NOT_KEPT);
    this.#end = new Int32Array(nodeCount);
  }

  /** Writes the path of a node. Returns whether anything in it is escaped. */
  put(to: GrownBytes, node: number): boolean {
    if (node === 0) return false;
    const { nodeNames, nodeNameStart, nodeParent } = this.#table;
    const start = to.length;
    this.#putFolder(to, nodeParent[node] as number);
    if (!this.#isPlain) {
      putEscaped(to, nodeName(this.#table, node));
      return to.written.includes(BACKSLASH, start);
    }
    copyBytes(nodeNames, nodeNameStart[node] as number, nodeNameStart[node + 1] as number, to);
    return false;
  }

  #putFolder(to: GrownBytes, folder: number): void {
    if (folder === 0) return;
    if (this.#start[folder] === NOT_KEPT) this.#keep(folder);
    copy(this.#folders, this.#start[folder] as number, this.#end[folder] as number, to);
  }

  /** Caches a folder's path, built from its nearest cached ancestor and the names below that. */
  #keep(folder: number): void {
    if (this.#folders.length > MAX_KEPT_BYTES) {
      this.#folders.length = 0;
      this.#start.fill(NOT_KEPT);
    }
    const { nodeParent } = this.#table;
    const below: number[] = [];
    let top = folder;
    for (; top !== 0 && this.#start[top] === NOT_KEPT; top = nodeParent[top] as number) below.push(top);
    const start = this.#folders.length;
    if (top !== 0) copy(this.#folders, this.#start[top] as number, this.#end[top] as number, this.#folders);
    for (let index = below.length - 1; index >= 0; index--) {
      putEscaped(this.#folders, nodeName(this.#table, below[index] as number));
      this.#folders.byte(SLASH);
    }
    this.#start[folder] = start;
    this.#end[folder] = this.#folders.length;
  }
}

function copy(from: GrownBytes, start: number, end: number, to: GrownBytes): void {
  // Reserves the space first, because source and target may be the same buffer, and growing it moves the bytes.
  to.room(end - start);
  copyBytes(from.room(0), start, end, to);
}

/** Copies bytes one by one. For something as short as a path, this is faster than creating a view. */
function copyBytes(from: Uint8Array, start: number, end: number, to: GrownBytes): void {
  const bytes = to.room(end - start);
  let at = to.length;
  for (let index = start; index < end; index++) bytes[at++] = from[index] as number;
  to.length = at;
}
