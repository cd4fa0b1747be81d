import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Files whose first comment may introduce their folder. */
const DOORS = ['index.ts', 'main.ts'];
/** Minimum number of words in an introduction. */
const FEWEST_WORDS = 12;

/** Whether text is long enough to introduce a folder. */
function isBook(text: string): boolean {
  return (text.match(/\p{L}{2,}/gu)?.length ?? 0) >= FEWEST_WORDS;
}

/** Returns the comment that opens a file, without markers; '' if there is none. */
export function openingComment(text: string): string {
  const comment = /^(?:#!.*\n)?\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? '';
  return comment.replaceAll(/^\s*\* ?/gm, '').trim();
}

/** Returns a line for each folder of the sources that has neither a README.md nor a door that begins with a comment. */
export function findBookless(root: string, tops: readonly string[]): string[] {
  const files = globSync(
    tops.map((top) => `${top}/**/*.{ts,tsx,css,cjs,md}`),
    { cwd: root },
  ).map((file) => file.replaceAll('\\', '/'));
  const folders = new Set(files.flatMap((file) => foldersOf(file)));
  return [...folders].sort().flatMap((folder) => {
    const read = (name: string): string => {
      const file = path.join(root, folder, name);
      return existsSync(file) ? readFileSync(file, 'utf8') : '';
    };
    if (isBook(read('README.md')) || DOORS.some((door) => isBook(openingComment(read(door))))) return [];
    return [`${folder} has no book: a README.md, or a comment at the top of its index.ts, that says what it is and where to begin`];
  });
}

function foldersOf(file: string): string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}
