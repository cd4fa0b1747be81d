// Type-checks each kind of room with its own environment: pure rooms have neither Node's nor the DOM's types.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';

const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
let failed = false;
for (const project of ['tsconfig.pure.json', 'tsconfig.json', 'tsconfig.browser.json', 'tsconfig.ui-specs.json']) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', project], { stdio: 'inherit' });
  if (status !== 0) failed = true;
}
console.log(failed ? 'types: errors above' : 'types: no errors');
process.exitCode = failed ? 1 : 0;
