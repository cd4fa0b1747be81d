// Compares a layer's table of contents (TOC) with the layer when all of it is read. Tools that fetch files by a TOC rely on the TOC alone.
import { chunkDigest, chunkOf, isHole, type LayerTable, wholeDigest } from '#format/layer';
import type { TarHandler, TarMember } from '#format/tar';
import { tocDifference } from '#format/toc';
import { asLayerscopeError, displayPath, type Finding, finding, TYPE } from '#model';
import { Digester } from '../blob/digest.ts';
import type { FileRange } from '../blob/source-file.ts';
import type { WorkControl } from '../control/work-control.ts';
import type { BlobSource } from '../types.ts';
import { ExpandedBody } from './expanded-body.ts';
import { findToc } from './find-toc.ts';
import { indexToc } from './index-toc.ts';
import { type TocsBeside, UNTRUE } from './lazy-reading.ts';
import { SpanCheck } from './span-check.ts';
import { ztocSpans } from './ztoc-spans.ts';

/** Maximum total size of a layer's sparse holes that are compared. A header of a few bytes can state terabytes of them. */
const MAX_SPARSE_BYTES = 256 * 1024 * 1024;

/** Compares one layer's TOC with the members and bodies that a TarReader passes on. */
export class TocCheck implements TarHandler {
  readonly #toc: LayerTable | null;
  /** Set for a zTOC, which locates contents in the plain tar, by checkpoints. */
  readonly #spans: SpanCheck | null;
  readonly #problem: Finding | null;
  #row = -1;
  #chunk = 0;
  /** Digester of the current piece; null if no digest is stated. */
  #digester: Digester | null = null;
  /** Digester of the whole body; null if no digest is stated. */
  #whole: Digester | null = null;
  #isHole = false;
  /** Remaining bytes of the body. */
  #bodyLeft = 0;
  /** Remaining bytes of the current piece. */
  #chunkLeft = 0;
  readonly #expanded = new ExpandedBody((bytes, start, end) => this.#take(bytes, start, end));
  #isSparse = false;
  #sparseLeft = MAX_SPARSE_BYTES;
  #name = '';
  /** How a file's content differs from what the TOC states; null if no difference was found. */
  #other: string | null = null;

  private constructor(toc: LayerTable | null, spans: SpanCheck | null, problem: Finding | null) {
    this.#toc = toc;
    this.#spans = spans;
    this.#problem = problem;
  }

  /** Reads the TOC of a layer; null if it doesn't have one. Throws IO, CANCELLED. */
  static async of(
    range: FileRange,
    { compression, length }: BlobSource,
    { annotations = {}, beside }: { readonly annotations?: Readonly<Record<string, string>>; readonly beside?: TocsBeside },
    control: Pick<WorkControl, 'check'>,
  ): Promise<TocCheck | null> {
    if (beside !== undefined && beside.problem !== null) return new TocCheck(null, null, finding('toc-mismatch', beside.problem));
    try {
      const read = async (first: number, count: number): Promise<Uint8Array> => {
        const bytes = new Uint8Array(count);
        return bytes.subarray(0, range.file.read(bytes, range.start + first, Math.max(0, Math.min(count, range.length - first))));
      };
      const external = async (): Promise<Uint8Array | null> => beside?.external ?? null;
      const packed = beside?.ztoc ?? (await findToc({ length: range.length, compression, annotations, read, external }));
      if (packed === null) return null;
      const spans = packed.dialect === 'ztoc' ? new SpanCheck(range, ztocSpans(packed.packed)) : null;
      return new TocCheck((await indexToc(packed, length, control)).layer.table, spans, null);
    } catch (error) {
      const { code, message } = asLayerscopeError(error);
      if (UNTRUE.has(code)) return new TocCheck(null, null, finding('toc-mismatch', message));
      if (code === 'UNSUPPORTED' || code === 'TOO_LARGE') return null;
      throw error;
    }
  }

  /** Receives the layer's plain bytes in order. */
  plain(bytes: Uint8Array): void {
    this.#spans?.plain(bytes);
  }

  member({ type, size, storedSize, sparse, name, bodyOffset }: TarMember): void {
    this.#row++;
    const toc = this.#toc;
    this.#bodyLeft = 0;
    if (toc === null || type !== TYPE.file || size === 0 || toc.size[this.#row] !== size) return;
    if (this.#spans !== null) {
      if (sparse === null && toc.bodyAt[this.#row] !== bodyOffset) this.#differs(displayPath(name));
      return;
    }
    this.#isSparse = sparse !== null;
    this.#sparseLeft -= this.#isSparse ? size - Math.min(size, storedSize) : 0;
    if (this.#sparseLeft < 0) {
      this.#other ??= `lists content for ${displayPath(name)}, whose holes are too large to compare`;
      return;
    }
    this.#bodyLeft = size;
    this.#whole = wholeDigest(toc, this.#row) === null ? null : new Digester('sha256');
    this.#name = displayPath(name);
    this.#chunk = chunkOf(toc, toc.bodyAt[this.#row] as number) - 1;
    this.#chunkLeft = 0;
    if (sparse !== null) this.#expanded.begin(size, sparse);
  }

  finding(): void {}

  body(bytes: Uint8Array, start: number, end: number): void {
    if (this.#bodyLeft === 0) return;
    if (this.#isSparse) this.#expanded.push(bytes, start, end);
    else this.#take(bytes, start, end);
  }

  #differs(name: string): void {
    this.#other ??= `lists different content for ${name} than the layer has`;
  }

  #take(bytes: Uint8Array, start: number, end: number): void {
    const toc = this.#toc;
    if (toc === null || this.#bodyLeft === 0) return;
    for (let at = start; at < end && this.#bodyLeft > 0; ) {
      if (this.#chunkLeft === 0) this.#begin(toc, ++this.#chunk);
      const count = Math.min(end - at, this.#chunkLeft);
      const piece = bytes.subarray(at, at + count);
      this.#digester?.update(piece);
      this.#whole?.update(piece);
      if (this.#isHole && !isZeros(piece)) this.#differs(this.#name);
      this.#chunkLeft -= count;
      this.#bodyLeft -= count;
      at += count;
      if (this.#chunkLeft === 0) this.#end(toc);
    }
    if (this.#bodyLeft > 0 || this.#whole === null) return;
    if (this.#whole.finish() !== wholeDigest(toc, this.#row)) this.#differs(this.#name);
    this.#whole = null;
  }

  #begin(toc: LayerTable, chunk: number): void {
    this.#chunkLeft = (toc.chunkAt[chunk + 1] as number) - (toc.chunkAt[chunk] as number);
    this.#isHole = isHole(toc, chunk);
    this.#digester = chunkDigest(toc, chunk) === null ? null : new Digester('sha256');
  }

  #end(toc: LayerTable): void {
    if (this.#digester !== null && this.#digester.finish() !== chunkDigest(toc, this.#chunk)) this.#differs(this.#name);
    this.#digester = null;
  }

  /**
   * Returns what is wrong with the TOC, given the table of the layer's tar; null if nothing is. `control` is null if the layer couldn't be
   * unpacked to its end. Throws IO, CANCELLED.
   */
  async finish(table: LayerTable, control: WorkControl | null): Promise<Finding | null> {
    const difference = this.#toc === null ? null : tocDifference(this.#toc, table);
    if (difference !== null) return finding('toc-mismatch', `the table of contents doesn’t match the layer: ${difference}`);
    if (this.#other !== null) return finding('toc-mismatch', `the table of contents ${this.#other}`);
    const wrong = control === null || this.#spans === null ? null : await this.#spans.finish(control);
    return wrong === null ? this.#problem : finding('toc-mismatch', `the table of contents doesn’t match the layer: ${wrong}`);
  }
}

function isZeros(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
