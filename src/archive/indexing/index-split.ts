// Indexes a layer that an engine keeps in parts from its metadata alone. Verifying the layer reads every file and hashes the whole tar.
import { asLayerscopeError, type Finding, finding, type LayerscopeError } from '#model';
import { Digester } from '../blob/digest.ts';
import { readSplit, SplitFeed } from '../blob/split-feed.ts';
import { SplitFile, SplitMap } from '../blob/split-file.ts';
import type { WorkControl } from '../control/work-control.ts';
import type { BlobSource, IndexedBlob } from '../types.ts';
import { BodyScanner, withScan } from './body-scan.ts';
import { LayerIndexer } from './layer-indexer.ts';

const CHUNK = 1024 * 1024;
/** Error codes that concern a single file; the other files can still be read. */
const OF_ONE_FILE: ReadonlySet<string> = new Set(['DIGEST_MISMATCH', 'PATH_ESCAPE']);
const MAX_CHANGED = 100;

/** See `IndexOptions`. */
interface SplitOptions {
  readonly verify: boolean;
  readonly scan?: boolean;
  readonly diffIdAlgorithm: string;
  readonly sums: Uint8Array | null;
}

/** Does what `indexBlob` does, for a split blob. */
export async function indexSplit(blob: BlobSource, options: SplitOptions, control: WorkControl): Promise<IndexedBlob> {
  if (options.verify || options.scan) return readWholeSplit(blob, options, control);
  const indexer = new LayerIndexer(blob.length);
  const feed = new SplitFeed(indexer.reader);
  const steps = readSplit(blob, feed);
  let reported = 0;
  for (;;) {
    try {
      const { done, value } = await steps.next();
      control.check();
      control.advance(feed.tarBytes - reported);
      reported = feed.tarBytes;
      if (done) return { layer: indexer.finish(feed.tarBytes, value).layer, blobDigest: null };
    } catch (error) {
      if (asLayerscopeError(error).code === 'DAMAGED') return unreadable(blob, error as LayerscopeError);
      indexer.fail(error);
      return { layer: indexer.finish(feed.tarBytes, null).layer, blobDigest: null };
    }
  }
}

/** Returns the result for a layer whose metadata can't be used. */
function unreadable(blob: BlobSource, error: LayerscopeError): IndexedBlob {
  const { layer } = new LayerIndexer(blob.length).finish(0, null);
  return { layer: { ...layer, status: 'damaged', findings: [finding('damaged-blob', error.message)] }, blobDigest: null };
}

async function readWholeSplit(
  blob: BlobSource,
  { verify, scan, diffIdAlgorithm, sums }: SplitOptions,
  control: WorkControl,
): Promise<IndexedBlob> {
  let read: Awaited<ReturnType<typeof SplitMap.readPartly>>;
  try {
    read = await SplitMap.readPartly(blob);
  } catch (error) {
    if (asLayerscopeError(error).code === 'DAMAGED') return unreadable(blob, error as LayerscopeError);
    throw error;
  }
  const { map, packed } = read;
  const scanner = scan ? new BodyScanner() : null;
  const indexer = new LayerIndexer(map.size, scanner === null ? {} : { also: scanner, sums });
  const digester = verify ? new Digester(diffIdAlgorithm) : null;
  const changed: Finding[] = [];
  using file = new SplitFile(blob, map);
  const buffer = new Uint8Array(CHUNK);
  let until = performance.now() + control.slice;
  for (let part = 0; part < map.count; part++) {
    let isGood = true;
    for (let at = map.start(part), end = at + map.length(part); at < end; ) {
      const count = Math.min(CHUNK, end - at);
      isGood &&= readOrReport(file, buffer, at, count, changed);
      if (!isGood) buffer.fill(0, 0, count);
      const bytes = buffer.subarray(0, count);
      digester?.update(bytes);
      if (indexer.problem === null) indexer.push(bytes);
      at += count;
      control.check();
      control.advance(count);
      if (performance.now() < until) continue;
      await control.rest();
      until = performance.now() + control.slice;
    }
  }
  file.refuseChanged();
  const layer = withScan(indexer.finish(map.size, packed).layer, scanner);
  const findings = [...layer.findings, ...changed];
  if (packed.end !== 'complete' || digester === null) return { layer: { ...layer, findings }, blobDigest: null };
  const digest = digester.finish();
  return { layer: { ...layer, findings, measured: { digest, diffId: digest } }, blobDigest: digest };
}

/** Reads bytes of the tar. If they belong to a file that has changed, adds a finding and returns false. */
function readOrReport(file: SplitFile, buffer: Uint8Array, at: number, count: number, changed: Finding[]): boolean {
  try {
    return file.read(buffer, at, count) === count;
  } catch (error) {
    const { code, message } = asLayerscopeError(error);
    if (!OF_ONE_FILE.has(code)) throw error;
    const found = finding(code === 'PATH_ESCAPE' ? 'path-escape' : 'changed-on-disk', message, { offset: at });
    if (changed.length < MAX_CHANGED) changed.push(found);
    return false;
  }
}
