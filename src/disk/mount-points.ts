import fs from 'node:fs';
import path from 'node:path';
import { displayText, LayerscopeError } from '#model';

/**
 * Throws EXISTS if a file system is mounted at or below a folder, because removing the folder must not remove the mount's content. A bind
 * mount of the same file system looks like any other folder, so this reads the list of mounts. Linux only. Source: proc_pid_mountinfo(5).
 */
export function refuseMountPoints(folder: string): void {
  if (process.platform !== 'linux') return;
  let list: string;
  let top: string;
  try {
    list = fs.readFileSync('/proc/self/mountinfo', 'utf8');
    top = path.join(fs.realpathSync(path.dirname(path.resolve(folder))), path.basename(folder));
  } catch {
    return;
  }
  for (const line of list.split('\n')) {
    const field = line.split(' ')[4];
    if (field === undefined) continue;
    const point = field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
    if (point === top || point.startsWith(`${top}/`)) {
      throw new LayerscopeError('EXISTS', `a file system is mounted at ${displayText(point)}: unmount it first; nothing was removed`);
    }
  }
}
