// Changes to JSON documents that keep them JSON.
import { mutateBytes, textTokens } from './mutate.ts';
import type { Random } from './random.ts';

const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e300,
  9007199254740991,
  9007199254740992,
  '',
  'x',
  '..',
  '/etc/passwd',
  'sha256:',
  `sha256:${'a'.repeat(64)}`,
  `sha256:${'A'.repeat(64)}`,
  `sha512:${'b'.repeat(128)}`,
  '\u0000',
  '\u001b[31m',
  '\ud800',
  '\u202e',
  '__proto__',
  'constructor',
  [],
  {},
  [[]],
  [null],
  { digest: 'x' },
  'x'.repeat(5000),
  '2024-01-01T00:00:00Z',
];

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function placesIn(value: unknown, found: Place[] = [], depth = 0): Place[] {
  if (typeof value !== 'object' || value === null || depth > 30 || found.length > 2000) return found;
  for (const key of Object.keys(value)) {
    const holder = value as Record<string, unknown>;
    found.push({ holder, key });
    placesIn(holder[key], found, depth + 1);
  }
  return found;
}

function nested(value: unknown, depth: number): unknown {
  let whole = value;
  for (let i = 0; i < depth; i++) whole = i % 2 === 0 ? [whole] : { a: whole };
  return whole;
}

/** Makes one change to a parsed document, which may be modified in place. */
export function mutateValue(document: unknown, random: Random, other: unknown): unknown {
  const places = placesIn(document);
  if (places.length === 0) return structuredClone(random.pick([...VALUES, other]));
  const { holder, key } = random.pick(places);
  const value = holder[key];
  const others = placesIn(other);
  const set = (name: string, put: unknown): void => {
    if (Array.isArray(holder)) holder.splice(Number(name) || 0, 0, put);
    else Object.defineProperty(holder, name, { value: put, enumerable: true, configurable: true, writable: true });
  };
  switch (random.int(8)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 1:
      set(random.pick(['__proto__', 'constructor', 'x', 'mediaType', key, key.toUpperCase()]), structuredClone(value));
      break;
    case 2: {
      const from = others.length === 0 ? null : random.pick(others);
      holder[key] = structuredClone(from === null ? null : from.holder[from.key]);
      break;
    }
    case 3:
      holder[key] = nested(value, random.length(80));
      break;
    case 4:
      if (Array.isArray(value)) for (let times = random.length(64); times > 0; times--) value.push(structuredClone(value[0]));
      else holder[key] = typeof value === 'string' ? value + random.pick(['\u0000', '/', 'x', '..']) : structuredClone(random.pick(VALUES));
      break;
    case 5:
      if (typeof value === 'number') holder[key] = value + random.int(3) - 1;
      else if (typeof value === 'string')
        holder[key] = Buffer.from(mutateBytes(Buffer.from(value), random, Buffer.from(value))).toString('utf8');
      break;
    default:
      holder[key] = structuredClone(random.pick(VALUES));
  }
  return document;
}

export const JSON_TOKENS = textTokens(
  'null',
  'true',
  '{}',
  '[]',
  '""',
  ',',
  ':',
  '"__proto__":',
  '1e999',
  '-0',
  '\\u0000',
  '\\ud800',
  '\ufeff',
  '{"a":',
  '[',
);

/** Makes one change to a document's text. Changes invalid JSON as bytes. */
export function mutateJson(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let parsed: unknown;
  let parsedOther: unknown = null;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'));
    parsedOther = JSON.parse(Buffer.from(other).toString('utf8'));
  } catch {
    if (parsed === undefined) return mutateBytes(bytes, random, other, JSON_TOKENS);
  }
  return new Uint8Array(Buffer.from(JSON.stringify(mutateValue(parsed, random, parsedOther)) ?? 'null'));
}
