// tar-split's metadata: everything in a tar except file contents, so that the tar can be reassembled from files. One JSON object per line,
// in tar order; Docker stores the lines gzipped as tar-split.json.gz. Source: vbatts/tar-split, tar/storage.
//
//   {"type":2,"payload":"BASE64","position":0}                               a segment: raw bytes of the tar
//   {"type":1,"name":"etc/x","size":5,"payload":"BASE64","position":1}       a file, whose content goes here; payload: its CRC-64
//
// A name that isn't UTF-8 is in `name_raw`, in base64. A member without content has no size, and its payload is null. Positions begin at 0.
import { goJsonText } from '#format/layer';
import { base64Bytes, decodeBase64, encodeBase64 } from '#format/windows-tar';
import { decodeUtf8, encodeUtf8, LayerscopeError } from '#model';

const TYPE_FILE = 1;
const TYPE_SEGMENT = 2;

export type SplitEntry =
  | { readonly kind: 'segment'; readonly bytes: Uint8Array }
  /** `name`: the tar's raw name. `crc64`: eight bytes, or null if there is no content. */
  | { readonly kind: 'file'; readonly name: Uint8Array; readonly sizeBytes: number; readonly crc64: Uint8Array | null };

/** Encodes an entry's line with its LF, byte for byte as tar-split does. */
export function encodeSplitEntry(entry: SplitEntry, position: number): Uint8Array<ArrayBuffer> {
  if (entry.kind === 'segment') {
    // Most of the metadata consists of segments, so their base64 is never converted to a string.
    const head = encodeUtf8(`{"type":${TYPE_SEGMENT},"payload":"`);
    const tail = encodeUtf8(`","position":${position}}\n`);
    const payload = base64Bytes(entry.bytes);
    const line = new Uint8Array(head.length + payload.length + tail.length);
    line.set(head);
    line.set(payload, head.length);
    line.set(tail, head.length + payload.length);
    return line;
  }
  const text = decodeUtf8(entry.name);
  let name = '';
  if (text === null) name = `"name_raw":"${encodeBase64(entry.name)}",`;
  else if (text !== '') name = `"name":${goJsonText(text)},`;
  const size = entry.sizeBytes === 0 ? '' : `"size":${entry.sizeBytes},`;
  const payload = entry.crc64 === null ? 'null' : `"${encodeBase64(entry.crc64)}"`;
  return encodeUtf8(`{"type":${TYPE_FILE},${name}${size}"payload":${payload},"position":${position}}\n`);
}

function damaged(what: string, line: number): LayerscopeError {
  return new LayerscopeError('DAMAGED', `tar-split metadata: line ${line}: ${what}`);
}

function bytesOf(value: unknown, line: number): Uint8Array {
  if (value === null || value === undefined) return new Uint8Array(0);
  if (typeof value !== 'string') throw damaged('a payload or name that is not base64', line);
  return decodeBase64(encodeUtf8(value));
}

/** Parses one line without its LF; null for an empty line. Throws DAMAGED, naming the line. */
export function parseSplitLine(bytes: Uint8Array, line: number): SplitEntry | null {
  const text = decodeUtf8(bytes);
  if (text === null) throw damaged('not UTF-8', line);
  return text.trim() === '' ? null : entryOf(text, line);
}

function entryOf(text: string, line: number): SplitEntry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged('not JSON', line);
  }
  if (typeof value !== 'object' || value === null) throw damaged('not an object', line);
  const { type, name = '', name_raw: rawName, size = 0, payload } = value as Record<string, unknown>;
  if (type === TYPE_SEGMENT) return { kind: 'segment', bytes: bytesOf(payload, line) };
  if (type !== TYPE_FILE) throw damaged('neither a file nor a segment', line);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw damaged('an invalid size', line);
  if (typeof name !== 'string') throw damaged('a name that is not a string', line);
  const raw = bytesOf(rawName, line);
  const sum = bytesOf(payload, line);
  if (size > 0 && sum.length !== 8) throw damaged('a file without its checksum', line);
  return { kind: 'file', name: raw.length > 0 ? raw : encodeUtf8(name), sizeBytes: size, crc64: size > 0 ? sum : null };
}
