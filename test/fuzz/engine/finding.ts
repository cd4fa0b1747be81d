import { createHash } from 'node:crypto';
import { LayerscopeError } from '#model';

/** A violated property, with the input that shows it. */
export interface Found {
  /** Equal for findings that are probably the same defect. */
  readonly key: string;
  readonly message: string;
  readonly input: Uint8Array;
}

/** Returns the innermost place in src or test/fuzz/targets in an error's stack; empty if there is none. */
function placeOf(stack: string): string {
  const frame = stack.split('\n').find((line) => /\/(?:src|test\/fuzz\/targets)\/[^:]*:\d+/.test(line)) ?? '';
  return /\/((?:src|test\/fuzz\/targets)\/[^:]*:\d+)/.exec(frame)?.[1] ?? '';
}

export function foundBy(error: unknown, input: Uint8Array): Found {
  const thrown = error instanceof Error ? error : new Error(`thrown: ${String(error)}`);
  const code = thrown instanceof LayerscopeError ? ` ${thrown.code}` : '';
  const place = placeOf(thrown.stack ?? '');
  const [line = ''] = thrown.message.split('\n');
  const key = `${thrown.name}${code} ${place} ${place === '' ? line.replace(/\d+/g, 'N').slice(0, 80) : ''}`;
  return {
    key,
    message: `${thrown.name}${code}: ${thrown.message.slice(0, 600)}\n${thrown.stack?.split('\n    at ').slice(1, 6).join('\n  at ') ?? ''}`,
    input,
  };
}

/** Returns a file name for an input, from its hash. */
export function inputName(input: Uint8Array): string {
  return createHash('sha256').update(input).digest('hex').slice(0, 16);
}

/**
 * Checks that the product may refuse bad input with this error: it must be a LayerscopeError with a code that blames the input and a clean
 * one-line message. Returns its code; rethrows any other error. `codes`: allowed codes; by default all that blame the input.
 */
export function expectRefusal(error: unknown, codes: readonly string[] = BLAMING_INPUT): string {
  if (!(error instanceof LayerscopeError) || !codes.includes(error.code)) throw error;
  expectCleanText(error.message);
  return error.code;
}

const BLAMING_INPUT = [
  'NOT_AN_IMAGE',
  'BAD_MANIFEST',
  'BAD_TAR',
  'TRUNCATED',
  'DAMAGED',
  'BLOB_MISSING',
  'DIGEST_MISMATCH',
  'UNSUPPORTED',
  'TOO_LARGE',
  'PATH_ESCAPE',
  'NAME_REFUSED',
  'BAD_REQUEST',
];

/** Checks that text for users is one line without control characters. */
export function expectCleanText(text: string): void {
  if (/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(text))
    throw new Error(`a message with control characters: ${JSON.stringify(text.slice(0, 300))}`);
}
