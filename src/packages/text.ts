// Text in databases. It is UTF-8 only by convention: in names and versions, other bytes become U+FFFD, while paths stay raw bytes.
const lenient = new TextDecoder('utf-8');

export function textOf(bytes: Uint8Array): string {
  return lenient.decode(bytes);
}

/** Copies a string. A substring of more than twelve characters would keep the whole document in memory. */
export function ownText(text: string): string {
  return ` ${text}`.slice(1);
}

/** Yields the lines of a string, without line endings. */
export function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    yield text.slice(start, text[end - 1] === '\r' && end > start ? end - 1 : end);
    start = end + 1;
  }
}

/** Yields the fields of each stanza, without continuation lines. Stanzas are separated by empty lines. */
export function* stanzasOf(text: string, wanted: ReadonlySet<string>): Generator<ReadonlyMap<string, string>> {
  let fields = new Map<string, string>();
  for (const line of linesOf(text)) {
    if (line === '') {
      if (fields.size > 0) yield fields;
      fields = new Map();
      continue;
    }
    if (line[0] === ' ' || line[0] === '\t') continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    if (wanted.has(name) && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  if (fields.size > 0) yield fields;
}

/**
 * Parses a size in units of `unit` bytes and returns it in bytes. Null for anything but digits, or if the size is too large for a number.
 */
export function sizeOf(text: string | undefined, unit = 1): number | null {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return null;
  const bytes = Number(text) * unit;
  return Number.isSafeInteger(bytes) ? bytes : null;
}
