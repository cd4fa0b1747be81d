import { decodeUtf8, displayText, LayerscopeError } from '#model';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

export type JsonObject = Readonly<Record<string, unknown>>;

/** Lists and objects inside each other; real documents have about ten. */
const MAX_DEPTH = 200;
/** Values of one document: an empty object takes 20 times the room that its text does. */
const MAX_VALUES = 400_000;

/**
 * Parses one JSON document; a byte order mark in front is let pass. `what` names the document in errors.
 * Throws BAD_MANIFEST; TOO_LARGE where it is nested too deeply or has too many values, before anything of it is parsed. The caller bounds the size.
 */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  const problem = sizeProblem(bytes);
  if (problem !== null) throw new LayerscopeError('TOO_LARGE', `${displayText(what)} ${problem}`);
  const text = decodeUtf8(bytes);
  if (text === null) throw new LayerscopeError('BAD_MANIFEST', `${displayText(what)} is not UTF-8`);
  try {
    return JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
  } catch (cause) {
    throw new LayerscopeError('BAD_MANIFEST', `${displayText(what)} is not JSON: ${displayText((cause as Error).message)}`, { cause });
  }
}

/** The value if it is an object and no array, else null. */
export function asObject(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

/** What a parsed value is, with its article. */
export function jsonKind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return { string: 'a string', number: 'a number', boolean: 'a boolean' }[typeof value as string] ?? 'an object';
}

/** The value if it is an array, else an empty one: manifests of the wild have null where a list belongs. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value if it is a string that says something, else null. */
export function asText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The strings of a list; what is no string is left out. */
export function asTexts(value: unknown): readonly string[] {
  return asArray(value).filter((item): item is string => typeof item === 'string');
}

/** The value if it is a count of bytes, else null. */
export function asSize(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** Looks at what stands outside of strings alone: whether it makes sense is for the parser to say. A clause, null where nothing is wrong. */
function sizeProblem(bytes: Uint8Array): string | null {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = stringEnd(bytes, at + 1);
    else if (byte === COMMA) values++;
    // [ and {, ] and } differ in one bit.
    else if ((byte | 0x20) === 0x7b) {
      values++;
      if (++depth > MAX_DEPTH) return `is nested more than ${MAX_DEPTH} deep`;
    } else if ((byte | 0x20) === 0x7d) depth--;
  }
  return values > MAX_VALUES ? `has more than ${MAX_VALUES} values` : null;
}

/** Offset of the quote that ends a string. */
function stringEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}
