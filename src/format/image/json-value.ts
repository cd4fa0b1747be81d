import { decodeUtf8, displayText, LayerscopeError } from '#model';

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses one JSON document; a byte order mark in front is let pass. `what` names the document in errors.
 * Throws BAD_MANIFEST. The caller bounds the size: the engine's parser keeps no stack of its own, so depth is no danger.
 */
export function parseJson(bytes: Uint8Array, what: string): unknown {
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
