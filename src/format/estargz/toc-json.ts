// Reads a TOC's JSON piece by piece. Parsed as a whole, 80 MB of fields that nobody knows take gigabytes; a piece is garbage once its known
// fields are taken.
import { decodeUtf8, encodeUtf8, isDigest, LayerscopeError } from '#model';
import { decodeBase64 } from './base64.ts';

const MAX_TOC_BYTES = 96 * 1024 * 1024;
/** A larger layer is read itself: its TOC would take more memory, as parsed, than the table that is made of it. */
const MAX_ENTRIES = 600_000;
/** Of one entry, or of another field. Go reads tar headers with 1 MiB of attributes at most, which are 1.4 MB in base64. */
const MAX_PIECE_BYTES = 2 * 1024 * 1024;
/** Attributes of all entries. */
const MAX_XATTRS = 600_000;
const MAX_DEPTH = 16;
/** Different names of unknown fields, and of attributes: V8 keeps each for a while, in twenty times its bytes. */
const MAX_NAMES = 1000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const TEXTS = ['name', 'type', 'modtime', 'linkName', 'userName', 'groupName', 'digest', 'chunkDigest', 'chunkType'] as const;
const COUNTS = [
  ...(['size', 'mode', 'uid', 'gid', 'devMajor', 'devMinor', 'offset', 'innerOffset', 'chunkOffset', 'chunkSize'] as const),
  'endOffset',
] as const;

export type TextField = (typeof TEXTS)[number];
export type CountField = (typeof COUNTS)[number];

/** The known fields of an entry; those that are omitted or null are absent. Counts are whole numbers from 0 to 2^53 - 1. */
export type TocFields = { readonly [Key in TextField]?: string } & { readonly [Key in CountField]?: number } & {
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
};

export interface TocDocument {
  /** Null if there is no list of entries. */
  readonly entries: TocFields[] | null;
  readonly version: unknown;
  readonly tarSplitDigest: string | null;
}

export function damaged(what: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', `the layer's table of contents: ${what}`);
}

function tooLarge(what: string): LayerscopeError {
  return new LayerscopeError('TOO_LARGE', `a table of contents ${what}`);
}

/** Reads a TOC's document; the last of several fields of a name counts. Throws DAMAGED, TOO_LARGE. */
export function readTocJson(json: Uint8Array): TocDocument {
  if (json.length > MAX_TOC_BYTES) throw tooLarge(`of ${json.length} bytes`);
  const pieces = new JsonPieces(json);
  let entries: TocFields[] | null = null;
  let version: unknown;
  let tarSplitDigest: string | null = null;
  const names = new Set<string>();
  for (const key of pieces.keys()) {
    if (key === 'entries') entries = pieces.next() === OPEN_LIST ? readEntries(pieces, names) : asNothing(pieces.value());
    else {
      const value = pieces.value();
      noteNames(names, value);
      if (key === 'version') version = value;
      else if (key === 'tarSplitDigest') tarSplitDigest = typeof value === 'string' && isDigest(value) ? value : null;
    }
  }
  pieces.end();
  return { entries, version, tarSplitDigest };
}

function asNothing(_value: unknown): null {
  return null;
}

/** Throws TOO_LARGE if a value adds too many names of fields to those found before. */
function noteNames(names: Set<string>, value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const inner of value) noteNames(names, inner);
    return;
  }
  for (const name in value) {
    names.add(name);
    if (names.size > MAX_NAMES) throw tooLarge(`with more than ${MAX_NAMES} names of fields`);
    noteNames(names, (value as Readonly<Record<string, unknown>>)[name]);
  }
}

function readEntries(pieces: JsonPieces, names: Set<string>): TocFields[] {
  const entries: TocFields[] = [];
  let xattrs = 0;
  for (const value of pieces.elements()) {
    if (entries.length >= MAX_ENTRIES) throw tooLarge(`of more than ${MAX_ENTRIES} entries`);
    noteNames(names, value);
    const fields = fieldsOf(value);
    xattrs += fields.xattrs?.size ?? 0;
    if (xattrs > MAX_XATTRS) throw tooLarge(`of more than ${MAX_XATTRS} attributes`);
    entries.push(fields);
  }
  return entries;
}

function fieldsOf(value: unknown): TocFields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged("an entry that isn't an object");
  const stated = value as Readonly<Record<string, unknown>>;
  const kept: { -readonly [Key in keyof TocFields]: TocFields[Key] } = {};
  for (const key of TEXTS) {
    const text = stated[key];
    if (text === undefined || text === null) continue;
    if (typeof text !== 'string') throw damaged(`a ${key} that isn't text`);
    kept[key] = text;
  }
  for (const key of COUNTS) {
    const count = stated[key];
    if (count === undefined || count === null) continue;
    if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) throw damaged(`a ${key} that isn't a size or offset`);
    kept[key] = count;
  }
  if (stated.xattrs !== undefined && stated.xattrs !== null) kept.xattrs = xattrsOf(stated.xattrs);
  return kept;
}

function xattrsOf(value: unknown): ReadonlyMap<string, Uint8Array> {
  const xattrs = new Map<string, Uint8Array>();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged("attributes that aren't an object");
  for (const [key, base64] of Object.entries(value)) {
    const bytes = typeof base64 === 'string' ? decodeBase64(encodeUtf8(base64)) : null;
    if (bytes === null) throw damaged('an attribute that is not base64');
    xattrs.set(key, bytes);
  }
  return xattrs;
}

/** An object of JSON whose fields, and elements of lists in them, are parsed one at a time. */
class JsonPieces {
  readonly #json: Uint8Array;
  #at = 0;

  constructor(json: Uint8Array) {
    this.#json = json;
  }

  /** Yields the keys of the object. The consumer reads the value before the next key. */
  *keys(): Generator<string> {
    this.#take(OPEN_OBJECT, "it isn't an object");
    if (this.next() === CLOSE_OBJECT) this.#at++;
    else {
      do {
        const key = this.#piece(COLON);
        if (typeof key !== 'string') throw notJson();
        this.#take(COLON);
        yield key;
      } while (this.#hasMore(CLOSE_OBJECT));
    }
  }

  /** Yields the parsed elements of a list. */
  *elements(): Generator<unknown> {
    this.#take(OPEN_LIST);
    if (this.next() === CLOSE_LIST) this.#at++;
    else {
      do yield this.value();
      while (this.#hasMore(CLOSE_LIST));
    }
  }

  value(): unknown {
    return this.#piece(COMMA);
  }

  /** The next byte that isn't white space. */
  next(): number | undefined {
    for (;;) {
      const byte = this.#json[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.#at++;
    }
  }

  /** Throws DAMAGED if anything follows. */
  end(): void {
    if (this.next() !== undefined) throw notJson();
  }

  #take(byte: number, otherwise = 'it is not JSON'): void {
    if (this.next() !== byte) throw damaged(otherwise);
    this.#at++;
  }

  #hasMore(close: number): boolean {
    const byte = this.next();
    this.#at++;
    if (byte !== COMMA && byte !== close) throw notJson();
    return byte === COMMA;
  }

  /** Parses what comes before the next `end`, or the end of the list or object around it. */
  #piece(end: number): unknown {
    const text = decodeUtf8(this.#json.subarray(this.#at, this.#pieceEnd(end)));
    if (text === null) throw damaged('it is not UTF-8');
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw notJson();
    }
  }

  /** Moves to the end of a piece, which it returns. */
  #pieceEnd(end: number): number {
    const json = this.#json;
    const most = Math.min(json.length, this.#at + MAX_PIECE_BYTES + 1);
    let depth = 0;
    let isText = false;
    let at = this.#at;
    for (; at < most; at++) {
      const byte = json[at];
      if (byte === QUOTE) isText = !isText;
      else if (isText) {
        if (byte === BACKSLASH) at++;
      } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        if (++depth > MAX_DEPTH) throw damaged(`it is nested more than ${MAX_DEPTH} deep`);
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        if (--depth < 0) break;
      } else if (byte === end && depth === 0) break;
    }
    if (at - this.#at > MAX_PIECE_BYTES) throw tooLarge(`with more than ${MAX_PIECE_BYTES} bytes in one field`);
    this.#at = at;
    return at;
  }
}

function notJson(): LayerscopeError {
  return damaged('it is not JSON');
}
