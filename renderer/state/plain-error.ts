import { asLayerscopeError, type ErrorCode } from '#model';
import { words } from '../words/index.ts';

/** An error in the form in which it is kept in the state and shown. */
export interface PlainError {
  readonly code: string;
  readonly message: string;
}

export function plainError(error: unknown): PlainError {
  const { code, message } = asLayerscopeError(error);
  return { code, message };
}

/** Returns advice on an error for the user; empty if there is none. */
export function hintFor(error: PlainError): string {
  return words.errorHints[error.code as ErrorCode] ?? '';
}

/** Errors that are due to the contents of what was read, so reading it again gives the same error. */
const LASTING: ReadonlySet<string> = new Set<ErrorCode>([
  'NOT_AN_IMAGE',
  'BAD_MANIFEST',
  'BAD_TAR',
  'DAMAGED',
  'BLOB_MISSING',
  'DIGEST_MISMATCH',
  'UNSUPPORTED',
  'TOO_LARGE',
  'PATH_ESCAPE',
  'NAME_REFUSED',
  'BAD_REQUEST',
  'FORBIDDEN',
]);

/** Whether trying again may help. */
export function mayPass({ code }: PlainError): boolean {
  return !LASTING.has(code);
}

/** Returns an error's message without the name it begins with, for places that show the name above it: `is empty: it has 0 bytes`. */
export function messageAfter(name: string, message: string): string {
  const rest = message.startsWith(name) ? message.slice(name.length) : '';
  return /^(: | )\S/.test(rest) ? rest.replace(/^: | /, '') : message;
}
