import { type ErrorCode, LayerscopeError } from '#model';

/** Win32 codes that callers distinguish; all others are IO. Source: winerror.h. */
const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [2, 'NOT_FOUND'], // ERROR_FILE_NOT_FOUND
  [3, 'NOT_FOUND'], // ERROR_PATH_NOT_FOUND
  [53, 'NOT_FOUND'], // ERROR_BAD_NETPATH
  [267, 'NOT_FOUND'], // ERROR_DIRECTORY: a file where a folder should be
  [80, 'EXISTS'], // ERROR_FILE_EXISTS
  [145, 'EXISTS'], // ERROR_DIR_NOT_EMPTY
  [183, 'EXISTS'], // ERROR_ALREADY_EXISTS
  [5, 'PERMISSION'], // ERROR_ACCESS_DENIED
  [1300, 'PERMISSION'], // ERROR_NOT_ALL_ASSIGNED
  [1314, 'PERMISSION'], // ERROR_PRIVILEGE_NOT_HELD
  [123, 'NAME_REFUSED'], // ERROR_INVALID_NAME
  [206, 'NAME_REFUSED'], // ERROR_FILENAME_EXCED_RANGE
  [4395, 'PATH_ESCAPE'], // ERROR_REPARSE_POINT_ENCOUNTERED
  [126, 'UNSUPPORTED'], // ERROR_MOD_NOT_FOUND
  [127, 'UNSUPPORTED'], // ERROR_PROC_NOT_FOUND
  [1223, 'CANCELLED'], // ERROR_CANCELLED
]);

/** The Win32 code in an HRESULT, or the HRESULT itself if it contains none. Source: winerror.h, HRESULT_FROM_WIN32. */
export function win32OfHresult(hresult: number): number {
  const whole = hresult >>> 0;
  return (whole & 0x1fff_0000) === 0x0007_0000 ? whole & 0xffff : whole;
}

/** A failed Windows call. The message is `CALL of SUBJECT failed: TEXT (0xCODE)`. */
export class NativeError extends LayerscopeError {
  /** Name of the function. */
  readonly call: string;
  /** A Win32 code, or an HRESULT that contains none. */
  readonly win32: number;

  /** `text`: the system's message for the code, or ''. */
  constructor(call: string, win32: number, text: string, subject = '') {
    const words = text.trim().replace(/\s+/g, ' ');
    const of = subject === '' ? '' : ` of ${subject}`;
    super(CODES.get(win32) ?? 'IO', `${call}${of} failed${words === '' ? '' : `: ${words}`} (0x${win32.toString(16)})`);
    this.call = call;
    this.win32 = win32;
  }
}
