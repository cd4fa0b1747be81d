import { type BuiltLayer, LayerTableBuilder } from '#format/layer';
import { type TarHandler, TarReader } from '#format/tar';
import { type Finding, finding, LayerscopeError } from '#model';
import { STRANGER_BYTES, strangePacking } from '../blob/compression.ts';
import { type Decompressed, decompress, type PackedAs } from '../blob/decompress.ts';
import { algorithmOf, Digester } from '../blob/digest.ts';
import { type FileRange, openBlob } from '../blob/source-file.ts';
import { feedFromFile } from '../blob/tar-source.ts';
import type { BlobSource, IndexedBlob, IndexedLayer } from '../types.ts';
import type { WorkControl } from '../work/work-control.ts';
import { BodySums } from './body-sums.ts';

const CHUNK = 1024 * 1024;

export interface IndexOptions {
  /** Reads every byte and measures both digests. */
  readonly verify: boolean;
  /** `sha256` or `sha512`, as the config's diffID has it. */
  readonly diffIdAlgorithm: string;
  /** Takes checksums of the bodies of a compressed layer, which makes unpacking it about a twelfth slower. */
  readonly sums: boolean;
}

/** Tar reader and table builder of one layer: takes plain bytes from anywhere, keeps what stops it. */
export class LayerIndexer {
  readonly #builder: LayerTableBuilder;
  readonly reader: TarReader;
  #problem: LayerscopeError | null = null;
  #truncated = false;
  #quiet = false;
  readonly #sums: BodySums | null;

  /** `blobBytes`: of the layer as it is stored. `also` sees each member too; `sums`: checksums of the bodies are taken. */
  constructor(blobBytes: number, { also, sums = false }: { readonly also?: TarHandler; readonly sums?: boolean } = {}) {
    const builder = new LayerTableBuilder(blobBytes);
    this.#builder = builder;
    const bodySums = sums ? new BodySums() : null;
    this.#sums = bodySums;
    this.reader = new TarReader({
      member: (member) => {
        builder.member(member);
        bodySums?.member(member);
        also?.member(member);
      },
      finding: (told) => {
        if (told.code === 'truncated') this.#truncated = true;
        if (!this.#quiet) builder.finding(told);
      },
      truncated: (member) => {
        builder.truncated(member);
        also?.truncated?.(member);
      },
      ...(bodySums === null ? {} : { body: (bytes, start, end) => bodySums.body(bytes, start, end) }),
    });
  }

  /** What stopped the reader: a bad header, or a table that became too large. Null where nothing did. */
  get problem(): LayerscopeError | null {
    return this.#problem;
  }

  /** Like the reader's, but a bad header is kept for the end. */
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

  /** Keeps a BAD_TAR, or TOO_LARGE; throws anything else. */
  fail(error: unknown): void {
    if (!(error instanceof LayerscopeError) || (error.code !== 'BAD_TAR' && error.code !== 'TOO_LARGE')) throw error;
    this.#problem = error;
  }

  /** `packed`: how the decompression of the blob ended, null for a plain one. `tarBytes`: all that came in. */
  finish(tarBytes: number, packed: Decompressed | null): { layer: IndexedLayer; built: BuiltLayer } {
    // What the compression lacks the tar lacks too: told once.
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
      findings.push(finding('truncated', `${packed.message}: entries up to there are read`, { offset: tarBytes }));
    if (packed?.end === 'damaged') {
      findings.push(finding(packed.isUnsupported ? 'unsupported-compression' : 'damaged-blob', `${packed.message}`, { offset: tarBytes }));
    }
    if (packed?.trailing) findings.push(finding('trailing-data', 'bytes follow the end of the compressed data'));
    const whole = problem === null && !this.#truncated && (packed === null || packed.end === 'complete');
    const table = this.#sums === null ? built.table : { ...built.table, bodySums: this.#sums.finish(built.table.memberCount) };
    return { layer: { table, status: whole ? 'present' : 'damaged', tarBytes, findings, measured: null }, built };
  }
}

/**
 * Reads one layer. A plain one by its headers alone, a compressed one whole. What is wrong with the blob is in the result.
 * `plain`: the layer's plain tar, where it lies spooled. Throws NOT_FOUND, PERMISSION, IO, UNSUPPORTED, CANCELLED.
 */
export async function indexBlob(blob: BlobSource, options: IndexOptions, control: WorkControl): Promise<IndexedBlob> {
  const range = openBlob(blob);
  using _file = range.file;
  const indexed = await indexRange(range, blob, options, control);
  range.file.refuseChanged();
  return indexed;
}

function indexRange(range: FileRange, blob: BlobSource, options: IndexOptions, control: WorkControl): Promise<IndexedBlob> {
  if (blob.compression !== 'none') return indexPacked(range, blob, blob.compression, options, control);
  return options.verify ? verifyPlain(range, blob, options, control) : indexPlain(range, control);
}

async function indexPlain(range: FileRange, control: WorkControl): Promise<IndexedBlob> {
  const indexer = new LayerIndexer(range.length);
  try {
    await feedFromFile(range, indexer.reader, control);
  } catch (error) {
    indexer.fail(error);
  }
  return { layer: named(indexer.finish(range.length, null).layer, range), blobDigest: null };
}

/** A layer that no tar is in: says what is in it, where that is known. */
function named(layer: IndexedLayer, { file, start, length }: FileRange): IndexedLayer {
  if (layer.status === 'present' || layer.table.memberCount > 0) return layer;
  const head = new Uint8Array(Math.min(STRANGER_BYTES, length));
  const packing = strangePacking(head.subarray(0, file.read(head, start)));
  if (packing === null) return layer;
  return { ...layer, findings: [finding('unsupported-compression', `the layer is ${packing}, which is not read`)] };
}

/** Reads all of a plain tar: its digest as a blob and its diffID are one where they are of one algorithm. */
async function verifyPlain(range: FileRange, blob: BlobSource, options: IndexOptions, control: WorkControl): Promise<IndexedBlob> {
  const indexer = new LayerIndexer(range.length);
  const digester = new Digester(algorithmOf(blob.statedDigest));
  const second = digester.algorithm === options.diffIdAlgorithm ? null : new Digester(options.diffIdAlgorithm);
  const buffer = new Uint8Array(CHUNK);
  let at = 0;
  let until = performance.now() + control.slice;
  while (at < range.length) {
    const count = range.file.read(buffer, range.start + at, Math.min(CHUNK, range.length - at));
    if (count === 0) break;
    const bytes = buffer.subarray(0, count);
    digester.update(bytes);
    second?.update(bytes);
    indexer.push(bytes);
    at += count;
    control.check();
    control.advance(count);
    if (performance.now() < until) continue;
    await control.rest();
    until = performance.now() + control.slice;
  }
  const digest = digester.finish();
  const layer = named(indexer.finish(at, null).layer, range);
  return { layer: { ...layer, measured: { digest, diffId: second?.finish() ?? digest } }, blobDigest: digest };
}

async function indexPacked(
  range: FileRange,
  blob: BlobSource,
  compression: PackedAs,
  options: IndexOptions,
  control: WorkControl,
): Promise<IndexedBlob> {
  const indexer = new LayerIndexer(range.length, { sums: options.sums });
  // The blob is read whole anyway: hashing what is read costs little, and tells whether what it says may be kept by its digest.
  const digester = options.verify || blob.statedDigest !== null ? new Digester(algorithmOf(blob.statedDigest)) : null;
  const plain = options.verify ? new Digester(options.diffIdAlgorithm) : null;
  const chunks = new DeferredChunks((bytes) => {
    plain?.update(bytes);
    if (indexer.problem === null) indexer.push(bytes);
  });
  const packed = await decompress(
    range,
    compression,
    (bytes) => {
      chunks.add(bytes);
      return indexer.problem === null || plain !== null;
    },
    {
      gate: () => control.check(),
      onProgress: (bytes) => control.advance(bytes),
      ...(digester === null ? {} : { onPacked: (bytes: Uint8Array) => digester.update(bytes) }),
    },
  );
  chunks.drain();
  const stopped = packed.end === 'stopped';
  const { layer } = indexer.finish(packed.plainBytes, packed);
  const blobDigest = digester === null || stopped ? null : digester.finish();
  const measured = plain === null || blobDigest === null ? null : { digest: blobDigest, diffId: plain.finish() };
  return { layer: { ...layer, measured }, blobDigest };
}

/**
 * Works on each chunk a little after it arrives: node:zlib hands out a chunk before its thread inflates the next one, and would have to
 * wait for work that is done right away.
 */
class DeferredChunks {
  readonly #work: (bytes: Uint8Array) => void;
  readonly #waiting: Uint8Array[] = [];
  #failure: { readonly error: unknown } | null = null;

  constructor(work: (bytes: Uint8Array) => void) {
    this.#work = work;
  }

  /** Throws what the work on an earlier chunk threw. */
  add(bytes: Uint8Array): void {
    if (this.#failure !== null) throw this.#failure.error;
    this.#waiting.push(bytes);
    queueMicrotask(() => {
      try {
        this.#workOff();
      } catch (error) {
        this.#failure ??= { error };
      }
    });
  }

  /** Works on the chunks that are left. Throws what the work on any chunk threw. */
  drain(): void {
    if (this.#failure !== null) throw this.#failure.error;
    this.#workOff();
  }

  #workOff(): void {
    for (let bytes = this.#waiting.shift(); bytes !== undefined; bytes = this.#waiting.shift()) this.#work(bytes);
  }
}
