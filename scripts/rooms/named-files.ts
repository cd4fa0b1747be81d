import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A file by its name or path, such as `stack.ts`; `*` matches anything. */
const FILE = /^[\w.*/-]+\.(?:ts|tsx|css|cjs|mjs)$/;
/** A file as named in a room's README: without the extension, and with more than one word. */
const BARE = /^[a-z0-9]+(?:-[a-z0-9]+)+$/;
/** File names that READMEs use for a kind of file, not for a particular one. */
const KINDS = new Set(['index.ts', 'main.ts']);

/** Returns the file names that a README mentions in backticks. */
function namesOfFiles(text: string): string[] {
  const quoted = [...text.matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name);
  return [...new Set(quoted.filter((name) => (FILE.test(name) && !KINDS.has(name)) || BARE.test(name)))];
}

/**
 * Returns a line for each file that a README names but that doesn't exist. A file may be in or below the README's folder, or at the named
 * path relative to that folder or one above.
 */
export function findMisnamed(root: string, tops: readonly string[]): string[] {
  const readmes = globSync(
    tops.map((top) => `${top}/**/README.md`),
    { cwd: root },
  ).map((file) => file.replaceAll('\\', '/'));
  return readmes.sort().flatMap((readme) => {
    const folder = path.posix.dirname(readme);
    const parts = folder.split('/');
    const above = parts.map((_, at) => parts.slice(0, at).join('/'));
    return namesOfFiles(readFileSync(path.join(root, readme), 'utf8'))
      .filter((name) => {
        const file = FILE.test(name) ? name : `${name}{,.*,.test.*}`;
        const places = [`${folder}/${file}`, `${folder}/**/${file}`, ...above.map((start) => path.posix.join(start, file))];
        return globSync(places, { cwd: root }).length === 0;
      })
      .map((name) => `${readme} names ${name}, which doesn't exist`);
  });
}
