import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..', '..');

/**
 * Returns the command line as quoted words for a shell: dist/cli.js if it is newer than the sources; otherwise the sources, which start
 * more slowly.
 */
export function programWords(): string {
  const built = path.join(root, 'dist', 'cli.js');
  const sources = path.join(root, 'src');
  const newest = Math.max(
    ...readdirSync(sources, { recursive: true, encoding: 'utf8' }).map((name) => statSync(path.join(sources, name)).mtimeMs),
  );
  const program = existsSync(built) && statSync(built).mtimeMs > newest ? built : path.join(sources, 'cli', 'main.ts');
  return [process.execPath, program].map((word) => `'${word}'`).join(' ');
}
