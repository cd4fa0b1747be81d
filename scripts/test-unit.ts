// `npm run test:unit [-- ROOM|FILE…]`: the unit tests of all rooms or of the named ones (`changes`, `src/changes`, `driver`,
// `driver/portable`).
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { runTestFiles } from './node-test.ts';

const root = path.dirname(import.meta.dirname);
/** Folders in `test` that other scripts run, or that don't contain tests. */
const OTHERS = new Set(['bench', 'docs', 'driver', 'fixtures', 'fuzz', 'native', 'shared', 'spark', 'support', 'ui', 'windows', 'wine']);
const DRIVERS = ['driver/portable', 'driver/remote', 'driver/windows'];
const ROOMS = readdirSync(path.join(root, 'test'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !OTHERS.has(entry.name))
  .map(({ name }) => name);

/** The arguments as folders in `test`: `src/changes` and `test/changes` become `changes`, and `driver` becomes all drivers. */
const given = process.argv
  .slice(2)
  .map((word) => (word.endsWith('.test.ts') ? word : word.replace(/^(?:src|test)\//, '').replace(/\/$/, '')))
  .flatMap((word) => (word === 'driver' ? DRIVERS : word));
const wanted = given.length === 0 ? [...ROOMS, ...DRIVERS] : given;
const unknown = wanted.filter((word) => !word.endsWith('.test.ts') && ![...ROOMS, ...DRIVERS].includes(word));
if (unknown.length > 0) {
  console.error(
    `layerscope: USAGE: no unit tests of ${unknown.join(', ')}: name a file, or one of ${[...ROOMS, 'driver', ...DRIVERS].join(', ')}`,
  );
  process.exit(2);
}
const files = wanted.map((word) =>
  word.endsWith('.test.ts') ? path.resolve(process.env.INIT_CWD ?? '.', word) : `test/${word}/**/*.test.ts`,
);
process.exitCode = runTestFiles(files);
