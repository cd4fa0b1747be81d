// Which process made a file or folder, written in its name, so that another process can tell whether it was left: process ids are used
// again, and mean something else on another machine or in another container.
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** When a process began, as the system counts it: field 22 of /proc/PID/stat. Null where there is no /proc, or no such process. */
export function processBegan(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces and parentheses itself.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

/** Whether a process is there, and not another one that got its id. */
export function isProcessThere({ pid, began }: { readonly pid: number; readonly began: string | null }): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, as another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = processBegan(pid);
  return began === null || now === null || now === began;
}

/** Where this process' id means what it means: this machine, and on Linux this namespace of process ids. */
const PLACE = createHash('sha256').update(`${hostname()} ${pidNamespace()}`).digest('hex').slice(0, 8);

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** This process, for a name: its id, when it began, and where. */
export const PROCESS_MARK = `${process.pid}-${processBegan(process.pid) ?? '0'}-${PLACE}`;

/** Whether the process of a mark has ended; null where that can't be told from here. */
export function hasEnded(mark: string): boolean | null {
  const [, pid, began, place] = /^(\d+)-(\d+)-([0-9a-f]{8})$/.exec(mark) ?? [];
  if (pid === undefined || place !== PLACE) return null;
  return !isProcessThere({ pid: Number(pid), began: began === '0' ? null : (began ?? null) });
}
