import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { hasEnded, PROCESS_MARK } from './process-mark.ts';

const BESIDE = /^\.layerscope-[0-9a-f]{16}-(\d+-\d+-[0-9a-f]{8})$/;

/** Returns a temporary name next to a file or folder, in the same file system. The name identifies the current process. */
export function besideName(target: string): string {
  return path.join(path.dirname(path.resolve(target)), `.layerscope-${randomBytes(8).toString('hex')}-${PROCESS_MARK}`);
}

/** Whether the name was made by {@link besideName} in a process that has exited. */
export function isLeftBeside(name: string): boolean {
  const mark = BESIDE.exec(name)?.[1];
  return mark !== undefined && hasEnded(mark) === true;
}
