import { asLayerscopeError, ERROR_HINTS, type ErrorCode } from '#model';

/** An error as it is kept in the state and shown. */
export interface PlainError {
  readonly code: string;
  readonly message: string;
}

export function plainError(error: unknown): PlainError {
  const { code, message } = asLayerscopeError(error);
  return { code, message };
}

/** What the user can do about an error; empty where there is no advice. */
export function hintFor(error: PlainError): string {
  return ERROR_HINTS[error.code as ErrorCode] ?? '';
}
