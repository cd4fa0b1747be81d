import { ERROR_HINTS, type ErrorCode } from '#model';

/** Returns what to do about an error. This module is loaded when needed: the hints are longer than the code of a short command. */
export function errorHint(code: ErrorCode): string {
  return ERROR_HINTS[code];
}
