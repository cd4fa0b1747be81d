// `npm test`: everything that needs only this clone. The tests under Wine keep one processor busy and run in parallel with the unit tests;
// their output follows when the unit tests have ended.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildIfStale, outFolder } from './stale.ts';

const root = path.dirname(import.meta.dirname);

/** Runs a script. `print` receives its whole output at the end; if absent, the output goes straight to the terminal. */
async function run(title: string, script: string, print?: (output: string) => void): Promise<boolean> {
  const start = performance.now();
  const child = spawn(process.execPath, [path.join('scripts', script)], {
    stdio: print === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    cwd: root,
    env: { ...process.env, LAYERSCOPE_TEST_CLI: path.join(outFolder('current'), 'cli.js'), LAYERSCOPE_FAILURES: failuresOf(script) },
  });
  if (print === undefined) console.log(`\n— ${title}`);
  const pieces: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => pieces.push(bytes));
  const passed = await new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
  const seconds = Math.round((performance.now() - start) / 1000);
  const time = `\n— ${title}: ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  if (print === undefined) console.log(time);
  else print(`\n— ${title}\n${Buffer.concat(pieces)}${time}`);
  return passed;
}

/** Returns the file that a script writes its failed tests to. */
function failuresOf(script: string): string {
  return path.join(root, 'out', `failures-${path.parse(script).name}.txt`);
}

buildIfStale('current');
const scripts = ['test-unit.ts', 'test-native.ts', 'test-wine.ts'];
for (const script of scripts) rmSync(failuresOf(script), { force: true });
let wineOutput = '';
const wine = run('the Windows drivers under Wine, beside the unit tests', 'test-wine.ts', (output) => {
  wineOutput = output;
});
const results = [await run('unit tests', 'test-unit.ts'), await run('the Windows drivers on a stand-in', 'test-native.ts'), await wine];
console.log(wineOutput);
results.push(await run('specs', 'test-ui.ts'));
const failures = scripts.map(failuresOf).filter((file) => existsSync(file));
// Repeat all failures at the end, because the specs' long output hides earlier ones.
for (const file of failures) process.stdout.write(readFileSync(file, 'utf8'));
console.log(results.every(Boolean) ? '\nall that could run here passed' : '\nsomething failed: see above');
process.exitCode = results.every(Boolean) ? 0 : 1;
