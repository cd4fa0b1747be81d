// Separates system errors about one entry from those about the disk as a whole.
import { systemWords } from '#model';

/** Errors about a single entry, which is reported and left out. All others (a full or failing disk, too many open files) stop the work. */
const ENTRY_ERRORS: ReadonlySet<string> = new Set([
  'EACCES',
  'EEXIST',
  'EFBIG',
  'EILSEQ',
  'EINVAL',
  'ELOOP',
  'EMLINK',
  'ENAMETOOLONG',
  'ENODEV',
  'ENOSYS',
  'ENOTDIR',
  'ENOTSUP',
  'ENXIO',
  'EOPNOTSUPP',
  'EOVERFLOW',
  'EPERM',
  'ERANGE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_OUT_OF_RANGE',
]);

export function errorCode(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

export function isAboutEntry(error: unknown): boolean {
  return ENTRY_ERRORS.has(errorCode(error));
}

/** Explains why the system refused an entry: the error code, and its meaning in words. */
export function refusalText(error: unknown): string {
  const words = systemWords(error);
  return `the system refuses it: ${errorCode(error)}${words === null ? '' : ` (${words})`}`;
}
