// Patterns over paths, matched byte by byte by a bit-parallel automaton (Shift-And): bit i of the state means that the first i pieces of
// the pattern match. The state after a folder's path is the initial state of its children, so a whole table takes one step per byte of its
// names. A pattern may have at most 31 pieces, because the state is a 32-bit number.

const SLASH = 0x2f;
const ANY_BYTE = new Uint8Array(256).fill(1);
const NO_SLASH = ANY_BYTE.map((_, byte) => (byte === SLASH ? 0 : 1));
/** Bytes that begin a UTF-8 character; a loop matches its continuation bytes. */
const LEAD_BYTE = ANY_BYTE.map((_, byte) => (byte === SLASH || (byte & 0xc0) === 0x80 ? 0 : 1));

const MOST_PIECES = 31;

export interface PathPattern {
  /** By byte, the bits of states that advance. */
  readonly advance: Int32Array;
  /** By byte, the bits of states that stay. */
  readonly stay: Int32Array;
  /** States that are optional: entering one also enters the next. */
  readonly skip: number;
  readonly start: number;
  readonly accept: number;
  /** Whether to match the last component only. */
  readonly nameOnly: boolean;
}

class PatternBuilder {
  readonly #advance = new Int32Array(256);
  readonly #stay = new Int32Array(256);
  #skip = 0;
  #pieces = 0;

  /** Matches one byte of the set. */
  piece(bytes: Uint8Array): void {
    const bit = 1 << this.#pieces++;
    for (let byte = 0; byte < 256; byte++) if (bytes[byte] === 1) this.#advance[byte] = (this.#advance[byte] as number) | bit;
  }

  /** Matches any number of bytes of the set before the next piece. */
  loop(bytes: Uint8Array): void {
    const bit = 1 << this.#pieces;
    for (let byte = 0; byte < 256; byte++) if (bytes[byte] === 1) this.#stay[byte] = (this.#stay[byte] as number) | bit;
  }

  /** Makes the next piece optional if the loop before it matched nothing. */
  optional(): void {
    this.#skip |= 1 << this.#pieces;
  }

  /** Returns null if there are too many pieces. */
  finish(nameOnly: boolean): PathPattern | null {
    if (this.#pieces > MOST_PIECES) return null;
    const start = 1 | (this.#skip & 1 ? 2 : 0);
    return { advance: this.#advance, stay: this.#stay, skip: this.#skip, start, accept: 1 << this.#pieces, nameOnly };
  }
}

/** Returns the set that contains a byte; for a letter A to Z, both cases. */
function byteSet(byte: number): Uint8Array {
  const set = new Uint8Array(256);
  set[byte] = 1;
  const lower = byte | 0x20;
  if (lower >= 0x61 && lower <= 0x7a) {
    set[lower] = 1;
    set[lower & ~0x20] = 1;
  }
  return set;
}

/** Matches the text anywhere in the path, ignoring the case of A to Z. `scattered`: other bytes may come between its bytes. */
export function textPattern(text: Uint8Array, scattered: boolean): PathPattern | null {
  const builder = new PatternBuilder();
  builder.loop(ANY_BYTE);
  text.forEach((byte, i) => {
    builder.piece(byteSet(byte));
    if (scattered || i === text.length - 1) builder.loop(ANY_BYTE);
  });
  return builder.finish(false);
}

/**
 * Parses a glob: `*` matches any bytes but `/`, `**` any bytes, `?` one character, `[a-z]` and `[!a-z]` one byte, `\` quotes the next byte.
 * Without a `/` it is matched against the last component, otherwise against the whole path. The case of A to Z is ignored. Returns null if
 * there are too many pieces.
 */
export function globPattern(glob: Uint8Array): PathPattern | null {
  const bytes = glob[0] === SLASH ? glob.subarray(1) : glob;
  const builder = new PatternBuilder();
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] as number;
    if (byte === 0x2a) {
      let end = at;
      while (bytes[end] === 0x2a) end++;
      builder.loop(end - at > 1 ? ANY_BYTE : NO_SLASH);
      // `**/` also matches no folder at all.
      if (end - at > 1 && bytes[end] === SLASH && (at === 0 || bytes[at - 1] === SLASH)) builder.optional();
      at = end;
    } else if (byte === 0x3f) {
      builder.piece(LEAD_BYTE);
      builder.loop(ANY_BYTE.map((_, each) => ((each & 0xc0) === 0x80 ? 1 : 0)));
      at++;
    } else if (byte === 0x5b && bytes.indexOf(0x5d, at + 2) > 0) {
      const end = bytes.indexOf(0x5d, at + 2);
      builder.piece(classSet(bytes.subarray(at + 1, end)));
      at = end + 1;
    } else {
      if (byte === 0x5c && at + 1 < bytes.length) at++;
      builder.piece(byteSet(bytes[at] as number));
      at++;
    }
  }
  return builder.finish(glob.indexOf(SLASH) < 0);
}

function classSet(inside: Uint8Array): Uint8Array {
  const isInverse = inside[0] === 0x21 || inside[0] === 0x5e;
  const set = new Uint8Array(256);
  for (let at = isInverse ? 1 : 0; at < inside.length; at++) {
    const first = inside[at] as number;
    const isRange = inside[at + 1] === 0x2d && at + 2 < inside.length;
    const last = isRange ? (inside[at + 2] as number) : first;
    for (let byte = first; byte <= last; byte++) {
      const each = byteSet(byte);
      for (let i = 0; i < 256; i++) if (each[i] === 1) set[i] = 1;
    }
    if (isRange) at += 2;
  }
  return isInverse ? set.map((is, byte) => (byte === SLASH ? 0 : 1 - is)) : set;
}

/** Returns the state after one more byte. */
export function step(pattern: PathPattern, state: number, byte: number): number {
  const entered = (state & (pattern.advance[byte] as number)) << 1;
  return entered | ((entered & pattern.skip) << 1) | (state & (pattern.stay[byte] as number));
}
