// `npm run bench [-- NAME…]`: runs all benchmarks, or those named, one after another. All of them take half an hour or more. Each prints
// its figures next to its baselines and our targets, and reports what it could not run; there are no pass/fail limits.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const ALL = ['reading', 'real', 'store', 'host', 'window', 'first-paint', 'catalog', 'sources'];
const given = process.argv.slice(2);
const unknown = given.filter((name) => !ALL.includes(name));
if (unknown.length > 0) {
  console.error(`layerscope: USAGE: no benchmark ${unknown.join(', ')}: name some of ${ALL.join(', ')}`);
  process.exit(2);
}
for (const name of given.length > 0 ? given : ALL) {
  console.log(`\n=== ${name}`);
  const args = [...(name === 'host' ? ['--expose-gc'] : []), path.join(import.meta.dirname, `${name}.ts`)];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status === 0) continue;
  console.log(`${name} broke off: exit ${status}`);
  process.exitCode = 1;
}
