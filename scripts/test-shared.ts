// `npm run test:shared [-- FILE…]`: the tests that need `../shared`, all of them or the named files.
import path from 'node:path';
import { runTestFiles } from './node-test.ts';
import { buildIfStale } from './stale.ts';

// Build first: the tests start the command line hundreds of times, and from source it takes ten times as long to start.
buildIfStale('current');
const given = process.argv.slice(2).map((file) => path.resolve(process.env.INIT_CWD ?? '.', file));
process.exitCode = runTestFiles(given.length > 0 ? given : ['test/shared/**/*.test.ts']);
