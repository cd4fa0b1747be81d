// Reads a TOC's JSON piece by piece. Parsing it as a whole would take gigabytes for 80 MB of unknown fields; a piece can be
// garbage-collected once its known fields have been read.
import { decodeUtf8, encodeUtf8, isDigest, LayerscopeError } from '#model';
import { decodeBase64 } from './base64.ts';

const MAX_TOC_BYTES = 96 * 1024 * 1024;
/**
 * Maximum number of entries. If there are more, the layer itself is read instead, because the parsed TOC would take more memory than the
 * resulting table.
 */
const MAX_ENTRIES = 600_000;
/** Maximum size of one entry, or of another field. Go reads tar headers with at most 1 MiB of attributes, which are 1.4 MB in base64. */
const MAX_PIECE_BYTES = 2 * 1024 * 1024;
/** Entries are parsed together up to this size, because a call to the parser takes longer than parsing most entries. */
const BATCH_BYTES = 64 * 1024;
// Shared by the entries without attributes, which are most of them: a separate map for each would take more memory than the rest of the
// entry.
const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();
/** Maximum number of attributes, for all entries together. */
const MAX_XATTRS = 600_000;
const MAX_DEPTH = 16;
/**
 * Maximum number of distinct field names, including unknown ones and attributes. V8 keeps each name for a while, in twenty times its size.
 */
const MAX_NAMES = 1000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * The known fields of an entry. Strings that are omitted or null are empty, and numbers are 0, because writers of TOCs omit these values.
 */
export interface TocFields {
  readonly name: string;
  readonly type: string;
  readonly modtime: string;
  readonly linkName: string;
  readonly userName: string;
  readonly groupName: string;
  readonly digest: string;
  readonly chunkDigest: string;
  readonly chunkType: string;
  /** Like all other numbers here, an integer from 0 to 2^53 - 1. */
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly offset: number;
  readonly innerOffset: number;
  readonly chunkOffset: number;
  readonly chunkSize: number;
  readonly endOffset: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

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

/** Reads a TOC's document. If a field is repeated, the last one wins. Throws DAMAGED, TOO_LARGE. */
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

/** Adds the field names in a value to `names`. Throws TOO_LARGE if there are too many. */
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
  for (const values of pieces.elements()) {
    if (entries.length + values.length > MAX_ENTRIES) throw tooLarge(`of more than ${MAX_ENTRIES} entries`);
    for (const value of values) {
      noteNames(names, value);
      const fields = fieldsOf(value);
      xattrs += fields.xattrs.size;
      if (xattrs > MAX_XATTRS) throw tooLarge(`of more than ${MAX_XATTRS} attributes`);
      entries.push(fields);
    }
  }
  return entries;
}

/** All fields are written out, because V8 reads and creates objects several times faster if they all have the same known shape. */
function fieldsOf(value: unknown): TocFields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged("an entry that isn't an object");
  const stated = value as { readonly [Key in keyof TocFields]?: unknown };
  return {
    name: textOf(stated.name, 'name'),
    type: textOf(stated.type, 'type'),
    modtime: textOf(stated.modtime, 'modtime'),
    linkName: textOf(stated.linkName, 'linkName'),
    userName: textOf(stated.userName, 'userName'),
    groupName: textOf(stated.groupName, 'groupName'),
    digest: textOf(stated.digest, 'digest'),
    chunkDigest: textOf(stated.chunkDigest, 'chunkDigest'),
    chunkType: textOf(stated.chunkType, 'chunkType'),
    size: countOf(stated.size, 'size'),
    mode: countOf(stated.mode, 'mode'),
    uid: countOf(stated.uid, 'uid'),
    gid: countOf(stated.gid, 'gid'),
    devMajor: countOf(stated.devMajor, 'devMajor'),
    devMinor: countOf(stated.devMinor, 'devMinor'),
    offset: countOf(stated.offset, 'offset'),
    innerOffset: countOf(stated.innerOffset, 'innerOffset'),
    chunkOffset: countOf(stated.chunkOffset, 'chunkOffset'),
    chunkSize: countOf(stated.chunkSize, 'chunkSize'),
    endOffset: countOf(stated.endOffset, 'endOffset'),
    xattrs: stated.xattrs === undefined || stated.xattrs === null ? NO_XATTRS : xattrsOf(stated.xattrs),
  };
}

/** The fields of an entry that doesn't state any. */
export const NO_FIELDS = fieldsOf({});

function textOf(value: unknown, key: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw damaged(`a ${key} that isn't text`);
  return value;
}

function countOf(value: unknown, key: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw damaged(`a ${key} that isn't a size or offset`);
  return value;
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

/** A JSON object whose fields, and the elements of lists in them, are parsed one at a time. */
class JsonPieces {
  readonly #json: Uint8Array;
  #at = 0;

  constructor(json: Uint8Array) {
    this.#json = json;
  }

  /** Yields the object's keys. The consumer must read each value before requesting the next key. */
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

  /** Yields the parsed elements of a list in batches. */
  *elements(): Generator<readonly unknown[]> {
    this.#take(OPEN_LIST);
    if (this.next() === CLOSE_LIST) {
      this.#at++;
      return;
    }
    for (let hasMore = true; hasMore; ) {
      const start = this.#at;
      let end = start;
      let count = 0;
      do {
        end = this.#pieceEnd(COMMA);
        count++;
        hasMore = this.#hasMore(CLOSE_LIST);
      } while (hasMore && end - start < BATCH_BYTES);
      const values = this.#parse(start, end, '[', ']') as readonly unknown[];
      // A list with nothing between two commas has fewer elements than pieces.
      if (values.length !== count) throw notJson();
      yield values;
    }
  }

  value(): unknown {
    return this.#piece(COMMA);
  }

  /** Skips white space and returns the next byte. */
  next(): number | undefined {
    for (;;) {
      const byte = this.#json[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.#at++;
    }
  }

  /** Throws DAMAGED if anything follows the object. */
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

  /** Parses what comes before the next `end`, or before the end of the enclosing list or object. */
  #piece(end: number): unknown {
    const start = this.#at;
    return this.#parse(start, this.#pieceEnd(end));
  }

  #parse(start: number, end: number, before = '', after = ''): unknown {
    const text = decodeUtf8(this.#json.subarray(start, end));
    if (text === null) throw damaged('it is not UTF-8');
    try {
      return JSON.parse(before + text + after) as unknown;
    } catch {
      throw notJson();
    }
  }

  /** Moves to the end of a piece and returns its offset. */
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
