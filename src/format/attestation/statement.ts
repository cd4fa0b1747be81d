// An in-toto statement:
//
//   { "_type": "https://in-toto.io/Statement/v1", "predicateType": URI, "subject": [ { "name", "digest": { "sha256": HEX } } ],
//     "predicate": { … } }
//
// Source: in-toto/attestation spec/v1/statement.md. BuildKit's older statements use v0.1, with the same fields.
import { asArray, asObject, asText, type JsonObject, parseJson } from '#format/image';
import { decodeUtf8 } from '#model';
import { envelopeOf, isSignedDocument } from './envelope.ts';

/** Maximum number of subjects to read from one statement. A release may have hundreds of files. */
const MAX_SUBJECTS = 10_000;

/** A statement, as far as it could be read. */
export interface Statement {
  readonly predicateType: string | null;
  /** Digests of its subjects: `sha256:…`. Unchecked. */
  readonly subjects: ReadonlySet<string>;
  readonly predicate: JsonObject;
}

/** Whether the statement names this manifest as a subject. */
export function isAbout({ subjects }: Pick<Statement, 'subjects'>, digest: string): boolean {
  return subjects.has(digest);
}

/** Reads the statement in a parsed document: a bare one, or one in an envelope or a bundle. Null if there is none. Throws TOO_LARGE. */
export function parseStatement(value: unknown): Statement | null {
  if (!isSignedDocument(value)) return readStatement(asObject(value));
  const envelope = envelopeOf(value);
  if (envelope === null) return null;
  const payload = parseJson(envelope.payload, 'the payload of an envelope');
  // An envelope inside an envelope would be signed twice, which no tool does.
  return isSignedDocument(payload) ? null : readStatement(asObject(payload));
}

function readStatement(object: JsonObject | null): Statement | null {
  if (object === null) return null;
  return { predicateType: asText(object.predicateType), subjects: subjectsOf(object.subject), predicate: asObject(object.predicate) ?? {} };
}

function subjectsOf(value: unknown): ReadonlySet<string> {
  const digests = new Set<string>();
  for (const subject of asArray(value).slice(0, MAX_SUBJECTS)) {
    const digest = asObject(asObject(subject)?.digest);
    for (const algorithm of ['sha256', 'sha512']) {
      const hex = digest !== null && Object.hasOwn(digest, algorithm) ? asText(digest[algorithm]) : null;
      if (hex !== null) digests.add(`${algorithm}:${hex}`);
    }
  }
  return digests;
}

/**
 * Number of bytes to read from the start of a statement that is too large to read completely. `_type`, `predicateType` and `subject` are
 * usually there, before the predicate.
 */
export const STATEMENT_HEAD_BYTES = 1024 * 1024;

/**
 * Reads a bare statement's type and subjects from its first bytes, without the predicate, which makes up most of a large SBOM. Null if the
 * type and subjects don't come before the predicate, or if the document isn't a statement.
 */
export function parseStatementHead(head: Uint8Array): Statement | null {
  const end = predicateStart(head);
  // The text is cut between two fields, so never inside a character.
  const text = end < 0 ? null : decodeUtf8(head.subarray(0, end));
  if (text === null) return null;
  try {
    const statement = parseStatement(JSON.parse(`${text.replace(/,[ \t\r\n]{0,100}$/, '')}}`));
    return statement?.predicateType == null || statement.subjects.size === 0 ? null : statement;
  } catch {
    return null;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Maximum depth of lists and objects before a predicate; real statements are shallower. */
const MAX_HEAD_DEPTH = 8;

/** Returns the offset of the quote that begins the outermost object's key `predicate`; -1 if it isn't among the first bytes. */
function predicateStart(bytes: Uint8Array): number {
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      const start = at;
      for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
      if (depth === 1 && isPredicateKey(bytes, start, at)) return start;
    } else if ((byte | 0x20) === 0x7b) {
      if (++depth > MAX_HEAD_DEPTH) return -1;
    } else if ((byte | 0x20) === 0x7d) depth--;
  }
  return -1;
}

function isPredicateKey(bytes: Uint8Array, start: number, end: number): boolean {
  const key = '"predicate"';
  if (end - start + 1 !== key.length) return false;
  for (let i = 0; i < key.length; i++) if (bytes[start + i] !== key.charCodeAt(i)) return false;
  let at = end + 1;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  return bytes[at] === 0x3a;
}
