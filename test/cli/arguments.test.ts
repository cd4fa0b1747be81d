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

test('options stand before, between and behind operands, with = or a space', () => {
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

test('a dash is an operand, and after two dashes everything is', () => {
  assert.deepEqual(parseArguments(spec, ['-']).operands, ['-']);
  assert.deepEqual(parseArguments(spec, ['--', '--json', '-x']).operands, ['--json', '-x']);
});

test('what the command does not take is wrong use', () => {
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

test('an option that could steer a terminal is told with its control characters escaped', () => {
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
