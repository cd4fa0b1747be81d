// Docker, Podman and containerd read JSON with Go's encoding/json, which ignores the case of field names and takes the last of several
// fields with the same name. To these engines, a document with `Layers` and `layers` would describe a different image than to a reader that
// compares names exactly.
//
// Source: Go encoding/json, Unmarshal; its folding of letters.
import { decodeUtf8, displayText } from '#model';
import { asObject } from './json-value.ts';

/** Names of all fields that describe an image, folded as in Go. Filled by {@link fieldReader}. */
const known = new Set<string>();

/** Folds a name so that names equal to Go become identical: `ſ` counts as an s, the Kelvin sign as a k. */
function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/** Gets fields of an object as Go would; null if the value isn't an object. `has`: whether a key matches one of the names. */
interface FieldReader<Name extends string> {
  (value: unknown): { readonly [field in Name]?: unknown } | null;
  has(key: string): boolean;
}

export function fieldReader<Name extends string>(...names: readonly Name[]): FieldReader<Name> {
  const byFolded = new Map(names.map((name) => [folded(name), name]));
  for (const name of byFolded.keys()) known.add(name);
  const read = (value: unknown) => {
    const object = asObject(value);
    if (object === null) return null;
    const fields: { [field in Name]?: unknown } = {};
    for (const [key, field] of Object.entries(object)) {
      const name = byFolded.get(folded(key));
      if (name !== undefined) fields[name] = field;
    }
    return fields;
  };
  return Object.assign(read, { has: (key: string) => byFolded.has(folded(key)) });
}

/** Fields whose values are objects with arbitrary keys, two of which may differ only in case. */
const FREE_KEYS: ReadonlySet<string> = new Set(['labels', 'annotations', 'layersources', 'exposedports', 'volumes']);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Returns a sentence about a field that appears twice in a document; null if there is none. `what` names the document. */
export function repeatedFieldProblem(bytes: Uint8Array, what: string): string | null {
  const names = repeatedField(bytes);
  if (names === null) return null;
  const [first, second] = names.map((name) => displayText(name));
  const both = first === second ? `${first} twice` : `${first} and ${second}`;
  return `${displayText(what)} has ${both} in one object: the last is used, as Docker and Podman do`;
}

/**
 * Finds two names of one known field in the same object, such as `Layers` and `layers` or the same name twice; null if there are none.
 * `bytes`: a document that {@link parseJson} accepts.
 */
function repeatedField(bytes: Uint8Array): readonly [first: string, second: string] | null {
  // The names seen so far in each open object; null for an object with arbitrary keys.
  const open: (Map<string, string> | null)[] = [];
  let last = '';
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === OPEN) {
      open.push(FREE_KEYS.has(last) ? null : new Map());
      last = '';
    } else if (byte === CLOSE) open.pop();
    else if (byte === QUOTE) {
      const start = at;
      for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
      if (!isKey(bytes, at + 1)) {
        last = '';
        continue;
      }
      const name = textOf(bytes.subarray(start, at + 1));
      last = folded(name);
      const seen = known.has(last) ? open.at(-1) : null;
      const first = seen?.get(last);
      if (first !== undefined) return [first, name];
      seen?.set(last, name);
    }
  }
  return null;
}

/** Whether a colon follows, which makes the string before it a key. */
function isKey(bytes: Uint8Array, from: number): boolean {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0a || bytes[at] === 0x0d) at++;
  return bytes[at] === COLON;
}

function textOf(quoted: Uint8Array): string {
  try {
    return String(JSON.parse(decodeUtf8(quoted) ?? '""'));
  } catch {
    return '';
  }
}
