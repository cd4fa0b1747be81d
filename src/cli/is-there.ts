import { statSync } from 'node:fs';

/** Codes with which the system says that a path leads to nothing. */
const ABSENT: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ERR_INVALID_ARG_VALUE']);

/**
 * Whether an operand is the path of something on this disk, and not an image's name. True also if the system refuses to say, because of a
 * folder that this user may not enter, or links in a circle: opening the path says why.
 */
export function isThere(operand: string): boolean {
  try {
    statSync(operand);
    return true;
  } catch (error) {
    return !ABSENT.has((error as NodeJS.ErrnoException).code);
  }
}
