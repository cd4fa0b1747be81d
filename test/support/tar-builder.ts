// Writes raw tar bytes exactly as specified, without checks, because its purpose is malformed tars.
//
//   tar(directory('d'), file('d/x', 'hello'), pax({ path: 'long' }), file('short', ''))     with two end blocks
//   concat(file('x', 'y'))                                                                  without
//   header({ name: 'x', size: '-1', checksum: 'wrong' })                                    any field as text or bytes

export type FieldValue = number | string | Uint8Array;

export interface HeaderFields {
  name?: string | Uint8Array;
  /** Numbers are written in octal with a trailing NUL, strings and bytes unchanged, padded with NULs. */
  mode?: FieldValue;
  uid?: FieldValue;
  gid?: FieldValue;
  size?: FieldValue;
  mtime?: FieldValue;
  typeflag?: string | number;
  linkname?: string | Uint8Array;
  uname?: string | Uint8Array;
  gname?: string | Uint8Array;
  devMajor?: FieldValue;
  devMinor?: FieldValue;
  prefix?: string | Uint8Array;
  /** Magic and version; default ustar. */
  format?: 'v7' | 'ustar' | 'gnu' | 'star';
  /** Bytes written over the block by offset, before the checksum is computed. */
  at?: Readonly<Record<number, string | Uint8Array>>;
  /** By default the correct unsigned sum. `signed` is as in old Sun tars. Any other string is written unchanged. */
  checksum?: 'unsigned' | 'signed' | 'wrong' | (string & {});
}

/** Encodes text as Latin-1: one byte per character, so that `\xE4` is the byte 0xE4. */
export function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (ch) => ch.charCodeAt(0));
}

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? utf8(value) : value;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function zeros(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length);
}

/** Returns the bytes, padded with zeros to whole blocks. */
export function padded(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(bytes, zeros(-bytes.length & 511));
}

export const END_MARKER: Uint8Array = zeros(1024);

/** Returns a number as GNU base-256 in `length` bytes, two's complement. */
export function base256(value: number | bigint, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let rest = BigInt(value);
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x80;
  if (BigInt(value) < 0n) bytes[0] = 0xff;
  return bytes;
}

function field(block: Uint8Array, at: number, length: number, value: FieldValue): void {
  const bytes = typeof value === 'number' ? latin1(value.toString(8).padStart(length - 1, '0')) : bytesOf(value);
  block.set(bytes.subarray(0, length), at);
}

/** Returns one header block of 512 bytes. */
export function header(fields: HeaderFields = {}): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(512);
  const format = fields.format ?? 'ustar';
  field(block, 0, 100, fields.name ?? '');
  field(block, 100, 8, fields.mode ?? 0o644);
  field(block, 108, 8, fields.uid ?? 0);
  field(block, 116, 8, fields.gid ?? 0);
  field(block, 124, 12, fields.size ?? 0);
  field(block, 136, 12, fields.mtime ?? 0);
  const flag = fields.typeflag ?? '0';
  block[156] = typeof flag === 'number' ? flag : flag.charCodeAt(0);
  field(block, 157, 100, fields.linkname ?? '');
  if (format !== 'v7') {
    field(block, 257, 8, format === 'gnu' ? 'ustar  \0' : 'ustar\x0000');
    field(block, 265, 32, fields.uname ?? '');
    field(block, 297, 32, fields.gname ?? '');
    field(block, 329, 8, fields.devMajor ?? '');
    field(block, 337, 8, fields.devMinor ?? '');
    field(block, 345, format === 'star' ? 131 : 155, fields.prefix ?? '');
    if (format === 'star') field(block, 508, 4, 'tar\0');
  }
  for (const [offset, bytes] of Object.entries(fields.at ?? {})) block.set(bytesOf(bytes), Number(offset));
  block.fill(0x20, 148, 156);
  const signed = fields.checksum === 'signed';
  let sum = 0;
  for (const byte of block) sum += signed && byte >= 0x80 ? byte - 256 : byte;
  if (fields.checksum === 'wrong') sum += 1;
  const stated = fields.checksum ?? 'unsigned';
  const own = stated === 'unsigned' || stated === 'signed' || stated === 'wrong';
  block.set(latin1(own ? `${sum.toString(8).padStart(6, '0')}\0 ` : stated.padEnd(8, '\0').slice(0, 8)), 148);
  return block;
}

/** Returns a header and its padded body. The size is the body's unless `fields` has one. */
export function member(fields: HeaderFields, body: string | Uint8Array = ''): Uint8Array<ArrayBuffer> {
  const bytes = bytesOf(body);
  return concat(header({ size: bytes.length, ...fields }), padded(bytes));
}

export function file(name: string | Uint8Array, body: string | Uint8Array = '', fields: HeaderFields = {}): Uint8Array<ArrayBuffer> {
  return member({ name, ...fields }, body);
}

/** Returns a folder's header. The name is written as given, so add the trailing `/` if it matters. */
export function directory(name: string | Uint8Array, fields: HeaderFields = {}): Uint8Array<ArrayBuffer> {
  return member({ name, typeflag: '5', mode: 0o755, ...fields });
}

export function symlink(name: string | Uint8Array, linkname: string, fields: HeaderFields = {}): Uint8Array<ArrayBuffer> {
  return member({ name, linkname, typeflag: '2', mode: 0o777, ...fields });
}

export function hardlink(name: string | Uint8Array, linkname: string, fields: HeaderFields = {}): Uint8Array<ArrayBuffer> {
  return member({ name, linkname, typeflag: '1', ...fields });
}

/** Returns `%d key=value\n`, where the number is the length of the whole record. */
export function paxRecord(key: string | Uint8Array, value: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const rest = concat(latin1(' '), bytesOf(key), latin1('='), bytesOf(value), latin1('\n'));
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return concat(latin1(String(length)), rest);
}

export type PaxInput = Readonly<Record<string, string | Uint8Array>> | readonly (readonly [string, string | Uint8Array])[] | Uint8Array;

function paxBytes(records: PaxInput): Uint8Array {
  if (records instanceof Uint8Array) return records;
  const pairs = Array.isArray(records) ? (records as readonly (readonly [string, string | Uint8Array])[]) : Object.entries(records);
  return concat(...pairs.map(([key, value]) => paxRecord(key, value)));
}

/** Returns a PAX extended header (type x) for the next member: records by key, pairs to repeat a key, or raw bytes. */
export function pax(records: PaxInput, fields: HeaderFields = {}): Uint8Array<ArrayBuffer> {
  return member({ name: 'PaxHeaders.0/x', typeflag: 'x', ...fields }, paxBytes(records));
}

/** Returns a PAX global header (type g). */
export function paxGlobal(records: PaxInput, fields: HeaderFields = {}): Uint8Array<ArrayBuffer> {
  return member({ name: 'pax_global_header', typeflag: 'g', ...fields }, paxBytes(records));
}

/** Returns the GNU long name (type L) of the next member, with its trailing NUL. */
export function gnuLongName(name: string | Uint8Array, fields: HeaderFields = {}): Uint8Array<ArrayBuffer> {
  return member({ name: '././@LongLink', typeflag: 'L', format: 'gnu', ...fields }, concat(bytesOf(name), zeros(1)));
}

/** Returns the GNU long link name (type K) of the next member. */
export function gnuLongLink(name: string | Uint8Array, fields: HeaderFields = {}): Uint8Array<ArrayBuffer> {
  return member({ name: '././@LongLink', typeflag: 'K', format: 'gnu', ...fields }, concat(bytesOf(name), zeros(1)));
}

function sparseEntries(entries: readonly (readonly [number, number])[]): Uint8Array<ArrayBuffer> {
  const octal = (value: number) => latin1(`${value.toString(8).padStart(11, '0')}\0`);
  return concat(...entries.flatMap(([offset, length]) => [octal(offset), octal(length)]));
}

/**
 * Returns an old GNU sparse file (type S): `stored` is the consecutive content of the map's pieces; the header has space for four pieces,
 * each extension block for 21.
 */
export function gnuSparse(
  name: string,
  realSize: number,
  map: readonly (readonly [number, number])[],
  stored: string | Uint8Array,
  fields: HeaderFields = {},
): Uint8Array<ArrayBuffer> {
  const bytes = bytesOf(stored);
  const at = {
    386: sparseEntries(map.slice(0, 4)),
    482: latin1(map.length > 4 ? '\x01' : '\0'),
    483: latin1(`${realSize.toString(8).padStart(11, '0')}\0`),
  };
  const blocks: Uint8Array[] = [header({ name, typeflag: 'S', format: 'gnu', size: bytes.length, at, ...fields })];
  for (let from = 4; from < map.length; from += 21) {
    const block = zeros(512);
    block.set(sparseEntries(map.slice(from, from + 21)));
    if (map.length > from + 21) block[504] = 1;
    blocks.push(block);
  }
  return concat(...blocks, padded(bytes));
}

/** Returns a PAX sparse file of the given version, including its extended header. `stored` as in {@link gnuSparse}. */
export function paxSparse(
  version: '0.0' | '0.1' | '1.0',
  name: string,
  realSize: number,
  map: readonly (readonly [number, number])[],
  stored: string | Uint8Array,
): Uint8Array<ArrayBuffer> {
  const bytes = bytesOf(stored);
  if (version === '1.0') {
    const body = concat(padded(latin1(`${map.length}\n${map.map(([at, length]) => `${at}\n${length}\n`).join('')}`)), bytes);
    const records = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': name, 'GNU.sparse.realsize': String(realSize) };
    return concat(pax(records), file(`GNUSparseFile.0/${name}`, body));
  }
  const head: [string, string][] = [
    ['GNU.sparse.size', String(realSize)],
    ['GNU.sparse.numblocks', String(map.length)],
  ];
  if (version === '0.1') {
    head.push(['GNU.sparse.name', name], ['GNU.sparse.map', map.flat().join(',')]);
    return concat(pax(head), file(`GNUSparseFile.0/${name}`, bytes));
  }
  for (const [at, length] of map) head.push(['GNU.sparse.offset', String(at)], ['GNU.sparse.numbytes', String(length)]);
  return concat(pax(head), file(name, bytes));
}

/** Returns the consecutive parts and the two zero blocks that end a tar. */
export function tar(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return concat(...parts, END_MARKER);
}
