import { statSync } from 'node:fs';

const ME = process.getuid?.();
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * Whether other users may rename what this user has in a folder: they could give any folder of this user there the name of one that is to be
 * removed. Throws the system's errors.
 */
export function mayOthersRename(folder: string): boolean {
  if (ME === undefined) return false;
  const { uid, mode } = statSync(folder);
  return (uid !== ME && uid !== 0) || ((mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0);
}
