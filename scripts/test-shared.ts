// `npm run test:shared [-- FILE…]`: the tests that need `../shared`, all of them or the files named.
import path from 'node:path';
import { runTestFiles } from './node-test.ts';

const given = process.argv.slice(2).map((file) => path.resolve(process.env.INIT_CWD ?? '.', file));
process.exitCode = runTestFiles(given.length > 0 ? given : ['test/shared/**/*.test.ts']);
