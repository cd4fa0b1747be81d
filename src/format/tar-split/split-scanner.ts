// A push parser for tar-split's metadata. Nearly all of the metadata is segments in base64, 100 MB for a layer of 80,000 files, so these
// are decoded from bytes to bytes, without strings or JSON.
import { encodeUtf8, LayerscopeError } from '#model';
import { parseSplitLine, type SplitEntry } from './split-entry.ts';

/** Maximum length of a line. It is large, because older versions of tar-split put everything after a tar's end into one segment. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;
const LF = 0x0a;
const QUOTE = 0x22;
const EQUALS = 0x3d;
const BRACE = 0x7d;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
/** Three zero bytes in base64: AAAA. */
const ZEROS = 0x41414141;

const SEGMENT_HEAD = encodeUtf8('{"type":2,"payload":"');
const FILE_HEAD = encodeUtf8('{"type":1,"name":"');
const EMPTY_TAIL = encodeUtf8('","payload":null,"position":');
const SIZE = encodeUtf8('","size":');
const PAYLOAD = encodeUtf8(',"payload":"');
const PAYLOAD_TAIL = encodeUtf8('","position":');
const SUM_BYTES = 8;
const SUM_DIGITS = 12;

const VALUES = new Int32Array(256).fill(-1);
for (const [value, digit] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  VALUES[digit.charCodeAt(0)] = value;
}

/** Receives the entries in the order of the tar. Byte views are valid only during the call. */
export interface SplitHandler {
  /** Raw bytes of the tar: `start` to `end` of `bytes`. */
  segment(bytes: Uint8Array, start: number, end: number): void;
  /** Called where a file's content belongs. `name`: as in the tar. `crc64`: null if `sizeBytes` is 0. */
  file(name: Uint8Array, sizeBytes: number, crc64: Uint8Array | null): void;
}

/** Parses metadata from the bytes pushed into it, uncompressed. */
export class SplitScanner {
  readonly #handler: SplitHandler;
  #held = new Uint8Array(0);
  #heldBytes = 0;
  #line = 0;
  #plain = new Uint8Array(4096);
  /** A view of the bytes being parsed, reused because they stay in the same array for hundreds of lines. */
  #view = viewOf(new Uint8Array(0));
  #viewed: Uint8Array | null = null;

  constructor(handler: SplitHandler) {
    this.#handler = handler;
  }

  /** Takes the next bytes. Throws DAMAGED, naming the line; TOO_LARGE for a line over 32 MiB; and what the handler throws. */
  push(bytes: Uint8Array): void {
    let from = 0;
    for (let to = bytes.indexOf(LF); to >= 0; to = bytes.indexOf(LF, from)) {
      if (this.#heldBytes === 0) this.#take(bytes, from, to);
      else {
        this.#hold(bytes, from, to);
        this.#takeHeld();
      }
      from = to + 1;
    }
    if (from < bytes.length) this.#hold(bytes, from, bytes.length);
  }

  /** Ends the input; a last line needs no LF. Throws what {@link push} throws. */
  end(): void {
    if (this.#heldBytes > 0) this.#takeHeld();
  }

  #hold(bytes: Uint8Array, from: number, to: number): void {
    const length = this.#heldBytes + to - from;
    if (length > MAX_LINE_BYTES) throw new LayerscopeError('TOO_LARGE', `tar-split metadata: a line of more than ${MAX_LINE_BYTES} bytes`);
    if (length > this.#held.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#held.length));
      grown.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = grown;
    }
    this.#held.set(bytes.subarray(from, to), this.#heldBytes);
    this.#heldBytes = length;
  }

  #takeHeld(): void {
    const length = this.#heldBytes;
    this.#heldBytes = 0;
    this.#take(this.#held, 0, length);
  }

  #take(bytes: Uint8Array, from: number, to: number): void {
    this.#line++;
    if (this.#takeSegment(bytes, from, to) || this.#takeFile(bytes, from, to)) return;
    const entry = parseSplitLine(bytes.subarray(from, to), this.#line);
    if (entry === null) return;
    if (entry.kind === 'segment') this.#handler.segment(entry.bytes, 0, entry.bytes.length);
    else this.#handler.file(entry.name, entry.sizeBytes, entry.crc64);
  }

  /** Parses a segment. Returns false if the line isn't a segment exactly as written by tar-split. */
  #takeSegment(bytes: Uint8Array, from: number, to: number): boolean {
    if (to - from > MAX_LINE_BYTES || !startsWith(bytes, from, to, SEGMENT_HEAD) || bytes[to - 1] !== BRACE) return false;
    const start = from + SEGMENT_HEAD.length;
    const end = bytes.indexOf(QUOTE, start);
    if (end < 0 || end >= to || (end - start) % 4 !== 0 || !startsWith(bytes, end, to, PAYLOAD_TAIL)) return false;
    if (numberEnd(bytes, end + PAYLOAD_TAIL.length) !== to - 1) return false;
    const length = this.#decode(bytes, start, end);
    if (length < 0) return false;
    this.#handler.segment(this.#plain, 0, length);
    return true;
  }

  /** Parses a file. Returns false if the line isn't a file exactly as written by tar-split, with a name that needs no escapes. */
  #takeFile(bytes: Uint8Array, from: number, to: number): boolean {
    if (!startsWith(bytes, from, to, FILE_HEAD)) return false;
    const start = from + FILE_HEAD.length;
    const end = bytes.indexOf(QUOTE, start);
    if (end < 0 || end >= to) return false;
    for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH) return false;
    if (startsWith(bytes, end, to, EMPTY_TAIL)) {
      if (numberEnd(bytes, end + EMPTY_TAIL.length) !== to - 1 || bytes[to - 1] !== BRACE) return false;
      this.#handler.file(bytes.subarray(start, end), 0, null);
      return true;
    }
    if (!startsWith(bytes, end, to, SIZE)) return false;
    const sizeEnd = numberEnd(bytes, end + SIZE.length);
    const payload = sizeEnd + PAYLOAD.length;
    const tail = payload + SUM_DIGITS;
    if (!startsWith(bytes, sizeEnd, to, PAYLOAD) || !startsWith(bytes, tail, to, PAYLOAD_TAIL)) return false;
    if (numberEnd(bytes, tail + PAYLOAD_TAIL.length) !== to - 1 || bytes[to - 1] !== BRACE) return false;
    if (bytes[end + SIZE.length] === ZERO) return false;
    const size = numberOf(bytes, end + SIZE.length, sizeEnd);
    if (!Number.isSafeInteger(size) || this.#decode(bytes, payload, tail) !== SUM_BYTES) return false;
    this.#handler.file(bytes.subarray(start, end), size, this.#plain.subarray(0, SUM_BYTES));
    return true;
  }

  /** Decodes base64 into `#plain`; returns the number of bytes, or -1 if the base64 is malformed. */
  #decode(text: Uint8Array, start: number, end: number): number {
    if (end === start) return 0;
    const most = ((end - start) / 4) * 3;
    if (this.#plain.length < most) this.#plain = new Uint8Array(2 * most);
    const plain = this.#plain;
    if (this.#viewed !== text) this.#view = viewOf(text);
    this.#viewed = text;
    const view = this.#view;
    const padding = text[end - 1] !== EQUALS ? 0 : text[end - 2] !== EQUALS ? 1 : 2;
    const whole = padding === 0 ? end : end - 4;
    let to = 0;
    let wrong = 0;
    plain.fill(0, 0, most);
    for (let at = start; at < whole; at += 4, to += 3) {
      // Two thirds of the bytes are zero padding, and `plain` already contains zeros.
      if (view.getUint32(at) === ZEROS) continue;
      const group =
        ((VALUES[text[at] as number] as number) << 18) |
        ((VALUES[text[at + 1] as number] as number) << 12) |
        ((VALUES[text[at + 2] as number] as number) << 6) |
        (VALUES[text[at + 3] as number] as number);
      wrong |= group;
      plain[to] = group >> 16;
      plain[to + 1] = group >> 8;
      plain[to + 2] = group;
    }
    if (wrong < 0) return -1;
    return padding === 0 ? to : this.#decodeLast(text, whole, padding, to);
  }

  #decodeLast(text: Uint8Array, at: number, padding: number, to: number): number {
    const [a, b] = [VALUES[text[at] as number] as number, VALUES[text[at + 1] as number] as number];
    const c = padding === 2 ? 0 : (VALUES[text[at + 2] as number] as number);
    if ((a | b | c) < 0) return -1;
    this.#plain[to++] = (a << 2) | (b >> 4);
    if (padding === 1) this.#plain[to++] = (b << 4) | (c >> 2);
    return to;
  }
}

/** Reads uncompressed metadata. The caller owns the entries' bytes. Throws DAMAGED, naming the line; TOO_LARGE for a line over 32 MiB. */
export async function* readSplitEntries(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<SplitEntry, void, undefined> {
  let entries: SplitEntry[] = [];
  const scanner = new SplitScanner({
    segment: (bytes, start, end) => entries.push({ kind: 'segment', bytes: bytes.slice(start, end) }),
    file: (name, sizeBytes, crc64) => entries.push({ kind: 'file', name: name.slice(), sizeBytes, crc64: crc64?.slice() ?? null }),
  });
  for await (const bytes of source) {
    scanner.push(bytes);
    yield* entries;
    entries = [];
  }
  scanner.end();
  yield* entries;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView<ArrayBufferLike> {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Returns the end of a number that begins at `at`; `at` itself if there is none. */
function numberEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  while ((bytes[end] as number) >= 0x30 && (bytes[end] as number) <= 0x39) end++;
  return end;
}

function numberOf(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + (bytes[at] as number) - 0x30;
  return value;
}

function startsWith(bytes: Uint8Array, from: number, to: number, text: Uint8Array): boolean {
  if (to - from < text.length) return false;
  for (let at = 0; at < text.length; at++) if (bytes[from + at] !== text[at]) return false;
  return true;
}
