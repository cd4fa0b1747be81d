import { type BuiltLayer, LayerTableBuilder } from '#format/layer';
import { type TarHandler, TarReader } from '#format/tar';
import { type Finding, finding, LayerscopeError } from '#model';
import type { Decompressed } from '../blob/decompress.ts';
import type { IndexedLayer } from '../types.ts';
import { BodySums } from './body-sums.ts';

/** Returns no `body` handler if nothing needs the bodies, so that the reader can skip them. */
function bodyHandler(sums: BodySums | null, also: TarHandler | null): Pick<TarHandler, 'body'> {
  if (also?.body === undefined) return sums === null ? {} : { body: (bytes, start, end) => sums.body(bytes, start, end) };
  return {
    body: (bytes, start, end) => {
      sums?.body(bytes, start, end);
      also.body?.(bytes, start, end);
    },
  };
}

/** Tar reader and table builder of one layer. Accepts plain bytes from any source and keeps the error that stops it. */
export class LayerIndexer {
  readonly #builder: LayerTableBuilder;
  readonly reader: TarReader;
  #problem: LayerscopeError | null = null;
  #truncated = false;
  #quiet = false;
  readonly #sums: BodySums | null;

  /**
   * `blobBytes` is the stored size of the layer. `also` receives each member and body as well. `sums` is the key for the checksums of
   * bodies (see `BodySum`), if wanted.
   */
  constructor(blobBytes: number, { also, sums = null }: { readonly also?: TarHandler; readonly sums?: Uint8Array | null } = {}) {
    const builder = new LayerTableBuilder(blobBytes);
    this.#builder = builder;
    const bodySums = sums === null ? null : new BodySums(sums);
    this.#sums = bodySums;
    this.reader = new TarReader({
      member: (member) => {
        builder.member(member);
        bodySums?.member(member);
        also?.member(member);
      },
      finding: (found) => {
        if (found.code === 'truncated') this.#truncated = true;
        if (!this.#quiet) builder.finding(found);
      },
      truncated: (member) => {
        builder.truncated(member);
        also?.truncated?.(member);
      },
      ...bodyHandler(bodySums, also ?? null),
    });
  }

  /** The error that stopped the reader: a bad header or a table that became too large. Null if there is none. */
  get problem(): LayerscopeError | null {
    return this.#problem;
  }

  /** Like {@link TarReader.push}, but keeps a bad header's error for the end. */
  push(bytes: Uint8Array): void {
    this.attempt(() => this.reader.push(bytes));
  }

  attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Stores a BAD_TAR or TOO_LARGE error; throws any other. */
  fail(error: unknown): void {
    if (!(error instanceof LayerscopeError) || (error.code !== 'BAD_TAR' && error.code !== 'TOO_LARGE')) throw error;
    this.#problem = error;
  }

  /** `packed` says how the blob's decompression ended, null for a plain blob. `tarBytes` is the number of plain bytes received. */
  finish(tarBytes: number, packed: Decompressed | null): { layer: IndexedLayer; built: BuiltLayer } {
    // Truncated compressed data also truncates the tar, so report only one of the two.
    this.#quiet = packed !== null && packed.end !== 'complete';
    if (this.#problem === null) this.reader.end();
    const built = this.#builder.finish();
    const findings: Finding[] = built.findings;
    const problem = this.#problem;
    if (problem !== null) {
      const code = problem.code === 'TOO_LARGE' ? 'too-large' : 'bad-tar';
      findings.push(finding(code, problem.message, problem.offset === undefined ? {} : { offset: problem.offset }));
    }
    if (packed?.end === 'truncated')
      findings.push(finding('truncated', `${packed.message}: only the entries before that are listed`, { offset: tarBytes }));
    if (packed?.end === 'damaged') {
      const code = packed.isTooLarge ? 'too-large' : packed.isUnsupported ? 'unsupported-compression' : 'damaged-blob';
      findings.push(finding(code, `${packed.message}`, { offset: tarBytes }));
    }
    if (packed?.trailing) findings.push(finding('trailing-data', 'bytes follow the end of the compressed data'));
    const whole = problem === null && !this.#truncated && (packed === null || packed.end === 'complete');
    const table = this.#sums === null ? built.table : { ...built.table, bodySums: this.#sums.finish(built.table.memberCount) };
    return { layer: { table, status: whole ? 'present' : 'damaged', tarBytes, findings, measured: null }, built };
  }
}
