// How the elevated process ends. It has no console and no window: its exit code is all that it can tell before and after the connection.
import { asLayerscopeError, type ErrorCode, LayerscopeError } from '#model';

/** By the code of what it ended for; what isn't here is 1. 0: it did all that it was asked. */
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
  3: ['FORBIDDEN', 'what it was to serve is not what started it'],
  4: ['UNSUPPORTED', 'this system lacks what the driver needs (the Containers feature of Windows brings vmcompute.dll)'],
  5: ['PERMISSION', 'Windows gave it less than an administrator’s rights'],
  6: ['NOT_FOUND', "the store's folder, or the pipe to this process, is not there"],
  7: ['BAD_REQUEST', 'the connection carried what it did not understand'],
};

/** What the exit code of an elevated process that ended too early says. */
export function errorOfExit(exitCode: number): LayerscopeError {
  const [code, meaning] = MEANINGS[exitCode] ?? ['IO', `its exit code is ${exitCode}`];
  return new LayerscopeError(code, `the elevated process has ended: ${meaning}`);
}

/** What is written to stderr: one line, without a stack. */
export function exitLine(error: unknown): string {
  const { code, message } = asLayerscopeError(error);
  return `layerscope: driver host: ${code}: ${message.replace(/\s+/g, ' ')}`;
}
