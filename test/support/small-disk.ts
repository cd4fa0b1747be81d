// Disks of a few kilobytes or megabytes, for tests of what happens when they are full.
import { execFileSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { atEnd, testFolder } from './workbench.ts';

/** Whether this user may mount file systems: root may, except in some containers. */
export function mountsHere(): boolean {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

/** Options for a test that mounts a small disk. */
export const onTmpfs = mountsHere() ? {} : { skip: 'needs root, to mount a small disk' };

/** Mounts an in-memory file system of `kib` KiB on a new folder until the test ends. */
export function smallDisk(t: TestContext, kib: number): string {
  const disk = testFolder(t);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k,mode=700`, 'tmpfs', disk]);
  atEnd(t, () => {
    execFileSync('umount', [disk]);
  });
  return disk;
}
