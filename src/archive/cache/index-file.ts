// One file per blob: its layer's table, findings and counts. Native byte order; a file in another byte order is ignored.
//
//   0   8   magic "LAYRIDX" and the version, one byte
//   8   4   0x01020304 as a uint32, to detect the byte order
//   12  4   CRC-32 of everything after the head, to detect bit rot and half-written files, not tampering
//   16  8   length of the file, float64
//   24  4   length of the JSON
//   28  4   zero
//   32      JSON (UTF-8), padded with spaces to a multiple of 8: key, counts, metas, findings, and the length of each column
//   …       the columns, each padded to a multiple of 8
//
// Columns are read as views of the file's single buffer; only the JSON is parsed and copied.
import type { LayerTable, MemberMeta, Provenance } from '#format/layer';
import type { Finding } from '#model';
import { crc32 } from '../blob/crc32.ts';
import type { IndexedBlob } from '../types.ts';

/** Raise this whenever a table's columns or their meaning change, here or in `format/layer` and `format/tar`. */
const VERSION = 9;
const HEAD_BYTES = 32;
const BYTE_ORDER = 0x01020304;
const MAGIC = Uint8Array.of(0x4c, 0x41, 0x59, 0x52, 0x49, 0x44, 0x58, VERSION);

const COLUMNS = {
  node: Uint32Array,
  type: Uint8Array,
  flags: Uint16Array,
  size: Float64Array,
  mtimeSeconds: Float64Array,
  mtimeNanos: Uint32Array,
  headerBlock: Uint32Array,
  headerBlocks: Uint32Array,
  meta: Uint32Array,
  link: Uint32Array,
  bodySums: Uint32Array,
  bodyAt: Float64Array,
  chunkAt: Float64Array,
  chunkStart: Float64Array,
  chunkEnd: Float64Array,
  chunkInner: Float64Array,
  chunkDigests: Uint8Array,
  wholeRows: Uint32Array,
  wholeDigests: Uint8Array,
  nodeParent: Uint32Array,
  nodeNameStart: Uint32Array,
  nodeNames: Uint8Array,
  nodeHash: Uint32Array,
  linkStart: Uint32Array,
  linkNames: Uint8Array,
  linkTarget: Uint32Array,
} as const;

type ColumnName = keyof typeof COLUMNS;
const COLUMN_NAMES = Object.keys(COLUMNS) as readonly ColumnName[];

interface Head {
  readonly key: string;
  readonly status: 'present' | 'damaged';
  readonly tarBytes: number;
  readonly blobDigest: string | null;
  readonly memberCount: number;
  readonly nodeCount: number;
  readonly provenance: Provenance;
  readonly metas: readonly MemberMeta[];
  readonly findings: readonly Finding[];
  readonly lengths: readonly number[];
}

/** Encodes a file as a list of pieces; columns are views, not copies. */
export function encodeIndex(key: string, { layer, blobDigest }: IndexedBlob): Uint8Array[] {
  const { table } = layer;
  const head: Head = {
    key,
    status: layer.status,
    tarBytes: layer.tarBytes,
    blobDigest,
    memberCount: table.memberCount,
    nodeCount: table.nodeCount,
    provenance: table.provenance,
    metas: table.metas,
    findings: layer.findings,
    lengths: COLUMN_NAMES.map((name) => table[name].length),
  };
  const json = Buffer.from(JSON.stringify(head), 'utf8');
  const pieces: Uint8Array[] = [json, new Uint8Array(padding(json.length)).fill(0x20)];
  for (const name of COLUMN_NAMES) {
    const column = table[name];
    pieces.push(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), new Uint8Array(padding(column.byteLength)));
  }
  const checksum = pieces.reduce((sum, piece) => crc32(piece, sum), 0);
  const start = new DataView(new ArrayBuffer(HEAD_BYTES));
  new Uint8Array(start.buffer).set(MAGIC);
  new Uint32Array(start.buffer, 8, 2).set([BYTE_ORDER, checksum]);
  new Float64Array(start.buffer, 16, 1)[0] = pieces.reduce((sum, piece) => sum + piece.length, HEAD_BYTES);
  new Uint32Array(start.buffer, 24, 1)[0] = json.length;
  return [new Uint8Array(start.buffer), ...pieces.filter((piece) => piece.length > 0)];
}

/** Decodes a file as views of `buffer`; null if it is damaged, or has another version or key. */
export function decodeIndex(key: string, buffer: ArrayBuffer): IndexedBlob | null {
  if (buffer.byteLength < HEAD_BYTES || buffer.byteLength % 8 !== 0) return null;
  const bytes = new Uint8Array(buffer);
  if (!MAGIC.every((byte, at) => bytes[at] === byte)) return null;
  const [order, stated] = new Uint32Array(buffer, 8, 2);
  if (order !== BYTE_ORDER || new Float64Array(buffer, 16, 1)[0] !== buffer.byteLength) return null;
  if (crc32(bytes.subarray(HEAD_BYTES)) !== stated) return null;
  const jsonBytes = new Uint32Array(buffer, 24, 1)[0] as number;
  const head = JSON.parse(Buffer.from(buffer, HEAD_BYTES, jsonBytes).toString('utf8')) as Head;
  if (head.key !== key) return null;
  let at = HEAD_BYTES + jsonBytes + padding(jsonBytes);
  const columns = {} as Record<ColumnName, unknown>;
  COLUMN_NAMES.forEach((name, index) => {
    const length = head.lengths[index] ?? 0;
    columns[name] = new COLUMNS[name](buffer, at, length);
    at += length * COLUMNS[name].BYTES_PER_ELEMENT;
    at += padding(at);
  });
  const { memberCount, nodeCount, provenance, metas, status, tarBytes, findings, blobDigest } = head;
  const table = { ...(columns as Pick<LayerTable, ColumnName>), memberCount, nodeCount, provenance, metas };
  return { layer: { table, status, tarBytes, findings, measured: null }, blobDigest };
}

function padding(length: number): number {
  return -length & 7;
}
