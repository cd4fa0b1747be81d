import { displayText } from './path-text.ts';
import { systemPath, systemWords } from './system-error.ts';

/** The closed set of codes an error may carry; each has a hint in {@link ./hints.ts}. */
export const ERROR_CODES = [
  'USAGE', // the command or request itself is wrong
  'NOT_FOUND', // the requested file, image, layer or path doesn't exist
  'NOT_AN_IMAGE', // not an image archive, layout or layer tar
  'BAD_MANIFEST', // a manifest, index or config that can't be used
  'BAD_TAR', // a tar header that no reader accepts
  'TRUNCATED', // the input ends too early
  'DAMAGED', // compressed data that doesn't decompress
  'BLOB_MISSING', // the blob isn't in the archive
  'DIGEST_MISMATCH', // content doesn't match its digest
  'UNSUPPORTED', // a format or feature that this program can't read
  'TOO_LARGE', // over a limit
  'PATH_ESCAPE', // a path or link points outside its root
  'NAME_REFUSED', // a name that can't be written on this system
  'EXISTS', // the target already exists
  'PERMISSION', // the system denied access
  'IO', // the system failed to read or write
  'UNREACHABLE', // a registry or engine doesn't answer, or answers incorrectly
  'UNAUTHORIZED', // a registry or engine refuses access
  'RATE_LIMITED', // a registry has received too many requests
  'CANCELLED', // stopped by the user, or because the program is exiting
  'BAD_REQUEST', // a message that violates the contract
  'FORBIDDEN', // a sender or grant that isn't allowed
  'INTERNAL', // a defect of this program
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** The class of every error that users see. `message` says what failed on what, in one line without control characters. */
export class LayerscopeError extends Error {
  override readonly name = 'LayerscopeError';
  readonly code: ErrorCode;
  /** Byte offset in the input, if known. */
  readonly offset: number | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; offset?: number } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.offset = options.offset;
  }
}

/** Converts any thrown value: the system's errors get a matching code and wording, everything else becomes INTERNAL. */
export function asLayerscopeError(error: unknown): LayerscopeError {
  if (error instanceof LayerscopeError) return error;
  // Disposal failed after an earlier error, which is the one to report.
  if (error instanceof Error && error.name === 'SuppressedError' && 'suppressed' in error) return asLayerscopeError(error.suppressed);
  if (error instanceof Error) {
    const { code, name } = error as Error & { code?: unknown };
    if (name === 'AbortError' || code === 'ABORT_ERR') return new LayerscopeError('CANCELLED', 'cancelled', { cause: error });
    const kind = codeOfSystem(code);
    if (kind !== null) return new LayerscopeError(kind, systemMessage(error), { cause: error });
    return new LayerscopeError('INTERNAL', error.message, { cause: error });
  }
  return new LayerscopeError('INTERNAL', String(error));
}

function codeOfSystem(code: unknown): ErrorCode | null {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'NOT_FOUND';
  if (code === 'EACCES' || code === 'EPERM') return 'PERMISSION';
  if (code === 'EEXIST') return 'EXISTS';
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? 'IO' : null;
}

/** Errors that don't concern files, such as those of connections, keep Node's message: their callers know what failed. */
function systemMessage(error: Error): string {
  const words = systemWords(error);
  if (words === null) return error.message;
  const path = systemPath(error);
  return path === null ? words : `${displayText(path)}: ${words}`;
}

/** Converts an error about a file. A system error gets the message `PATH: WORDS`, whatever path its original message names. */
export function fileError(error: unknown, path: string): LayerscopeError {
  if (error instanceof LayerscopeError) return error;
  const { code, message } = asLayerscopeError(error);
  const system = (error ?? {}) as { readonly code?: unknown };
  const what = systemWords(error) ?? `cannot be read (${typeof system.code === 'string' ? system.code : message})`;
  return new LayerscopeError(code, `${displayText(path)}: ${what}`, { cause: error });
}

export function isCancelled(error: unknown): boolean {
  return asLayerscopeError(error).code === 'CANCELLED';
}

/** Throws CANCELLED once `signal`, an AbortSignal, is aborted. */
export function throwIfCancelled(signal: { readonly aborted: boolean } | undefined, message = 'cancelled'): void {
  if (signal?.aborted) throw new LayerscopeError('CANCELLED', message);
}
