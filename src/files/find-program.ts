// Finds programs that this one starts: the user's, for credentials and connections, and the system's, for what Node.js can't do.
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Finds a program on the PATH, and returns its absolute path; null if there is none. Only absolute folders are searched, because a relative
 * or empty entry would lead to the current folder, which may be an image's. The result is cached for each PATH.
 */
export function findProgram(
  name: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string | null {
  const list = env.PATH ?? env.Path ?? '';
  const key = `${name}\0${list}\0${platform}`;
  const file = found.get(key) ?? search(name, list, platform);
  if (file !== null) found.set(key, file);
  return file;
}

const found = new Map<string, string>();

function search(name: string, list: string, platform: NodeJS.Platform): string | null {
  const folders = list.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const endings = platform === 'win32' ? ['.exe'] : [''];
  for (const folder of folders) {
    for (const ending of endings) {
      const file = path.join(folder, name + ending);
      try {
        accessSync(file, constants.X_OK);
        if (statSync(file).isFile()) return file;
      } catch {
        // Not in this folder.
      }
    }
  }
  return null;
}
