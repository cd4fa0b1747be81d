// ../shared/check holds the command line against an independent reader. Needs python3 and zstd. The program is dist/cli.js where that
// is newer than the sources, else the sources.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { tryTool } from '../support/tools.ts';
import { testFolder } from '../support/workbench.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const check = path.join(root, '..', 'shared', 'check', 'run');

function commandLine(): string {
  const built = path.join(root, 'dist', 'cli.js');
  const sources = path.join(root, 'src');
  const newest = Math.max(
    ...readdirSync(sources, { recursive: true, encoding: 'utf8' }).map((name) => statSync(path.join(sources, name)).mtimeMs),
  );
  const program = existsSync(built) && statSync(built).mtimeMs > newest ? built : path.join(sources, 'cli', 'main.ts');
  return [process.execPath, program].map((word) => `'${word}'`).join(' ');
}

/** What the check prints, and its exit code; with a cache of the test's own. */
function runCheck(t: TestContext, what: string): Promise<{ code: number | null; lines: string[] }> {
  assert.ok(existsSync(check), `${check} is missing`);
  for (const tool of ['python3', 'zstd']) tryTool(tool, ['--version']);
  const env = { ...process.env, CLI: commandLine(), LAYERSCOPE_CACHE: testFolder(t) };
  return new Promise((resolve, reject) => {
    const child = spawn(check, [what], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 170_000 });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, lines: text.split('\n').filter((line) => line !== '') }));
  });
}

describe('a second opinion', { concurrency: true }, () => {
  test('on totals and changes of every image of the corpus is the same', async (t) => {
    const { code, lines } = await runCheck(t, 'images');
    assert.equal(code, 0, lines.join('\n'));
    const [, agree, all] = /^(\d+) of (\d+) images agree$/.exec(lines.at(-1) ?? '') ?? [];
    assert.ok(agree === all && Number(all) >= 16, lines.join('\n'));
  });

  test('on every tar of the corpus is the same', async (t) => {
    const { code, lines } = await runCheck(t, 'tars');
    const [, agree, all] = /^(\d+) of (\d+) tars agree/.exec(lines.at(-1) ?? '') ?? [];
    assert.ok(agree === all && Number(all) >= 57, lines.join('\n'));
    assert.equal(code, 0, lines.join('\n'));
  });
});
