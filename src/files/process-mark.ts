// Marks file and folder names with the process that made them, so that other processes can detect abandoned ones. A process id alone isn't
// enough: ids are reused, and mean something else on another machine or in another container.
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Returns the start time of a process in the system's units: field 22 of /proc/PID/stat. Null if there is no /proc or no such process. */
export function processBegan(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may itself contain spaces and parentheses.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

/** Whether a process still exists, and its id hasn't been reused. */
export function isProcessThere({ pid, began }: { readonly pid: number; readonly began: string | null }): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM means that the process exists but belongs to another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = processBegan(pid);
  return began === null || now === null || now === began;
}

/** Scope in which this process's id and start time are valid: this machine and, on Linux, its PID and time namespaces. */
export const PROCESS_PLACE = createHash('sha256')
  .update(`${hostname()} ${namespaceOf('pid')} ${namespaceOf('time')}`)
  .digest('hex')
  .slice(0, 8);

/** Returns a namespace of this process, as in `pid:[4026531836]`; '' if there is none. */
function namespaceOf(kind: 'pid' | 'time'): string {
  try {
    return readlinkSync(`/proc/self/ns/${kind}`);
  } catch {
    return '';
  }
}

/** This process's mark: its id, start time and scope. */
export const PROCESS_MARK = `${process.pid}-${processBegan(process.pid) ?? '0'}-${PROCESS_PLACE}`;

/** Whether the process of a mark has exited; null if that can't be determined from here. */
export function hasEnded(mark: string): boolean | null {
  const [, pid, began, place] = /^(\d+)-(\d+)-([0-9a-f]{8})$/.exec(mark) ?? [];
  if (pid === undefined || place !== PROCESS_PLACE) return null;
  return !isProcessThere({ pid: Number(pid), began: began === '0' ? null : (began ?? null) });
}
