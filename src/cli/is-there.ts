import { statSync } from 'node:fs';

/** Error codes that mean that there is nothing at a path. */
const ABSENT: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ERR_INVALID_ARG_VALUE']);

/**
 * Whether an operand is the path of something on this disk, and not an image's name. Also true if the system can't tell, because of a
 * folder that this user may not enter or a loop of links: opening the path reports why.
 */
export function isThere(operand: string): boolean {
  try {
    statSync(operand);
    return true;
  } catch (error) {
    return !ABSENT.has((error as NodeJS.ErrnoException).code);
  }
}
