import { createHash } from 'node:crypto';
import { LayerscopeError } from '#model';

/** A property that doesn't hold, with the input that shows it. */
export interface Found {
  /** The same for findings that are likely one defect. */
  readonly key: string;
  readonly message: string;
  readonly input: Uint8Array;
}

/** Where in our own files it was thrown; the engine's are left out. */
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

/** A file's name for an input: what it is, by its bytes. */
export function inputName(input: Uint8Array): string {
  return createHash('sha256').update(input).digest('hex').slice(0, 16);
}

/**
 * Lets an error pass that the product may answer bad input with: one of its own, with a code that blames the input, and a message of one
 * line without control characters. Throws what is another. `codes`: those that may be; default all that blame the input.
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

/** What people are told must be one line that a terminal can show. */
export function expectCleanText(text: string): void {
  if (/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(text))
    throw new Error(`a message with control characters: ${JSON.stringify(text.slice(0, 300))}`);
}
