// The elevated process's exit codes. It has no console and no window, so the exit code is the only way to report anything outside the
// connection.
import { asLayerscopeError, type ErrorCode, LayerscopeError } from '#model';

/** Exit codes by error code. Success is 0, any error not listed here is 1. */
const EXIT_CODES: Readonly<Partial<Record<ErrorCode, number>>> = {
  USAGE: 2,
  FORBIDDEN: 3,
  UNSUPPORTED: 4,
  PERMISSION: 5,
  NOT_FOUND: 6,
  BAD_REQUEST: 7,
};

export function exitCodeOf(error: LayerscopeError): number {
  return EXIT_CODES[error.code] ?? 1;
}

const MEANINGS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  2: ['INTERNAL', 'it did not understand its arguments'],
  3: ['FORBIDDEN', 'the process that it was to serve is not the one that started it'],
  4: ['UNSUPPORTED', "this system lacks what the driver needs (vmcompute.dll is part of Windows' Containers feature)"],
  5: ['PERMISSION', "it did not get an administrator's rights"],
  6: ['NOT_FOUND', "the store's folder, or the pipe to this process, does not exist"],
  7: ['BAD_REQUEST', 'the connection carried something that it did not understand'],
};

/** Returns the error that an elevated process's exit code stands for. */
export function errorOfExit(exitCode: number): LayerscopeError {
  const [code, meaning] = MEANINGS[exitCode] ?? ['IO', `its exit code is ${exitCode}`];
  return new LayerscopeError(code, `the elevated process has ended: ${meaning}`);
}

/** Returns an error as a single line for stderr, without a stack. */
export function exitLine(error: unknown): string {
  const { code, message } = asLayerscopeError(error);
  return `layerscope: driver host: ${code}: ${message.replace(/\s+/g, ' ')}`;
}
