// The arguments of the elevated process: valid ones are parsed, all others refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatHostArguments,
  type HostArguments,
  isDriverHost,
  isElevatedHome,
  newPipeName,
  parseHostArguments,
} from '../../../src/driver/windows/elevated/host-arguments.ts';

const GOOD: HostArguments = {
  driver: 'windowsfilter',
  home: 'C:\\ProgramData\\a store',
  pipe: newPipeName(),
  parentProcessId: 1234,
  secret: Buffer.alloc(32, 0xa5),
};
const words = formatHostArguments(GOOD);

/** Returns the arguments with one replaced. */
function withWord(at: number, word: string): readonly string[] {
  return words.with(at, word);
}

test('formatted arguments can be parsed, whatever program arguments precede them', () => {
  for (const before of [[], ['Layerscope.exe'], ['electron.exe', '--inspect', 'C:\\app']]) {
    assert.deepEqual(parseHostArguments([...before, ...words]), GOOD);
    assert.ok(isDriverHost([...before, ...words]));
  }
  assert.ok(!isDriverHost(['Layerscope.exe', 'C:\\image.tar', '--driver-hosts']));
});

test('a pipe’s name contains 128 random bits', () => {
  assert.match(newPipeName(), /^layerscope-driver-[0-9a-f]{32}$/);
  assert.notEqual(newPipeName(), newPipeName());
});

const REFUSED: Readonly<Record<string, readonly string[]>> = {
  'no host': words.slice(1),
  'a missing argument': words.slice(0, -1),
  'one argument too many': [...words, '--driver=windowsdiff'],
  'a repeated argument': [...words.slice(0, 2), '--driver=windowsfilter', ...words.slice(3)],
  'arguments in another order': [words[0], words[2], words[1], ...words.slice(3)] as string[],
  'the portable driver': withWord(1, '--driver=portable'),
  'no driver': withWord(1, '--driver='),
  'a relative home': withWord(2, '--driver-home=store'),
  'a home relative to a drive': withWord(2, '--driver-home=C:store'),
  'no home': withWord(2, '--driver-home='),
  'a pipe that is not ours': withWord(3, '--driver-pipe=..\\other'),
  'a pipe with a short name': withWord(3, '--driver-pipe=layerscope-driver-0'),
  'a pipe with a suffix': withWord(3, `--driver-pipe=${GOOD.pipe}\n`),
  'a parent that is not a number': withWord(4, '--driver-parent=12x'),
  'parent 0': withWord(4, '--driver-parent=0'),
  'a negative parent': withWord(4, '--driver-parent=-1'),
  'a parent over 32 bits': withWord(4, '--driver-parent=4294967296'),
  'a short secret': withWord(5, '--driver-secret=a5'),
  'a secret that is not hexadecimal': withWord(5, `--driver-secret=${'x'.repeat(64)}`),
};
for (const [what, argv] of Object.entries(REFUSED)) {
  test(`refused: ${what}; the message does not quote the secret`, () => {
    assert.throws(() => parseHostArguments(argv), { code: 'USAGE', message: /^(?!.*a5a5).*$/ });
  });
}

test('a home is a normalized absolute path on a drive', () => {
  for (const home of ['C:\\', 'd:\\store', 'C:\\ProgramData\\docker\\windowsfilter', 'C:\\ä 漢\\']) assert.ok(isElevatedHome(home), home);
  for (const home of [
    '',
    '/store',
    'store',
    'C:store',
    'C:/store',
    '\\store',
    '\\\\server\\share\\store',
    '\\\\?\\C:\\store',
    '\\\\.\\pipe\\x',
    'C:\\a\\..\\b',
    'C:\\a\\.\\b',
    'C:\\a\\\\b',
    'C:\\a:stream',
    'C:\\a\0',
    'C:\\a\nb',
    'C:\\a"b',
    'C:\\a*',
    `C:\\${'x'.repeat(4096)}`,
  ]) {
    assert.ok(!isElevatedHome(home), home);
  }
});
