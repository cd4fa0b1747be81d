import { mergedPathNumbers, pathNumber, type Stack } from '#changes';
import { FLAG } from '#format/layer';
import { type Finding, finding, formatCount, formatSize } from '#model';
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

type Code = 'waste-metadata-only-copy' | 'waste-same-content';

/** A body that is the same as an earlier one. Millions may be found, so this has only numbers. */
interface Copy {
  readonly row: number;
  readonly ofLayer: number;
  readonly ofRow: number;
  readonly bytes: number;
}

/** The copies that one layer has with one code. Keeps the biggest; of equal ones, the first. */
class LayerCopies {
  readonly layer: number;
  readonly code: Code;
  #kept: Copy[] = [];
  #restCount = 0;
  #restBytes = 0;

  constructor(layer: number, code: Code) {
    this.layer = layer;
    this.code = code;
  }

  add(copy: Copy): void {
    this.#kept.push(copy);
    if (this.#kept.length >= 4 * MAX_OF_CODE) this.#drop();
  }

  /** Returns the biggest copies, biggest first, and how many others there are. */
  end(): { readonly kept: readonly Copy[]; readonly restCount: number; readonly restBytes: number } {
    this.#drop();
    return { kept: this.#kept, restCount: this.#restCount, restBytes: this.#restBytes };
  }

  #drop(): void {
    this.#kept.sort((a, b) => b.bytes - a.bytes);
    for (const { bytes } of this.#kept.slice(MAX_OF_CODE)) {
      this.#restCount++;
      this.#restBytes += bytes;
    }
    this.#kept = this.#kept.slice(0, MAX_OF_CODE);
  }
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
  readonly #copies = new Map<string, LayerCopies>();
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
      this.#addCopy('waste-metadata-only-copy', body, below);
      return;
    }
    if (size < SMALLEST_COPY) return;
    const first = this.#first.get(digest);
    if (first === undefined) this.#first.set(digest, { layer, row });
    else this.#addCopy('waste-same-content', body, first);
  }

  #addCopy(code: Code, { layer, row, size }: BodyDigest, of: Place): void {
    const key = `${layer} ${code}`;
    const known = this.#copies.get(key);
    const copies = known ?? new LayerCopies(layer, code);
    if (known === undefined) this.#copies.set(key, copies);
    copies.add({ row, ofLayer: of.layer, ofRow: of.row, bytes: size });
  }

  /** Yields findings with `layer`, `path`, `bytes` and `of`: the biggest for each layer and code, then one without a path for the rest. */
  *findings(): Generator<Finding> {
    for (const copies of this.#copies.values()) {
      const { layer, code } = copies;
      const { kept, restCount, restBytes } = copies.end();
      for (const copy of kept) yield this.#finding(layer, code, copy);
      if (restCount > 0)
        yield finding(code, `${formatCount(restCount)} more of these, ${formatSize(restBytes)}`, { layer, bytes: restBytes });
    }
  }

  #finding(layer: number, code: Code, { row, ofLayer, ofRow, bytes }: Copy): Finding {
    const where = { layer, path: this.#path({ layer, row }), bytes };
    if (code === 'waste-same-content') {
      const other = this.#path({ layer: ofLayer, row: ofRow });
      return finding(code, `${formatSize(bytes)}, the same as ${other}`, { ...where, of: other });
    }
    return finding(code, `${formatSize(bytes)}, the same as in layer ${ofLayer}`, where);
  }

  #path({ layer, row }: Place): string {
    const table = this.#stack.layers[layer];
    return table ? shownPath(table, table.node[row] as number) : '';
  }
}
