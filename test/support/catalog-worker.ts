// Indexes a folder into a catalog, as `catalog index FOLDER --to CATALOG` does: a process for tests that run several at once.
import { runCommand } from './command-line.ts';

const [, , from = '', to = ''] = process.argv;
const { code, stderr } = await runCommand(['catalog', 'index', from, '--to', to]);
process.stderr.write(stderr);
process.exitCode = code;
