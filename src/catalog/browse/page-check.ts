// Checks a column of a row group before hyparquet reads it. hyparquet allocates and repeats whatever the pages claim: a run of a few bytes
// may claim two billion values. A column that passes takes memory and time in proportion to its rows and decompressed bytes, which are
// limited.
import * as zlib from 'node:zlib';
import type { CompressionCodec, Compressors, PageHeader } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { LayerscopeError } from '#model';
import { MOST_HEADER_BYTES, MOST_HEADER_VALUES } from './bounds.ts';
import { checkThrift } from './thrift-check.ts';

/** Decompressors for hyparquet that never write more than the page claims to contain. */
export const DECOMPRESSORS = {
  ZSTD: (bytes, length) => {
    if (typeof zlib.zstdDecompressSync !== 'function') {
      throw new LayerscopeError('UNSUPPORTED', 'it is compressed with zstd, which Node reads from version 22.15 on');
    }
    return unpacked(() => zlib.zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, length) }));
  },
  GZIP: (bytes, length) => unpacked(() => zlib.gunzipSync(bytes, { maxOutputLength: Math.max(1, length) })),
} satisfies Compressors;

function unpacked(unpack: () => Buffer): Uint8Array {
  try {
    return unpack();
  } catch (error) {
    throw new LayerscopeError('DAMAGED', 'a part of it cannot be decompressed', { cause: error });
  }
}

/** A column of a row group whose pages are to be checked. */
export interface ColumnChunk {
  readonly bytes: Uint8Array;
  readonly codec: CompressionCodec;
  /** Rows in the group. The column has a value or null for each row. */
  readonly rows: number;
  readonly isOptional: boolean;
  readonly isFlag: boolean;
  /** Maximum total size of the column's pages, decompressed. */
  readonly mostPlainBytes: number;
}

/**
 * Returns the total size of the pages, decompressed. Throws DAMAGED; TOO_LARGE; UNSUPPORTED for encodings and compressions that catalogs
 * don't use.
 */
export function checkPages(chunk: ColumnChunk): number {
  let rows = 0;
  let plainBytes = 0;
  for (let at = 0; rows < chunk.rows; ) {
    const header = chunk.bytes.subarray(at, at + MOST_HEADER_BYTES);
    at += checkThrift(header, MOST_HEADER_VALUES);
    const page = parquetHeader({ view: viewOf(header), offset: 0 });
    const { compressed_page_size: stored, uncompressed_page_size: plain } = page;
    if (!isCount(stored) || !isCount(plain) || at + stored > chunk.bytes.length) throw damaged();
    plainBytes += plain;
    if (plainBytes > chunk.mostPlainBytes) throw new LayerscopeError('TOO_LARGE', 'a row group of it has too much text');
    rows += checkPage(chunk, page, chunk.bytes.subarray(at, at + stored), chunk.rows - rows);
    at += stored;
  }
  return plainBytes;
}

/** Returns the number of rows in the page, which is 0 for a dictionary. */
function checkPage(chunk: ColumnChunk, page: PageHeader, body: Uint8Array, rowsLeft: number): number {
  if (page.type === 'DICTIONARY_PAGE') {
    // Each value takes at least a byte, which limits their number. Flags take less, but don't have dictionaries.
    if (!isCount(page.dictionary_page_header?.num_values, page.uncompressed_page_size) || chunk.isFlag) throw damaged();
    decompressed(chunk, body, page.uncompressed_page_size);
    return 0;
  }
  const data = page.data_page_header_v2;
  if (page.type !== 'DATA_PAGE_V2' || data === undefined) throw unsupported('a page type');
  const { num_values: values, num_nulls: nulls, num_rows: rows, definition_levels_byte_length: levels } = data;
  if (!isCount(values, rowsLeft) || values === 0 || rows !== values || !isCount(nulls, values)) throw damaged();
  if (data.repetition_levels_byte_length !== 0 || !isCount(levels, body.length) || levels > page.uncompressed_page_size) throw damaged();
  if (chunk.isOptional) checkRuns(body.subarray(0, levels), 1, values);
  const rest = body.subarray(levels);
  const length = page.uncompressed_page_size - levels;
  const plain = data.is_compressed === false ? rest : decompressed(chunk, rest, length);
  checkValues(chunk, data.encoding, plain, values - nulls);
  return values;
}

function decompressed({ codec }: ColumnChunk, bytes: Uint8Array, length: number): Uint8Array {
  const plain = codec === 'UNCOMPRESSED' ? bytes : decompressorOf(codec)(bytes, length);
  if (plain.length !== length) throw damaged();
  return plain;
}

function decompressorOf(codec: CompressionCodec): (bytes: Uint8Array, length: number) => Uint8Array {
  if (codec === 'ZSTD' || codec === 'GZIP') return DECOMPRESSORS[codec];
  throw unsupported('a compression');
}

function checkValues({ isFlag }: ColumnChunk, encoding: string, plain: Uint8Array, count: number): void {
  if (encoding === 'PLAIN') {
    if (count > plain.length * (isFlag ? 8 : 1)) throw damaged();
  } else if (encoding === 'RLE' && isFlag) {
    checkRuns(plain.subarray(4), 1, count);
  } else if (encoding === 'RLE_DICTIONARY' && !isFlag) {
    const width = plain[0] ?? 0;
    if (width > 32) throw damaged();
    checkRuns(plain.subarray(1), width, count);
  } else throw unsupported('an encoding');
}

/**
 * Checks runs of values that are `width` bits wide: together they must have `count` values, and only the last run, if it is bit-packed, may
 * have more.
 */
function checkRuns(bytes: Uint8Array, width: number, count: number): void {
  let at = 0;
  for (let seen = 0; seen < count; ) {
    let header = 0;
    for (let index = 0; ; index++) {
      const byte = bytes[at++];
      if (byte === undefined || index > 4) throw damaged();
      header += (byte & 0x7f) * 2 ** (7 * index);
      if ((byte & 0x80) === 0) break;
    }
    const isPacked = header % 2 === 1;
    const run = isPacked ? Math.floor(header / 2) * 8 : header / 2;
    if (run === 0 || run > count - seen + (isPacked ? 7 : 0)) throw damaged();
    at += isPacked ? (run / 8) * width : Math.ceil(width / 8);
    seen += run;
  }
  if (at > bytes.length) throw damaged();
}

function isCount(value: number | undefined, most = Number.MAX_SAFE_INTEGER): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value >= 0 && value <= most;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function damaged(): LayerscopeError {
  return new LayerscopeError('DAMAGED', 'one of its columns can’t be read');
}

function unsupported(what: string): LayerscopeError {
  return new LayerscopeError('UNSUPPORTED', `it has ${what} that a catalog’s files never use`);
}
