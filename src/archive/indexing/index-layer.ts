import type { TarHandler } from '#format/tar';
import { finding } from '#model';
import type { CheckpointMaker } from '../blob/checkpoint-maker.ts';
import { OTHER_FORMAT_BYTES, otherPackingName } from '../blob/compression.ts';
import { decompress, type PackedAs } from '../blob/decompress.ts';
import { algorithmOf, Digester } from '../blob/digest.ts';
import { freePiece } from '../blob/inflate-stream.ts';
import { type FileRange, openBlob } from '../blob/source-file.ts';
import { feedFromFile } from '../blob/tar-source.ts';
import { isUnpackedHere } from '../blob/unpack-stream.ts';
import type { WorkControl } from '../control/work-control.ts';
import type { BlobSource, IndexedBlob, IndexedLayer } from '../types.ts';
import { BodyScanner, withScan } from './body-scan.ts';
import { roomToRead } from './body-sum-code.ts';
import { indexSplit } from './index-split.ts';
import { LayerIndexer } from './layer-indexer.ts';
import type { TocsBeside } from './lazy-reading.ts';
import { TocCheck } from './toc-check.ts';

const CHUNK = 1024 * 1024;

export interface IndexOptions {
  /** Read every byte and compute the digest and diffID. */
  readonly verify: boolean;
  /** `sha256` or `sha512`, from the config's diffID. */
  readonly diffIdAlgorithm: string;
  /** The key for the checksums of bodies (see `BodySum`), which make unpacking a layer about 4% slower; null if none are needed. */
  readonly sums: Uint8Array | null;
  /** Read every byte and search the bodies for secrets. */
  readonly scan?: boolean;
  /** Annotations of the layer's descriptor, if known. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** TOCs other than the layer's own, to compare with the layer when it is verified or scanned. */
  readonly beside?: TocsBeside;
}

/**
 * Indexes one layer: a plain one by reading only its headers, a compressed one by reading all of it. Defects of the blob are part of the
 * result.
 * `checkpoints` makes checkpoints of a gzip blob. Throws NOT_FOUND, PERMISSION, IO, UNSUPPORTED, CANCELLED.
 */
export async function indexBlob(
  blob: BlobSource,
  options: IndexOptions,
  control: WorkControl,
  checkpoints?: CheckpointMaker,
): Promise<IndexedBlob> {
  if (blob.split !== undefined) return indexSplit(blob, options, control);
  const range = openBlob(blob);
  using _file = range.file;
  const indexed = await indexRange(range, blob, options, control, checkpoints);
  range.file.refuseChanged();
  return indexed;
}

function indexRange(
  range: FileRange,
  blob: BlobSource,
  options: IndexOptions,
  control: WorkControl,
  checkpoints: CheckpointMaker | undefined,
): Promise<IndexedBlob> {
  if (blob.compression !== 'none') return indexPacked(range, { ...blob, compression: blob.compression }, options, control, checkpoints);
  return options.verify || options.scan ? readWholePlain(range, blob, options, control) : indexPlain(range, control);
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

/** Adds a finding if a layer isn't a tar but another known kind of archive. */
function withPackingName(layer: IndexedLayer, { file, start, length }: FileRange): IndexedLayer {
  if (layer.status === 'present' || layer.table.memberCount > 0) return layer;
  const head = new Uint8Array(Math.min(OTHER_FORMAT_BYTES, length));
  const packing = otherPackingName(head.subarray(0, file.read(head, start)));
  if (packing === null) return layer;
  return { ...layer, findings: [finding('unsupported-compression', `the layer is ${packing}, which is not supported`)] };
}

/** Reads all of a plain tar. For a plain blob, the digest and diffID are equal if they use the same algorithm. */
async function readWholePlain(range: FileRange, blob: BlobSource, options: IndexOptions, control: WorkControl): Promise<IndexedBlob> {
  const scanner = options.scan ? new BodyScanner() : null;
  const indexer = new LayerIndexer(range.length, {
    ...(scanner === null ? {} : { also: scanner }),
    sums: scanner === null ? null : options.sums,
  });
  const digester = options.verify ? new Digester(algorithmOf(blob.statedDigest)) : null;
  const second = digester === null || digester.algorithm === options.diffIdAlgorithm ? null : new Digester(options.diffIdAlgorithm);
  const buffer = scanner === null ? new Uint8Array(CHUNK) : roomToRead(range.length);
  let at = 0;
  let until = performance.now() + control.slice;
  while (at < range.length) {
    const count = range.file.read(buffer, range.start + at, Math.min(buffer.length, range.length - at));
    if (count === 0) break;
    const bytes = buffer.subarray(0, count);
    digester?.update(bytes);
    second?.update(bytes);
    indexer.push(bytes);
    at += count;
    control.check();
    control.advance(count);
    if (performance.now() < until) continue;
    await control.rest();
    until = performance.now() + control.slice;
  }
  const layer = withScan(withPackingName(indexer.finish(at, null).layer, range), scanner);
  if (digester === null) return { layer, blobDigest: null };
  const digest = digester.finish();
  return { layer: { ...layer, measured: { digest, diffId: second?.finish() ?? digest } }, blobDigest: digest };
}

function bothHandlers(first: TocCheck | null, second: BodyScanner | null): { also?: TarHandler } {
  if (first === null || second === null) return first === null ? (second === null ? {} : { also: second }) : { also: first };
  return {
    also: {
      member(member) {
        first.member(member);
        second.member(member);
      },
      finding() {},
      body(bytes, start, end) {
        first.body(bytes, start, end);
        second.body(bytes, start, end);
      },
    },
  };
}

async function indexPacked(
  range: FileRange,
  blob: BlobSource & { readonly compression: PackedAs },
  options: IndexOptions,
  control: WorkControl,
  checkpoints: CheckpointMaker | undefined,
): Promise<IndexedBlob> {
  // When the whole layer is read, its TOC can be checked for those who rely on the TOC alone.
  const check = options.verify || options.scan ? await TocCheck.of(range, blob, options, control) : null;
  const scanner = options.scan ? new BodyScanner() : null;
  const indexer = new LayerIndexer(range.length, { sums: options.sums, ...bothHandlers(check, scanner) });
  // The whole blob is read anyway, so hashing costs little. The digest shows whether the index may be cached under the stated one.
  const digester =
    options.verify || (blob.statedDigest !== null && blob.arriving === undefined) ? new Digester(algorithmOf(blob.statedDigest)) : null;
  const plain = options.verify ? new Digester(options.diffIdAlgorithm) : null;
  const isFreed = check === null && !isUnpackedHere(blob.compression);
  const chunks = new DeferredChunks((bytes) => {
    plain?.update(bytes);
    check?.plain(bytes);
    if (indexer.problem === null) indexer.push(bytes);
    if (isFreed) freePiece(bytes);
  });
  const packed = await decompress(
    range,
    blob.compression,
    (bytes) => {
      chunks.add(bytes);
      return indexer.problem === null || plain !== null;
    },
    {
      gate: () => control.check(),
      onProgress: (bytes) => control.advance(bytes),
      checkpoints,
      ...(digester === null ? {} : { onPacked: (bytes: Uint8Array) => digester.update(bytes) }),
    },
  );
  chunks.drain();
  const stopped = packed.end === 'stopped';
  const layer = withScan(indexer.finish(packed.plainBytes, packed).layer, scanner);
  const blobDigest = digester === null || stopped ? null : digester.finish();
  const measured = plain === null || blobDigest === null ? null : { digest: blobDigest, diffId: plain.finish() };
  const mismatch = (await check?.finish(layer.table, packed.end === 'complete' ? control : null)) ?? null;
  const findings = mismatch === null ? layer.findings : [...layer.findings, mismatch];
  return { layer: { ...layer, findings, measured }, blobDigest };
}

/**
 * Processes each chunk shortly after it arrives. node:zlib emits a chunk before its thread inflates the next one, so processing the chunk
 * immediately would keep that thread waiting.
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
