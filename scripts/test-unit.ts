// `npm run test:unit [-- ROOM|FILE…]`: the unit tests of all rooms or of those named (`changes`, `driver/portable`).
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const ROOMS = [
  'model',
  'format',
  'changes',
  'archive',
  'disk',
  'engine',
  'contract',
  'host',
  'web',
  'cli',
  'renderer',
  'hostile',
  'scripts',
];
const DRIVERS = ['driver/portable', 'driver/remote', 'driver/windows'];

const given = process.argv.slice(2);
const wanted = given.length === 0 ? [...ROOMS, ...DRIVERS] : given;
const unknown = wanted.filter((word) => !word.endsWith('.test.ts') && ![...ROOMS, ...DRIVERS].includes(word));
if (unknown.length > 0) {
  console.error(`layerscope: USAGE: no unit tests of ${unknown.join(', ')}: name a file, or one of ${[...ROOMS, ...DRIVERS].join(', ')}`);
  process.exit(2);
}
const files = wanted.map((word) =>
  word.endsWith('.test.ts') ? path.resolve(process.env.INIT_CWD ?? '.', word) : `test/${word}/**/*.test.ts`,
);
const { status } = spawnSync(process.execPath, ['--test', '--test-reporter=spec', ...files], { stdio: 'inherit', cwd: root });
process.exitCode = status ?? 1;
