import { ERROR_HINTS, type ErrorCode } from '#model';

/** Returns what to do about an error. Loaded when needed: the texts are longer than the code that a short command needs. */
export function errorHint(code: ErrorCode): string {
  return ERROR_HINTS[code];
}
