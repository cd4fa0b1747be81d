// `npm run rooms`: checks every import against the table of rooms, finds import cycles (including those of types), and checks that
// ARCHITECTURE.md has the current table, that every folder has a README or an introductory comment, and that files named in READMEs exist.
// `-- --write` writes the table. Exit code 1 if anything is wrong.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { findBookless } from './rooms/books.ts';
import { checkRooms, findCycles } from './rooms/check.ts';
import { readImports } from './rooms/imports.ts';
import { findMisnamed } from './rooms/named-files.ts';
import { withRooms } from './rooms/print.ts';
import { ROOMS } from './rooms/table.ts';

const root = path.dirname(import.meta.dirname);
const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const { imports: doors } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { imports: Record<string, string> };
const page = path.join(root, 'ARCHITECTURE.md');
const before = readFileSync(page, 'utf8');
const after = withRooms(before, ROOMS);

const imports = readImports(root, ['src', 'electron', 'renderer', 'extensions', 'scripts', 'test'], doors);
const faults = [...checkRooms(imports, ROOMS, doors), ...findCycles(imports).map((cycle) => `a cycle: ${cycle}`)];
faults.push(...findBookless(root, ['src', 'electron', 'renderer', 'extensions', 'scripts']));
faults.push(...findMisnamed(root, ['src', 'electron', 'renderer', 'extensions', 'scripts', 'test']));
if (values.write) writeFileSync(page, after);
else if (after !== before) faults.push('ARCHITECTURE.md has an outdated table: npm run rooms -- --write');
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? `rooms: ${imports.length} imports as the table allows` : `rooms: ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
