import { type BuiltLayer, LayerTableBuilder } from '#format/layer';
import { type TarHandler, TarReader } from '#format/tar';
import { type Finding, finding, LayerscopeError } from '#model';
import { OTHER_FORMAT_BYTES, otherPackingName } from '../blob/compression.ts';
import { type Decompressed, decompress, type PackedAs } from '../blob/decompress.ts';
import { algorithmOf, Digester } from '../blob/digest.ts';
import { type FileRange, openBlob } from '../blob/source-file.ts';
import { feedFromFile } from '../blob/tar-source.ts';
import type { WorkControl } from '../control/work-control.ts';
import type { BlobSource, IndexedBlob, IndexedLayer } from '../types.ts';
import { BodySums } from './body-sums.ts';

const CHUNK = 1024 * 1024;

export interface IndexOptions {
  /** Read every byte and compute both digests. */
  readonly verify: boolean;
  /** `sha256` or `sha512`, from the config's diffID. */
  readonly diffIdAlgorithm: string;
  /** Compute checksums of the bodies of a compressed layer; makes unpacking it about 8% slower. */
  readonly sums: boolean;
}

/** Tar reader and table builder of one layer. Accepts plain bytes from any source and keeps the error that stops it. */
export class LayerIndexer {
  readonly #builder: LayerTableBuilder;
  readonly reader: TarReader;
  #problem: LayerscopeError | null = null;
  #truncated = false;
  #quiet = false;
  readonly #sums: BodySums | null;

  /** `blobBytes`: stored size of the layer. `also` receives each member too. `sums`: compute checksums of bodies. */
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
      finding: (found) => {
        if (found.code === 'truncated') this.#truncated = true;
        if (!this.#quiet) builder.finding(found);
      },
      truncated: (member) => {
        builder.truncated(member);
        also?.truncated?.(member);
      },
      ...(bodySums === null ? {} : { body: (bytes, start, end) => bodySums.body(bytes, start, end) }),
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

  /** Keeps BAD_TAR or TOO_LARGE; throws anything else. */
  fail(error: unknown): void {
    if (!(error instanceof LayerscopeError) || (error.code !== 'BAD_TAR' && error.code !== 'TOO_LARGE')) throw error;
    this.#problem = error;
  }

  /** `packed`: how the blob's decompression ended, null for a plain one. `tarBytes`: number of plain bytes received. */
  finish(tarBytes: number, packed: Decompressed | null): { layer: IndexedLayer; built: BuiltLayer } {
    // Truncated compressed data also truncates the tar; report it once.
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
      findings.push(finding(packed.isUnsupported ? 'unsupported-compression' : 'damaged-blob', `${packed.message}`, { offset: tarBytes }));
    }
    if (packed?.trailing) findings.push(finding('trailing-data', 'bytes follow the end of the compressed data'));
    const whole = problem === null && !this.#truncated && (packed === null || packed.end === 'complete');
    const table = this.#sums === null ? built.table : { ...built.table, bodySums: this.#sums.finish(built.table.memberCount) };
    return { layer: { table, status: whole ? 'present' : 'damaged', tarBytes, findings, measured: null }, built };
  }
}

/**
 * Indexes one layer: a plain one by its headers alone, a compressed one by reading all of it. Defects of the blob are part of the result.
 * Throws NOT_FOUND, PERMISSION, IO, UNSUPPORTED, CANCELLED.
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
  return { layer: withPackingName(indexer.finish(range.length, null).layer, range), blobDigest: null };
}

/** If a layer isn't a tar but a known kind of archive, says so in a finding. */
function withPackingName(layer: IndexedLayer, { file, start, length }: FileRange): IndexedLayer {
  if (layer.status === 'present' || layer.table.memberCount > 0) return layer;
  const head = new Uint8Array(Math.min(OTHER_FORMAT_BYTES, length));
  const packing = otherPackingName(head.subarray(0, file.read(head, start)));
  if (packing === null) return layer;
  return { ...layer, findings: [finding('unsupported-compression', `the layer is ${packing}, which is not supported`)] };
}

/** Reads all of a plain tar. Its digest and its diffID are the same if they use the same algorithm. */
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
  const layer = withPackingName(indexer.finish(at, null).layer, range);
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
  // The whole blob is read anyway, so hashing costs little, and shows whether the index may be cached under the stated digest.
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
 * Processes each chunk shortly after it arrives. node:zlib emits a chunk before its thread inflates the next one, so working on it right
 * away would keep that thread waiting.
 */
class DeferredChunks {
  readonly #work: (bytes: Uint8Array) => void;
  readonly #waiting: Uint8Array[] = [];
  #failure: { readonly error: unknown } | null = null;

  constructor(work: (bytes: Uint8Array) => void) {
    this.#work = work;
  }

  /** Throws an error from processing an earlier chunk. */
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

  /** Processes the remaining chunks. Throws an error from processing any chunk. */
  drain(): void {
    if (this.#failure !== null) throw this.#failure.error;
    this.#workOff();
  }

  #workOff(): void {
    for (let bytes = this.#waiting.shift(); bytes !== undefined; bytes = this.#waiting.shift()) this.#work(bytes);
  }
}
