// Makes a layer's table from its table of contents (TOC). Any defect of the TOC is an error; the caller then reads the layer itself.
import { parseToc, type TocChunk } from '#format/estargz';
import type { LayerTable } from '#format/layer';
import { parseZtoc } from '#format/soci';
import { type TarMember, TarReader } from '#format/tar';
import { SplitScanner } from '#format/tar-split';
import { checkTocEntries, TocMatcher, TocTableBuilder, ztocTable } from '#format/toc';
import { type Finding, finding, LayerscopeError } from '#model';
import { decompress } from '../blob/decompress.ts';
import { algorithmOf, Digester } from '../blob/digest.ts';
import { freePiece } from '../blob/inflate-stream.ts';
import { memoryRange, unpackBytes } from '../blob/memory-bytes.ts';
import { SplitFeed } from '../blob/split-feed.ts';
import type { WorkControl } from '../control/work-control.ts';
import type { PackedToc } from '../source-types.ts';
import type { IndexedLayer } from '../types.ts';
import { LayerIndexer } from './layer-indexer.ts';
import { checkHoles } from './toc-holes.ts';

const MAX_TOC_BYTES = 96 * 1024 * 1024;
const BLOCK = 512;
const ENTRIES_A_CHECK = 1024;
const OWN_NAME = 'stargz.index.json';

/** A layer's table, made from its TOC. */
export interface TocIndex {
  readonly layer: IndexedLayer;
  /** Whether digests lead from the layer's descriptor to the TOC, and from the TOC to the content of every file. */
  readonly isVouched: boolean;
}

/**
 * Unpacks and checks a TOC, and makes the table. `blobBytes` is the length of the layer. Throws DAMAGED or TRUNCATED if the TOC can't be
 * right for the layer; DIGEST_MISMATCH; UNSUPPORTED or TOO_LARGE if it can't be used; CANCELLED.
 */
export async function indexToc(packed: PackedToc, blobBytes: number, { check }: Pick<WorkControl, 'check'>): Promise<TocIndex> {
  const { dialect, statedDigest, tarSplit, dataEnd } = packed;
  if (dialect === 'ztoc') return indexZtoc(packed, blobBytes);
  const unpacked = dialect === 'estargz' ? await readEstargz(packed) : { json: await readZstd(packed), own: null };
  const { json, own } = unpacked;
  check();
  checkDigest(statedDigest, dialect === 'estargz' ? json : packed.packed);
  const { entries, tarSplitDigest } = parseToc(json, dialect, dataEnd);
  check();
  checkTocEntries(entries, tarSplit === null ? 'of-the-toc' : 'of-the-tar');
  const unproven = checkHoles(entries, check);
  let made: Made;
  if (tarSplit !== null) made = await bySplit(tarSplit, tarSplitDigest, entries, blobBytes);
  else {
    const builder = new TocTableBuilder(blobBytes);
    for (const [at, entry] of entries.entries()) {
      if (at % ENTRIES_A_CHECK === 0) check();
      builder.add(entry);
    }
    if (own !== null) addOwn(builder, own, packed, json);
    made = { ...builder.finish(), tarBytes: packed.tarBytes };
  }
  const { table, findings, tarBytes } = made;
  const unvouched = made.unvouched + unproven;
  const isVouched = statedDigest !== null && unvouched === 0 && (tarSplit === null || tarSplitDigest !== null);
  const notes = isVouched ? [] : [unverified(statedDigest, unvouched)];
  return { layer: { table, status: 'present', tarBytes, findings: [...findings, ...notes], measured: null }, isVouched };
}

/** The caller has hashed the zTOC. `statedDigest` is its digest if the manifest vouches for it, otherwise null. */
function indexZtoc({ packed, statedDigest }: PackedToc, blobBytes: number): TocIndex {
  const ztoc = parseZtoc(packed);
  if (ztoc.compression !== 'gzip') throw new LayerscopeError('UNSUPPORTED', 'a zTOC for an uncompressed layer');
  const { table, findings } = ztocTable(ztoc, blobBytes);
  const isVouched = statedDigest !== null;
  const notes = isVouched ? [] : [unverified(null, 0)];
  return {
    layer: { table, status: 'present', tarBytes: ztoc.plainBytes, findings: [...findings, ...notes], measured: null },
    isVouched,
  };
}

interface Made {
  readonly table: LayerTable;
  readonly findings: readonly Finding[];
  readonly unvouched: number;
  readonly tarBytes: number;
}

function unverified(statedDigest: string | null, unvouched: number): Finding {
  if (statedDigest === null) return finding('unverified', 'listed by a table of contents that no digest in the manifest vouches for');
  const what = unvouched > 0 ? `no digest vouches for ${unvouched} pieces of its contents` : 'its tar headers have no digest';
  return finding('unverified', `listed by a table of contents: ${what}`);
}

function checkDigest(stated: string | null, bytes: Uint8Array): void {
  if (stated === null) return;
  const found = digestOf(bytes, algorithmOf(stated));
  if (found !== stated)
    throw new LayerscopeError('DIGEST_MISMATCH', `the table of contents hashes to ${found}, but the manifest says ${stated}`);
}

function digestOf(bytes: Uint8Array, algorithm: string): string {
  const digester = new Digester(algorithm);
  digester.update(bytes);
  return digester.finish();
}

async function readZstd({ packed, plainBytes }: PackedToc): Promise<Uint8Array> {
  const most = Math.min(plainBytes ?? MAX_TOC_BYTES, MAX_TOC_BYTES);
  return unpackBytes('the table of contents', packed, 'zstd', most);
}

/** The position of the TOC in the last part of the tar. */
interface OwnPlace {
  readonly plain: Uint8Array;
  readonly bodyOffset: number;
}

/**
 * Reads an eStargz TOC. `packed` is a tar that begins with the TOC's member: the last part of the layer's tar, or a tar in a separate
 * image. In the latter case, `own` is null.
 */
async function readEstargz({
  packed,
  plainBytes,
  start,
  end,
}: PackedToc): Promise<{ readonly json: Uint8Array; readonly own: OwnPlace | null }> {
  const most = MAX_TOC_BYTES + 4 * BLOCK;
  // Unpacks no more than the memory budget counted for the TOC (memory-budget.ts), even if it contains more.
  const plain = await unpackBytes('the table of contents', packed, 'gzip', Math.min(plainBytes ?? most, most));
  let json: Uint8Array | null = null;
  let bodyOffset = 0;
  withMember(plain, (member) => {
    if (Buffer.from(member.name).toString() !== OWN_NAME) return;
    bodyOffset = member.bodyOffset;
    json = plain.subarray(bodyOffset, bodyOffset + member.size);
    if (json.length < member.size) json = null;
  });
  if (json === null) throw new LayerscopeError('DAMAGED', 'the footer does not lead to a table of contents');
  return { json, own: start === end ? null : { plain, bodyOffset } };
}

/** Calls `use` with the first member of a tar. */
function withMember(plain: Uint8Array, use: (member: TarMember) => void): void {
  const reader = new TarReader({
    member: (member) => {
      use(member);
      reader.stop();
    },
    finding: () => {},
  });
  try {
    reader.push(plain);
  } catch (error) {
    if (!(error instanceof LayerscopeError) || error.code !== 'BAD_TAR') throw error;
    throw new LayerscopeError('DAMAGED', 'the footer does not lead to a table of contents');
  }
}

/** Adds an entry for the TOC itself, which is a member of the layer's tar but isn't listed in the TOC. */
function addOwn(
  builder: TocTableBuilder,
  { plain, bodyOffset }: OwnPlace,
  { start, end, statedDigest }: PackedToc,
  json: Uint8Array,
): void {
  // If a digest is stated, it has been checked already.
  const digest = statedDigest?.startsWith('sha256:') ? statedDigest : digestOf(json, 'sha256');
  const chunk: TocChunk = {
    fileOffset: 0,
    sizeBytes: json.length,
    packedStart: start,
    packedEnd: end,
    innerOffset: bodyOffset,
    digest,
    isZeros: false,
  };
  withMember(plain, (member) => builder.addHeader(member, chunk));
}

/** Makes the table from the tar's own headers, which newer zstd:chunked layers store next to their TOC. */
async function bySplit(
  packed: Uint8Array,
  digest: string | null,
  entries: ReturnType<typeof parseToc>['entries'],
  blobBytes: number,
): Promise<Made> {
  checkDigest(digest, packed);
  const matcher = new TocMatcher(entries);
  const indexer = new LayerIndexer(blobBytes, { also: { member: (member) => matcher.member(member), finding: () => {} } });
  const feed = new SplitFeed(indexer.reader);
  const scanner = new SplitScanner(feed);
  const ended = await decompress(memoryRange('the tar headers', packed), 'zstd', (bytes) => {
    scanner.push(bytes);
    freePiece(bytes);
    return true;
  });
  if (ended.end !== 'complete') throw new LayerscopeError('DAMAGED', `the layer's tar headers: ${ended.message}`);
  scanner.end();
  const { layer } = indexer.finish(feed.tarBytes, null);
  if (layer.status !== 'present') throw new LayerscopeError('DAMAGED', `the layer's tar headers are incomplete or damaged`);
  return { table: matcher.finish(layer.table), findings: layer.findings, unvouched: matcher.unvouched, tarBytes: feed.tarBytes };
}
