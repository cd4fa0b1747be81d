import { readdirSync } from 'node:fs';
import path from 'node:path';

/** Whether this process runs as root or, on Windows, may list a folder that is restricted to administrators. */
export function isElevated(): boolean {
  if (process.platform !== 'win32') return process.getuid?.() === 0;
  try {
    readdirSync(path.join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'config'));
    return true;
  } catch {
    return false; // access denied: not elevated
  }
}
