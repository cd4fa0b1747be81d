import { decodeUtf8, displayText, LayerscopeError } from '#model';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** A parsed JSON object; its values are unchecked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Maximum depth of nested lists and objects; real documents have about ten. */
const MAX_DEPTH = 200;
/** Maximum number of values in a document; an empty object takes 20 times as much memory as its text. */
const MAX_VALUES = 400_000;

/**
 * Parses a JSON document, with or without a byte order mark. `what` names the document in errors. Throws BAD_MANIFEST; TOO_LARGE, before
 * parsing anything, if the document is nested too deeply or has more than `times` the usual number of values. The caller limits the size in
 * bytes.
 */
export function parseJson(bytes: Uint8Array, what: string, times = 1): unknown {
  const maxValues = MAX_VALUES * times;
  const { depth, values } = measureJson(bytes);
  if (depth > MAX_DEPTH) throw new LayerscopeError('TOO_LARGE', `${displayText(what)} is nested more than ${MAX_DEPTH} deep`);
  if (values > maxValues) throw new LayerscopeError('TOO_LARGE', `${displayText(what)} has more than ${maxValues} values`);
  const text = decodeUtf8(bytes);
  if (text === null) throw new LayerscopeError('BAD_MANIFEST', `${displayText(what)} is not UTF-8`);
  try {
    return JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
  } catch (cause) {
    // V8's message quotes the beginning of the text. The quotation must not be shown, because the file may not be the expected
    // document.
    const reason = (cause as Error).message.replace(/, ".*" is not valid JSON$/s, '');
    throw new LayerscopeError('BAD_MANIFEST', `${displayText(what)} is not JSON: ${displayText(reason)}`, { cause });
  }
}

/** Returns the value if it is an object other than an array, otherwise null. */
export function asObject(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

/** Returns the kind of a parsed value with an article, for messages. */
export function jsonKind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return { string: 'a string', number: 'a number', boolean: 'a boolean' }[typeof value as string] ?? 'an object';
}

/** Returns the value if it is an array, otherwise an empty one: real manifests may have null instead of a list. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Returns the value if it is a non-empty string, otherwise null. */
export function asText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Returns the strings of a list, ignoring other values. */
export function asTexts(value: unknown): readonly string[] {
  return asArray(value).filter((item): item is string => typeof item === 'string');
}

/** Returns the value if it can be a number of bytes, otherwise null. */
export function asSize(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/**
 * Returns how deeply a document is nested, up to one more than is allowed, and about how many values it has. Skips strings; doesn't check
 * the syntax.
 */
export function measureJson(bytes: Uint8Array): { readonly depth: number; readonly values: number } {
  let depth = 0;
  let deepest = 0;
  let values = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = stringEnd(bytes, at + 1);
    else if (byte === COMMA) values++;
    // `[` and `{` differ only in bit 0x20, as do `]` and `}`.
    else if ((byte | 0x20) === 0x7b) {
      values++;
      deepest = Math.max(deepest, ++depth);
      if (deepest > MAX_DEPTH) break;
    } else if ((byte | 0x20) === 0x7d) depth--;
  }
  return { depth: deepest, values };
}

/** Returns the offset of the quote that ends a string. */
function stringEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}
