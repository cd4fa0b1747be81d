// Text from an image reaches a terminal or JSON output only escaped, so that it can't control a terminal or mislead a reader.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dockerArchive } from '../cli/run-cli.ts';
import { runCommand } from '../support/command-line.ts';
import { directory, file, latin1, pax, symlink, tar } from '../support/tar-builder.ts';
import { testFile } from '../support/workbench.ts';

const STEER = '\u001b[2J\u0007\r\n\t\u0008\u007f\u0085\u009b31m\u202e\u2066\u200f\u2028';
// biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for these
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]/;

const LAYER = tar(
  directory(`d${STEER}/`),
  pax({ path: `p${STEER}`, uname: `u${STEER}`, gname: `g${STEER}`, comment: STEER, 'SCHILY.xattr.user.x': STEER }),
  file('x', 'body'),
  symlink('l', `t${STEER}`),
  file(latin1('raw\u009b\u0085'), 'x'),
  file(`.wh.w${STEER}`, ''),
  file(`../up${STEER}`, 'x'),
);
const IMAGE = dockerArchive([
  [tar(file(`old${STEER}`, 'x')), LAYER],
  { names: [`name${STEER}:tag`], os: `os${STEER}`, architecture: `arch${STEER}`, commands: [`RUN ${STEER}`, STEER] },
]);

const COMMANDS: readonly (readonly string[])[] = [
  ['inspect'],
  ['inspect', '--verify'],
  ['changes', '--layer', '1'],
  ['ls'],
  ['ls', '--layer', '0'],
  ['raw', '--layer', '1'],
  ['check'],
];

for (const [command, ...options] of COMMANDS) {
  test(`${[command, ...options].join(' ')}: no control character or direction mark from an image reaches the output`, async (t) => {
    const image = testFile(t, IMAGE);
    for (const json of command === 'check' ? [[]] : [[], ['--json']]) {
      const { code, stdout, stderr } = await runCommand([command as string, image, ...options, ...json]);
      assert.ok(code === 0 || code === 1, stderr);
      for (const line of stdout.split('\n')) assert.doesNotMatch(line, UNSAFE);
      for (const line of stderr.split('\n')) assert.doesNotMatch(line, UNSAFE);
      assert.ok(stdout.length > 0);
    }
  });
}

test('diff and error messages escape names', async (t) => {
  const image = testFile(t, IMAGE);
  for (const argv of [
    ['diff', `${image}#0`, `${image}#1`],
    ['diff', `${image}#0`, `${image}#1`, '--json'],
    ['cat', image, `nothing${STEER}`],
    ['ls', image, STEER],
    ['inspect', `${image}${STEER}`],
    ['inspect', image, '--image', STEER],
    ['changes', image, '--layer', STEER],
    ['export', image, '/', '--to', `${image}-out`],
  ]) {
    const { stdout, stderr, code } = await runCommand(argv);
    for (const line of [...stdout.split('\n'), ...stderr.split('\n')]) assert.doesNotMatch(line, UNSAFE, argv.join(' '));
    if (argv[0] !== 'diff') assert.ok(code === 2 || code === 3, `${argv[0]}: ${code}`);
  }
});

test('JSON restores every name exactly', async (t) => {
  const { stdout } = await runCommand(['ls', testFile(t, IMAGE), '--json']);
  const paths = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { path: string }).path);
  assert.ok(paths.some((path) => path.startsWith('p')));
  for (const path of paths) assert.equal(typeof path, 'string');
});
