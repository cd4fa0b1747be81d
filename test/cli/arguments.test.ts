import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CommandSpec, commandHelp, parseArguments } from '../../src/cli/arguments.ts';
import { hasCode } from '../support/asserts.ts';

const spec: CommandSpec = {
  name: 'show',
  operands: 'IMAGE [PATH]',
  minOperands: 1,
  maxOperands: 2,
  options: { json: { summary: 'print JSON' }, layer: { value: 'N', summary: 'a layer' } },
  summary: 'Shows.',
};

const isUsage = hasCode('USAGE');

test('options may come before, between and after operands, with = or a space', () => {
  for (const argv of [
    ['a', '--layer', '3', '--json'],
    ['--json', '--layer=3', 'a'],
    ['--layer', '3', 'a', '--json'],
  ]) {
    const args = parseArguments(spec, argv);
    assert.deepEqual(args.operands, ['a']);
    assert.equal(args.value('layer'), '3');
    assert.equal(args.flag('json'), true);
  }
});

test('a single dash is an operand, and so is everything after two dashes', () => {
  assert.deepEqual(parseArguments(spec, ['-']).operands, ['-']);
  assert.deepEqual(parseArguments(spec, ['--', '--json', '-x']).operands, ['--json', '-x']);
});

test('unknown options and wrong operands are usage errors', () => {
  const wrong = [
    [],
    ['a', 'b', 'c'],
    ['a', '--nope'],
    ['a', '-j'],
    ['a', '--layer'],
    ['a', '--layer='],
    ['a', '--json=1'],
    ['a', '--json', '--json'],
    ['a', '--toString'],
  ];
  for (const argv of wrong) assert.throws(() => parseArguments(spec, argv), isUsage, argv.join(' '));
});

test('an error quotes what was typed, or gives the number of arguments that the command accepts', () => {
  const message = (argv: string[], of = spec): string => {
    try {
      parseArguments(of, argv);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  assert.equal(message(['a', '-abc']), 'show has no option -abc: see layerscope show --help');
  assert.equal(message(['a', '--nope=1']), 'show has no option --nope: see layerscope show --help');
  for (const word of ['--jsno', '--jsn', '--jsoon', '--jsun', '-json']) {
    assert.equal(message(['a', `${word}=1`]), `show has no option ${word}: did you mean --json?`);
  }
  assert.equal(message(['a', '--hlep']), 'show has no option --hlep: did you mean --help?');
  assert.equal(message(['a', `--${'json'.repeat(100_000)}`]).endsWith(': see layerscope show --help'), true);
  assert.equal(message(['a', '--json', '--json']), '--json is given twice');
  assert.equal(message(['a', '--json=']), '--json takes no value');
  assert.equal(message(['a', '--layer']), '--layer needs a value: --layer N');
  assert.equal(message([]), 'usage: layerscope show IMAGE [PATH]');
  assert.equal(message(['a', 'b', 'c']), 'show takes at most 2 arguments: c');
  assert.equal(message(['a', 'b'], { ...spec, maxOperands: 1 }), 'show takes at most 1 argument: b');
  assert.equal(message(['a'], { ...spec, minOperands: 0, maxOperands: 0 }), 'show takes no arguments: a');
});

test('an option’s value may begin with a dash and contain =', () => {
  assert.equal(parseArguments(spec, ['a', '--layer', '-1']).value('layer'), '-1');
  assert.equal(parseArguments(spec, ['a', '--layer', '--json']).value('layer'), '--json');
  assert.equal(parseArguments(spec, ['a', '--layer=x=y']).value('layer'), 'x=y');
});

test('an error escapes control characters of an unknown option', () => {
  assert.throws(
    () => parseArguments(spec, ['a', '--\u001b[31m']),
    (error: Error) => !error.message.includes('\u001b') && error.message.includes('\\x1B'),
  );
});

test("a command's help lists its options aligned", () => {
  const lines = commandHelp(spec).split('\n');
  assert.equal(lines[0], 'layerscope show IMAGE [PATH] [options]');
  assert.ok(lines.includes('  --json     print JSON'));
  assert.ok(lines.includes('  --layer N  a layer'));
});
