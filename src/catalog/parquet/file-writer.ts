// Writes a Parquet file, one row group at a time, so that a layer of any size takes the memory of one group.
import { closeSync, openSync, writeSync } from 'node:fs';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { type Column, SCHEMA_VERSION, VERSION_KEY } from '#catalog/layout';
import type { Chunk, RowGroup } from './chunks.ts';
import { GrownBytes } from './grown-bytes.ts';
import { type Leaf, leavesOf, PHYSICAL, writeSchema } from './schema.ts';
import { ThriftStruct } from './thrift.ts';

const MAGIC = Buffer.from('PAR1');
/** Constants from parquet.thrift. */
const CODEC = { none: 0, gzip: 2, zstd: 6 } as const;
const PAGE = { dictionary: 2, dataV2: 3 } as const;
const ENCODING = { plain: 0, dictionary: 8 } as const;

/** Whether Node has Zstandard (22.15 and later). If not, gzip is used; every Parquet reader supports both. */
const HAS_ZSTD = typeof zstdCompressSync === 'function';
/** Minimum size of data to compress. Below that, setting up a compressor takes longer than it is worth. */
const LEAST_COMPRESSED_BYTES = 512;

/** Compresses with buffers sized to the input: allocating those of the default sizes takes longer than compressing. */
function compressed(bytes: Uint8Array): Uint8Array {
  const chunkSize = Math.min(64 * 1024, bytes.length + 128);
  if (!HAS_ZSTD) return gzipSync(bytes, { level: 1, chunkSize });
  const windowLog = Math.min(19, Math.max(10, Math.ceil(Math.log2(bytes.length + 1))));
  return zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: windowLog },
    chunkSize,
  });
}

/** What the footer records about a chunk. */
interface WrittenChunk {
  readonly chunk: Chunk;
  readonly codec: number;
  readonly start: number;
  readonly dataStart: number;
  readonly bytes: number;
  readonly plainBytes: number;
}

interface WrittenGroup {
  readonly rows: number;
  readonly chunks: readonly WrittenChunk[];
}

/** Creates a Parquet file. `file` must not exist. Throws system errors; the caller removes an unfinished file. */
export function writeParquet(file: string, columns: readonly Column[], groups: Iterable<RowGroup>): void {
  const handle = openSync(file, 'wx', 0o666);
  try {
    const to = new GrownBytes(4096);
    let before = 0;
    to.put(MAGIC);
    const written: WrittenGroup[] = [];
    for (const group of groups) {
      written.push({ rows: group.rows, chunks: group.chunks.map((chunk) => writeChunk(to, before, chunk, group.rows)) });
      before += flush(handle, to);
    }
    writeFooter(to, columns, written);
    flush(handle, to);
  } finally {
    closeSync(handle);
  }
}

function flush(handle: number, to: GrownBytes): number {
  const { written } = to;
  for (let at = 0; at < written.length; ) at += writeSync(handle, written, at);
  to.length = 0;
  return written.length;
}

/** `before`: size of the file before the bytes in `to`. */
function writeChunk(to: GrownBytes, before: number, chunk: Chunk, rows: number): WrittenChunk {
  const { plain, dictionary } = chunk;
  const isCompressed = plain.length + (dictionary?.numbers.length ?? 0) >= LEAST_COMPRESSED_BYTES;
  const start = to.length;
  let headerBytes = 0;
  if (dictionary !== null) {
    const stored = isCompressed ? compressed(plain) : plain;
    headerBytes += writeHeader(to, PAGE.dictionary, plain.length, stored.length, (header) =>
      header.struct(7, (page) => {
        page.i32(1, dictionary.count);
        page.i32(2, ENCODING.plain);
      }),
    );
    to.put(stored);
  }
  const dataStart = to.length;
  const values = dictionary?.numbers ?? plain;
  const packed = isCompressed ? compressed(values) : values;
  const isSmaller = packed.length < values.length;
  const stored = isSmaller ? packed : values;
  const levelBytes = chunk.repetition.length + chunk.definition.length;
  headerBytes += writeHeader(to, PAGE.dataV2, levelBytes + values.length, levelBytes + stored.length, (header) =>
    header.struct(8, (page) => {
      page.i32(1, chunk.slots);
      page.i32(2, chunk.nulls);
      page.i32(3, rows);
      page.i32(4, dictionary === null ? ENCODING.plain : ENCODING.dictionary);
      page.i32(5, chunk.definition.length);
      page.i32(6, chunk.repetition.length);
      if (!isSmaller) page.flag(7, false);
    }),
  );
  to.put(chunk.repetition);
  to.put(chunk.definition);
  to.put(stored);
  return {
    chunk,
    codec: isCompressed ? (HAS_ZSTD ? CODEC.zstd : CODEC.gzip) : CODEC.none,
    start: before + start,
    dataStart: before + dataStart,
    bytes: to.length - start,
    plainBytes: headerBytes + levelBytes + plain.length + (dictionary?.numbers.length ?? 0),
  };
}

function writeHeader(to: GrownBytes, type: number, plainBytes: number, bytes: number, page: (header: ThriftStruct) => void): number {
  const start = to.length;
  ThriftStruct.write(to, (header) => {
    header.i32(1, type);
    header.i32(2, plainBytes);
    header.i32(3, bytes);
    page(header);
  });
  return to.length - start;
}

function writeFooter(to: GrownBytes, columns: readonly Column[], groups: readonly WrittenGroup[]): void {
  const start = to.length;
  const leaves = columns.flatMap(leavesOf);
  ThriftStruct.write(to, (file) => {
    file.i32(1, 2);
    writeSchema(file, 2, columns);
    file.i64(
      3,
      groups.reduce((sum, { rows }) => sum + rows, 0),
    );
    file.structs(4, groups, (group, { rows, chunks }) => {
      group.structs(1, [...chunks.entries()], (column, [index, chunk]) => {
        column.i64(2, chunk.start);
        column.struct(3, (facts) => writeFacts(facts, leaves[index] as Leaf, chunk));
      });
      group.i64(
        2,
        chunks.reduce((sum, { plainBytes }) => sum + plainBytes, 0),
      );
      group.i64(3, rows);
    });
    file.structs(5, [VERSION_KEY], (pair, key) => {
      pair.text(1, key);
      pair.text(2, SCHEMA_VERSION);
    });
    file.text(6, 'layerscope');
    // States that each column's bounds are ordered by the column's type.
    file.structs(7, leaves, (order) => order.struct(1, () => undefined));
  });
  to.int32(to.length - start);
  to.put(MAGIC);
}

function writeFacts(facts: ThriftStruct, { path, type }: Leaf, { chunk, codec, start, dataStart, bytes, plainBytes }: WrittenChunk): void {
  facts.i32(1, PHYSICAL[type]);
  facts.i32s(2, chunk.dictionary === null ? [ENCODING.plain] : [ENCODING.plain, ENCODING.dictionary]);
  facts.texts(3, path);
  facts.i32(4, codec);
  facts.i64(5, chunk.slots);
  facts.i64(6, plainBytes);
  facts.i64(7, bytes);
  facts.i64(9, dataStart);
  if (chunk.dictionary !== null) facts.i64(11, start);
  const { bounds, nulls } = chunk;
  if (bounds === null) return;
  facts.struct(12, (statistics) => {
    statistics.i64(3, nulls);
    statistics.binary(5, bounds.max);
    statistics.binary(6, bounds.min);
  });
}
