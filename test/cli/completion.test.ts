import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseImageWord } from '#format/reference';
import { listedCommands } from '../../src/cli/commands.ts';
import { choicesOf, IMAGE_SCHEMES, offerOfOption, offersOfVerbs } from '../../src/cli/completion-offers.ts';
import { completionScript, type ListedCommand, SHELLS, type Shell } from '../../src/cli/completion-scripts.ts';
import { EXIT_MEANINGS, exitCodesLine } from '../../src/cli/exit-codes.ts';
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

test('a placeholder gives choices only if it lists words to be typed as shown', () => {
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

/** Returns the words that a shell proposes for a line being typed. */
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

/** Lines with tabs, as a user types them in a folder with `script.tar`, `my file.tar` and the folder `fold`, and their completed words. */
const TYPED: readonly (readonly [line: string, words: string])[] = [
  ['insp\t', '<inspect>'],
  ['store imp\t', '<store><import>'],
  ['store import scr\t', '<store><import><script.tar>'],
  ['store export scr\t', '<store><export><scr>'],
  ['store --driver=po\t x', '<store><--driver=portable><x>'],
  ['store --driver win\tf\t x', '<store><--driver><windowsfilter><x>'],
  ['completion f\t', '<completion><fish>'],
  ['sources pod\t', '<sources><podman>'],
  ['waste x --if me\t', '<waste><x><--if><merge-removals>'],
  ['waste x --if sq\t3', '<waste><x><--if><squash=3>'],
  ['packages x --sbom at\t', '<packages><x><--sbom><attached>'],
  ['packages x --sbom scr\t', '<packages><x><--sbom><script.tar>'],
  ['diff a b --ignore time,ow\t', '<diff><a><b><--ignore><time,owner>'],
  ['inspect dock\tapp:1', '<inspect><docker:app:1>'],
  ['cat my\t', '<cat><my file.tar>'],
  ['cat script.tar scr\t', '<cat><script.tar><scr>'],
  ['hive script.tar SYS\t', '<hive><script.tar><SYSTEM>'],
  ['export x / --to fo\t', '<export><x></><--to><fold>'],
  ['ls --layer 0 scr\t --off\t', '<ls><--layer><0><script.tar><--offline>'],
];

/** Types lines into an interactive shell where `layerscope` is a function that prints its words. Returns what was printed. */
function typedInto(shell: Shell, folder: string, script: string): string[] {
  const { start, prepare } = {
    bash: { start: 'bash --norc --noprofile -i', prepare: 'layerscope() { printf "<%s>" "$@"; echo; }' },
    zsh: { start: 'zsh -f -i', prepare: 'autoload -Uz compinit; compinit -u -D; layerscope() { printf "<%s>" "$@"; echo; }' },
    fish: { start: 'fish --no-config -i', prepare: 'function layerscope; printf "<%s>" $argv; echo; end' },
  }[shell];
  const lines = [`${prepare}; source ${script}`, ...TYPED.map(([line]) => `layerscope ${line}`), 'exit', ''];
  const { stdout } = spawnSync('script', ['-qec', start, '/dev/null'], {
    encoding: 'utf8',
    input: lines.join('\n'),
    cwd: folder,
    env: { ...process.env, HOME: folder, TERM: 'dumb' },
    timeout: 60_000,
  });
  return stdout.split(/[\r\n]+/).filter((line) => /^(?:<[^<>;]+>)+$/.test(line));
}

for (const shell of SHELLS) {
  const isMissing = [shell, 'script'].filter((program) => !has(program));
  test(`${shell}: lines typed with tabs are completed to whole words`, {
    skip: isMissing.length > 0 && `${isMissing} is not installed`,
  }, (t) => {
    const script = testFile(t, Buffer.from(completionScript(shell, commands)), 'completion');
    const folder = path.join(path.dirname(script), 'typed');
    mkdirSync(path.join(folder, 'fold'), { recursive: true });
    for (const name of ['script.tar', 'my file.tar']) writeFileSync(path.join(folder, name), '');
    assert.deepEqual(
      // A shell may add a slash to a folder and remove it again.
      typedInto(shell, folder, script).map((line) => line.replace('<fold/>', '<fold>')),
      TYPED.map(([, words]) => words),
    );
  });
}

test('a word that begins with a completed scheme names an image, not a file', () => {
  for (const scheme of [...IMAGE_SCHEMES, 'store:']) assert.notEqual(parseImageWord(`${scheme}app`).kind, 'file', scheme);
});

test('every word that completes a value or an operand is accepted', () => {
  for (const { spec } of commands) {
    for (const [name, option] of Object.entries(spec.options)) {
      const { words, files } = offerOfOption(option);
      // An option with a placeholder such as NAME offers no words, because the program might refuse them.
      if (option.value !== undefined && /^[A-Z]+$/.test(option.value) && option.words === undefined) assert.deepEqual(words, [], name);
      if (/^(FILE|FOLDER)$/.test(option.value ?? '')) assert.notEqual(files, null, name);
    }
  }
  assert.deepEqual(
    offersOfVerbs(commands.find(({ spec }) => spec.name === 'store')?.spec ?? assert.fail()).filter(([, { files }]) => files !== null),
    [['import', { words: [], files: 'files', isList: false }]],
  );
  for (const what of ['merge-removals', 'drop-caches', 'zstd', 'squash=0'])
    assert.ok(
      offerOfOption(commands.find(({ spec }) => spec.name === 'waste')?.spec.options.if ?? { summary: '' }).words.includes(
        what.replace(/\d/, ''),
      ),
    );
});

test('the exit codes have the same descriptions everywhere', () => {
  for (const page of ['README.md', 'docs/guide/other-programs.md']) {
    const text = readFileSync(path.join(import.meta.dirname, '..', '..', page), 'utf8');
    assert.ok(text.includes(exitCodesLine()), `${page}: ${exitCodesLine()}`);
  }
  const page = manPage('1', commands);
  const status = page.slice(page.indexOf('.SH EXIT STATUS'));
  for (const [code, meaning] of EXIT_MEANINGS) assert.ok(status.includes(`.B ${code}\n${meaning}\n`), meaning);
});

test('the manual page has every command and option, and groff formats it without a warning', (t) => {
  const page = manPage('1.2.3', [...commands, ...ODD]);
  for (const { spec } of commands)
    for (const option of Object.keys(spec.options)) assert.ok(page.includes(`\\-\\-${option.replaceAll('-', '\\-')}`), option);
  assert.match(page, /^[\n -~]*$/, 'only ASCII');
  if (has('mandoc')) {
    const lint = spawnSync('mandoc', ['-T', 'lint'], { encoding: 'utf8', input: page }).stdout;
    assert.deepEqual(
      lint.split('\n').filter((line) => line !== '' && !line.includes('missing date')),
      [],
    );
  }
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
