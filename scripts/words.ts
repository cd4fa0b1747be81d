// Finds user-visible text in the window's sources that isn't in its catalogue, renderer/words. Part of lint. Exit code 1 if it finds any.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { findTexts } from './words/find-texts.ts';

const root = path.dirname(import.meta.dirname);
const files = globSync('renderer/**/*.{ts,tsx}', { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => !file.startsWith('renderer/words/'));
const faults = files.flatMap((file) =>
  findTexts(file, readFileSync(path.join(root, file), 'utf8')).map(
    ({ line, text }) => `${file}:${line}: “${text}” belongs in renderer/words`,
  ),
);
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? `words: no text outside the catalogue in ${files.length} files` : `words: ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
