import { asLayerscopeError, type ErrorCode } from '#model';
import { words } from '../words/index.ts';

/** An error in the form kept in the state and shown. */
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
