import { mergedPathNumbers, pathNumber, type Stack } from '#changes';
import { FLAG } from '#format/layer';
import { type Finding, finding, formatCount, formatSize, grouped } from '#model';
import { isStoredFile } from './scan-layer.ts';
import { shownPath } from './shown-path.ts';

/** The digest of a regular file's body. */
export interface BodyDigest {
  readonly layer: number;
  /** Row of the file in its layer's table. */
  readonly row: number;
  /** A string that is equal for equal bodies, and for no others. */
  readonly digest: string;
  readonly size: number;
}

/** Smaller copies at other paths aren't reported: licences and empty modules are the same everywhere. */
const SMALLEST_COPY = 4096;
/** Maximum number of findings with the same code in a layer; the rest are combined into one finding without a path. */
const MAX_OF_CODE = 250;

interface Place {
  readonly layer: number;
  readonly row: number;
}

interface Copy {
  readonly code: 'waste-metadata-only-copy' | 'waste-same-content';
  readonly at: Place;
  readonly of: Place;
  readonly bytes: number;
}

/**
 * Finds bodies that an image stores more than once: at the same path, where a layer changed only mode, owner or time, and at other paths.
 * Add the digests layer by layer, bottom first. Keeps one digest for each path and each body.
 */
export class SameContents {
  readonly #stack: Stack;
  readonly #first = new Map<string, Place>();
  /** The most recently added body of each path, by path number. */
  readonly #last = new Map<number, BodyDigest>();
  readonly #copies: Copy[] = [];
  readonly #merged: ReadonlySet<number>;

  constructor(stack: Stack) {
    this.#stack = stack;
    this.#merged = mergedPathNumbers(stack);
  }

  /** Ignores rows that aren't files of a view, and files that Windows merges with those of other layers. */
  add(body: BodyDigest): void {
    const { layer, row, digest, size } = body;
    const table = this.#stack.layers[layer];
    if (!table || size === 0 || !isStoredFile(table, row) || ((table.flags[row] as number) & FLAG.superseded) !== 0) return;
    const path = pathNumber(this.#stack, layer, row);
    if (this.#merged.has(path)) return;
    const below = this.#last.get(path);
    this.#last.set(path, body);
    if (below?.digest === digest) {
      this.#copies.push({ code: 'waste-metadata-only-copy', at: { layer, row }, of: below, bytes: size });
      return;
    }
    if (size < SMALLEST_COPY) return;
    const first = this.#first.get(digest);
    if (first === undefined) this.#first.set(digest, { layer, row });
    else this.#copies.push({ code: 'waste-same-content', at: { layer, row }, of: first, bytes: size });
  }

  /** Yields findings with `layer`, `path`, `bytes` and `of`: the biggest for each layer and code, then one without a path for the rest. */
  *findings(): Generator<Finding> {
    for (const copies of grouped(this.#copies, ({ code, at }) => `${at.layer} ${code}`).values()) {
      copies.sort((a, b) => b.bytes - a.bytes);
      for (const copy of copies.slice(0, MAX_OF_CODE)) yield this.#finding(copy);
      const rest = copies.slice(MAX_OF_CODE);
      const [first] = rest;
      if (first === undefined) continue;
      const bytes = rest.reduce((sum, copy) => sum + copy.bytes, 0);
      yield finding(first.code, `${formatCount(rest.length)} more of these, ${formatSize(bytes)}`, { layer: first.at.layer, bytes });
    }
  }

  #finding({ code, at, of, bytes }: Copy): Finding {
    const where = { layer: at.layer, path: this.#path(at), bytes };
    if (code === 'waste-same-content') {
      const other = this.#path(of);
      return finding(code, `${formatSize(bytes)}, the same as ${other}`, { ...where, of: other });
    }
    return finding(code, `${formatSize(bytes)}, the same as in layer ${of.layer}`, where);
  }

  #path({ layer, row }: Place): string {
    const table = this.#stack.layers[layer];
    return table ? shownPath(table, table.node[row] as number) : '';
  }
}
