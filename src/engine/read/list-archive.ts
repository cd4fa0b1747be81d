import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { detectCompression, unpackPieces, zstdDecompressor } from '#archive';
import type { ListingReport } from '#contract';
import { TarReader } from '#format/tar';
import { findZipDirectory, ZIP_TAIL_BYTES, zip64Directory, zipEntries } from '#format/zip';
import { asLayerscopeError, type Compression, displayPath, entryTypeName, LayerscopeError } from '#model';
import type { LoadedImage } from '../image/types.ts';
import { readContent } from './read-content.ts';

/** Maximum number of uncompressed bytes read from a tar; listing more isn't worth the wait. */
const MOST_PLAIN_BYTES = 1024 * 1024 * 1024;
const PLAIN_CHUNK = 256 * 1024;
const MOST_ZIP_LIST_BYTES = 16 * 1024 * 1024;
/** Maximum number of bytes shown for one name. */
const MOST_NAME_BYTES = 4096;
/** Maximum number of bytes shown for all names together. */
const MOST_NAMES_BYTES = 4 * 1024 * 1024;

type ListedEntry = ListingReport['entries'][number];

/** Collects entries up to a count and a total size of names. */
class ListedEntries {
  readonly all: ListedEntry[] = [];
  readonly #limit: number;
  #nameBytes = 0;
  /** Whether entries were left out. */
  isFull = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(name: Uint8Array, type: string, size: number): void {
    this.#nameBytes += Math.min(name.length, MOST_NAME_BYTES);
    this.isFull ||= this.all.length >= this.#limit || this.#nameBytes > MOST_NAMES_BYTES;
    if (this.isFull) return;
    const shown = displayPath(name.subarray(0, MOST_NAME_BYTES));
    this.all.push({ name: name.length > MOST_NAME_BYTES ? `${shown}…` : shown, type, size });
  }
}

/**
 * Lists the first `limit` entries of an archive inside an image: a tar, plain or compressed, or a ZIP file. Returns null for other files.
 * Nothing is written to disk. Throws NOT_FOUND, BLOB_MISSING, CANCELLED.
 */
export async function listArchive(
  loaded: LoadedImage,
  layer: number,
  parts: readonly Uint8Array[],
  { limit, signal }: { readonly limit: number; readonly signal: AbortSignal },
): Promise<ListingReport | null> {
  const read = async (start: number, length: number): Promise<Uint8Array> => {
    const pieces: Uint8Array[] = [];
    for await (const bytes of readContent(loaded, layer, parts, { start, length, signal }).bytes) pieces.push(bytes.slice());
    return Buffer.concat(pieces).subarray(0, length);
  };
  const { totalBytes } = readContent(loaded, layer, parts);
  const head = await read(0, Math.min(512, totalBytes));
  const compression = detectCompression(head);
  if (compression !== 'none') {
    const { bytes } = readContent(loaded, layer, parts, { signal });
    return listTar(plainBytes(bytes, compression), FORMATS[compression], limit);
  }
  if (isTarHeader(head)) return listTar(readContent(loaded, layer, parts, { signal }).bytes, 'tar', limit);
  return listZip(read, totalBytes, limit);
}

const FORMATS = { gzip: 'tar.gz', zstd: 'tar.zst', xz: 'tar.xz', bzip2: 'tar.bz2' } as const;

function plainBytes(bytes: AsyncIterable<Uint8Array>, compression: Exclude<Compression, 'none'>): AsyncIterable<Uint8Array> {
  if (compression === 'xz' || compression === 'bzip2') return unpackPieces(compression, bytes);
  const stream = compression === 'gzip' ? createGunzip() : zstdDecompressor(PLAIN_CHUNK);
  // An error on either side destroys the returned stream.
  pipeline(Readable.from(bytes), stream, () => {});
  return stream;
}

/** Checks a header's checksum, which arbitrary bytes don't match. */
function isTarHeader(block: Uint8Array): boolean {
  if (block.length < 512) return false;
  let sum = 0;
  for (let at = 0; at < 512; at++) sum += at >= 148 && at < 156 ? 0x20 : (block[at] as number);
  const stated = /^[\0 ]*([0-7]+)/.exec(String.fromCharCode(...block.subarray(148, 156)))?.[1];
  return stated !== undefined && Number.parseInt(stated, 8) === sum;
}

async function listTar(
  bytes: AsyncIterable<Uint8Array>,
  format: Exclude<ListingReport['format'], 'zip'>,
  limit: number,
): Promise<ListingReport | null> {
  const entries = new ListedEntries(limit);
  const reader = new TarReader({
    member: (member) => {
      entries.add(member.name, entryTypeName(member.type), member.size);
      if (entries.isFull) reader.stop();
    },
    finding: () => {},
  });
  let seen = 0;
  let problem: string | null = null;
  let head: Uint8Array | null = null;
  let complete = false;
  try {
    for await (const piece of bytes) {
      if (head === null) {
        head = piece;
        // A single compressed file isn't an archive.
        if (format !== 'tar' && piece.length >= 512 && !isTarHeader(piece)) return null;
      }
      reader.push(piece);
      seen += piece.length;
      if (entries.isFull || seen > MOST_PLAIN_BYTES) break;
    }
    complete = !entries.isFull && seen <= MOST_PLAIN_BYTES;
    if (complete) reader.end();
  } catch (error) {
    const failure = asLayerscopeError(error);
    if (failure.code === 'CANCELLED') throw failure;
    if (entries.all.length === 0 && format !== 'tar') return null;
    complete = false;
    problem = failure.code === 'INTERNAL' ? "its end can't be read" : failure.message;
  }
  if (format !== 'tar' && entries.all.length === 0) return null;
  return { format, entries: entries.all, complete, problem };
}

async function listZip(
  read: (start: number, length: number) => Promise<Uint8Array>,
  totalBytes: number,
  limit: number,
): Promise<ListingReport | null> {
  const tailBytes = Math.min(ZIP_TAIL_BYTES, totalBytes);
  const found = findZipDirectory(await read(totalBytes - tailBytes, tailBytes), totalBytes);
  if (found === null) return null;
  const entries = new ListedEntries(limit);
  let problem: string | null = null;
  try {
    const { offset, bytes } = found.end64 === null ? found : zip64Directory(await read(found.end64, 56));
    if (offset + bytes > totalBytes) throw new LayerscopeError('DAMAGED', 'the central directory is outside the ZIP file');
    for (const { name, sizeBytes } of zipEntries(await read(offset, Math.min(bytes, MOST_ZIP_LIST_BYTES)))) {
      entries.add(name, name.at(-1) === 0x2f ? 'directory' : 'file', sizeBytes);
      if (entries.isFull) break;
    }
  } catch (error) {
    const failure = asLayerscopeError(error);
    if (failure.code === 'CANCELLED' || failure.code === 'INTERNAL') throw failure;
    problem = failure.message;
  }
  return { format: 'zip', entries: entries.all, complete: problem === null && !entries.isFull, problem };
}
