// Arguments quoted on a command line, which Windows must split into the same arguments again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { commandLineOf } from '../../../src/driver/windows/elevated/command-line.ts';
import { argumentsOf } from '../../support/windows-arguments.ts';

// Arguments and their command line, according to the documentation of CommandLineToArgvW.
const KNOWN: readonly (readonly [args: readonly string[], line: string])[] = [
  [['plain'], 'plain'],
  [['a b'], '"a b"'],
  [[''], '""'],
  [['a"b'], '"a\\"b"'],
  [['a\\b'], 'a\\b'],
  [['a\\"b'], '"a\\\\\\"b"'],
  [['C:\\a folder\\'], '"C:\\a folder\\\\"'],
  [['C:\\folder\\'], 'C:\\folder\\'],
  [['\\\\'], '\\\\'],
  [['" --driver-home=C:\\Windows "'], '"\\" --driver-home=C:\\Windows \\""'],
  [['a', 'b c', 'd'], 'a "b c" d'],
  [['tab\there'], '"tab\there"'],
  [['%PATH%', '^&|'], '%PATH% ^&|'],
];

test('arguments are quoted as Windows reads them', () => {
  for (const [args, line] of KNOWN) {
    assert.equal(commandLineOf(args), line);
    assert.deepEqual(argumentsOf(line), args);
  }
});

test('the started program gets exactly the given arguments', () => {
  const hostile = fc.string({ unit: fc.constantFrom(' ', '"', '\\', '\t', '\n', '\u00a0', 'a', '-', '=', "'", '漢') });
  fc.assert(
    fc.property(fc.array(fc.oneof(hostile, fc.string()), { maxLength: 6 }), (args) => {
      const kept = args.map((argument) => argument.replaceAll('\0', ''));
      assert.deepEqual(argumentsOf(commandLineOf(kept)), kept);
    }),
    { seed: 1, numRuns: 3000 },
  );
});

test('U+0000 and an overlong command line are refused', () => {
  assert.throws(() => commandLineOf(['a\0b']), { code: 'NAME_REFUSED' });
  assert.throws(() => commandLineOf(['x'.repeat(30_001)]), { code: 'TOO_LARGE' });
  assert.equal(commandLineOf(['x'.repeat(30_000)]).length, 30_000);
});
