// `npm test`: everything that needs only this clone. Ends with a list of what ran and what could not run.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { buildIfStale, outFolder } from './stale.ts';

const root = path.dirname(import.meta.dirname);

function run(title: string, args: string[]): boolean {
  console.log(`\n— ${title}`);
  const env = { ...process.env, LAYERSCOPE_TEST_CLI: path.join(outFolder('current'), 'cli.js') };
  const start = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', cwd: root, env });
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`\n— ${title}: ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`);
  return status === 0;
}

buildIfStale('current');
const results = [
  run('unit tests', [path.join('scripts', 'test-unit.ts')]),
  run('the Windows drivers on a stand-in', [path.join('scripts', 'test-native.ts')]),
  run('the Windows drivers under Wine', [path.join('scripts', 'test-wine.ts')]),
  run('specs', [path.join('scripts', 'test-ui.ts')]),
];
console.log(results.every(Boolean) ? '\nall that could run here passed' : '\nsomething failed: see above');
process.exitCode = results.every(Boolean) ? 0 : 1;
