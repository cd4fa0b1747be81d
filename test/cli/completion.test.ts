import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { listedCommands } from '../../src/cli/commands.ts';
import { choicesOf, completionScript, type ListedCommand, SHELLS, type Shell } from '../../src/cli/completion-scripts.ts';
import { manPage } from '../../src/cli/man-page.ts';
import { testFile } from '../support/workbench.ts';
import { createBench } from './run-cli.ts';

const commands = await listedCommands();

const ODD: readonly ListedCommand[] = [
  {
    summary: 'it’s [odd]: a\\b $HOME `id`',
    spec: {
      name: 'odd',
      operands: 'X',
      minOperands: 0,
      maxOperands: 1,
      options: {
        quote: { value: "it's|not", summary: "a 'quote', a [bracket]: and \\ $(id)" },
        pick: { value: 'one|two', summary: '.dot' },
      },
      summary: '.starts with a dot',
    },
  },
];

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

test('a value’s choices are words that are typed as they are shown', () => {
  assert.deepEqual(choicesOf('portable|windowsfilter|windowsdiff'), ['portable', 'windowsfilter', 'windowsdiff']);
  for (const free of [undefined, 'FILE', 'N|NAME', 'OS/ARCH[/VARIANT]', 'word']) assert.deepEqual(choicesOf(free), []);
});

for (const shell of SHELLS) {
  test(`${shell}: every command and option is in the script, and the shell accepts it`, (t) => {
    for (const list of [commands, ODD]) {
      const script = completionScript(shell, list);
      for (const { spec } of list) {
        assert.ok(script.includes(spec.name), spec.name);
        for (const option of Object.keys(spec.options))
          assert.ok(script.includes(shell === 'fish' ? `-l ${option}` : `--${option}`), option);
      }
      if (!has(shell)) {
        t.diagnostic(`not run: ${shell} is not installed`);
        continue;
      }
      const file = testFile(t, Buffer.from(script), `layerscope.${shell}`);
      const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    }
  });
}

/** What a shell proposes for a line that is being typed. */
function proposed(shell: Shell, file: string, words: readonly string[]): string[] {
  const script =
    shell === 'bash'
      ? `source ${file}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _layerscope; printf '%s\\n' "\${COMPREPLY[@]}"`
      : `source ${file}; complete -C '${words.join(' ')}'`;
  const { stdout, stderr } = spawnSync(shell, ['-c', script], {
    encoding: 'utf8',
    cwd: path.dirname(file),
    env: { ...process.env, HOME: path.dirname(file) },
  });
  assert.equal(stderr, '');
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t')[0] ?? '')
    .sort();
}

for (const shell of ['bash', 'fish'] as const) {
  test(`${shell}: commands, options and choices are proposed`, { skip: !has(shell) && `${shell} is not installed` }, (t) => {
    const file = testFile(t, Buffer.from(completionScript(shell, commands)), 'script');
    assert.deepEqual(proposed(shell, file, ['layerscope', 'insp']), ['inspect']);
    assert.deepEqual(proposed(shell, file, ['layerscope', 'ls', '--lay']), ['--layer']);
    assert.deepEqual(proposed(shell, file, ['layerscope', 'store', '--format', 'oci-']), ['oci-archive', 'oci-layout']);
    assert.deepEqual(proposed(shell, file, ['layerscope', 'cat', 'scr']), ['script']);
  });
}

test('the manual page has every command and option, and groff formats it without a warning', (t) => {
  const page = manPage('1.2.3', [...commands, ...ODD]);
  for (const { spec } of commands)
    for (const option of Object.keys(spec.options)) assert.ok(page.includes(`\\-\\-${option.replaceAll('-', '\\-')}`), option);
  assert.match(page, /^[\n -~]*$/, 'only ASCII');
  if (!has('groff')) return t.diagnostic('not run: groff is not installed');
  const { stdout, stderr } = spawnSync('groff', ['-man', '-ww', '-Tutf8', '-P-c'], { encoding: 'utf8', input: page });
  assert.equal(stderr, '');
  assert.match(stdout, /\.starts with a dot/);
  assert.match(stdout, /a 'quote', a \[bracket\]: and \\ \$\(id\)/);
});

test('completion for an unknown shell is a usage error', async (t) => {
  const { code, stderr } = await createBench(t).cli(['completion', 'tcsh']);
  assert.equal(code, 2);
  assert.match(stderr, /bash, zsh, fish/);
});
