import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isParent, isWindowsFile, joinPath, oddOnWindows, parseImagePath, refuseName, reservedOnWindows, splitPath } from '#format/path';
import { encodeUtf8 } from '#model';

const refused = (name: string, rules: 'unix' | 'windows' = 'unix') => refuseName(encodeUtf8(name), rules)?.code ?? null;

test('a name that points outside its folder is refused on every system', () => {
  for (const name of ['..', '.. ', '.. .', 'a\\..\\..\\x', '..\\x', '\\x', '\\\\server\\share', 'C:\\x', 'c:\\', 'a/b', '', '.', 'a\0b']) {
    assert.equal(refused(name, 'unix'), 'path-escape', JSON.stringify(name));
    assert.equal(refused(name, 'windows'), 'path-escape', JSON.stringify(name));
  }
});

test('a name that points outside is refused even if its bytes are not UTF-8', () => {
  assert.equal(refuseName(Uint8Array.of(0xe4, 0x5c, 0x2e, 0x2e, 0x5c, 0x78), 'unix')?.code, 'path-escape'); // ä\..\x in Latin-1
  assert.equal(refuseName(Uint8Array.of(0xe4), 'unix'), null);
  assert.equal(refuseName(Uint8Array.of(0xe4), 'windows')?.code, 'reserved-name');
});

test('names in everyday use on Linux are not refused there', () => {
  for (const name of [
    '...',
    '..data',
    'system-systemd\\x2dcryptsetup.slice',
    'c:',
    'f:stream',
    'CON',
    'a.',
    'a ',
    'ä',
    '\u001b[31m',
    ' ..',
  ])
    assert.equal(refused(name, 'unix'), null, JSON.stringify(name));
});

test("under Windows' rules, devices, streams and names that Windows doesn't allow are refused", () => {
  const names = [
    'CON',
    'con',
    'aux.txt',
    'NUL.tar.gz',
    'COM¹',
    'lpt9.log',
    'NUL .txt',
    'CONIN$',
    'a.',
    'a ',
    'f:stream',
    'C:',
    'a?b',
    'a\u001b',
    'a\\b',
    '...',
  ];
  for (const name of names) assert.equal(refused(name, 'windows'), 'reserved-name', JSON.stringify(name));
  for (const name of ['CONS', 'common', 'COM', 'com10', 'nullable.txt', '.con', 'ä.txt'])
    assert.equal(refused(name, 'windows'), null, name);
});

test('the reason for refusing a name says what it means on Windows', () => {
  assert.match(reservedOnWindows('aux.txt') ?? '', /device/);
  assert.match(reservedOnWindows('f:stream') ?? '', /stream/);
  assert.equal(reservedOnWindows('plain.txt'), null);
});

test('a name in a Windows image is unusual if Windows reserves or refuses it; an alternate data stream is not', () => {
  const odd = (name: string) => oddOnWindows(encodeUtf8(name));
  for (const name of ['NUL', 'con.txt', 'COM¹', 'aux', 'lpt1.x:stream', 'AUX .log']) assert.match(odd(name) ?? '', /device/, name);
  for (const name of ['dot.', 'blank ', '...', 'f.:stream']) assert.match(odd(name) ?? '', /ends in/, name);
  for (const name of ['back\\slash', 'f\\x:stream']) assert.match(odd(name) ?? '', /backslash/, name);
  for (const name of ['a<b', 'a?', 'a|b', 'a"b', 'a*', 'tab\t', 'del\u0001', 'f:a*b']) assert.match(odd(name) ?? '', /character/, name);
  for (const name of ['C:', ':stream', 'a:b:c', 'a::$DATA']) assert.match(odd(name) ?? '', /colon/, name);
  for (const name of ['f:stream', 'a.txt', 'ä ö', '.x', 'nullable', 'Zone.Identifier', 'f:Zone.Identifier', '$Recycle.Bin', '{guid}', 'Ω'])
    assert.equal(odd(name), null, name);
  assert.equal(oddOnWindows(Uint8Array.of(0xe4, 0x66)), null);
  assert.match(oddOnWindows(Uint8Array.of(0xe4, 0x5c)) ?? '', /backslash/);
});

test('files of a Windows image are below Files and UtilityVM/Files, in any case and with either slash', () => {
  const isFile = (path: string) => isWindowsFile(encodeUtf8(path));
  for (const path of ['Files/x', 'files/a/b', 'UtilityVM/Files/x', 'Files\\x', 'UTILITYVM/FILES/a/b'])
    assert.equal(isFile(path), true, path);
  for (const path of ['Files', 'Hives/System_Delta', 'UtilityVM', 'UtilityVM/Files', 'UtilityVM/x', 'x/Files/y', 'Filesx/y', ''])
    assert.equal(isFile(path), false, path);
});

test('a path splits into components, without empty components and dots, and joins again', () => {
  const text = (path: string) => splitPath(encodeUtf8(path)).map((part) => new TextDecoder().decode(part));
  assert.deepEqual(text('/a//b/./c/'), ['a', 'b', 'c']);
  assert.deepEqual(text('./'), []);
  assert.deepEqual(text('a/../b'), ['a', '..', 'b']);
  assert.equal(new TextDecoder().decode(joinPath(splitPath(encodeUtf8('/a//b')))), 'a/b');
  assert.equal(joinPath([]).length, 0);
  assert.equal(isParent(encodeUtf8('..')), true);
  assert.equal(isParent(encodeUtf8('.')), false);
});

test('a typed path may have the escapes of printed paths', () => {
  assert.deepEqual(
    parseImagePath('/etc/\\xE4').parts.map((part) => [...part]),
    [[0x65, 0x74, 0x63], [0xe4]],
  );
  assert.equal(parseImagePath('/etc/').endsInSlash, true);
  assert.equal(parseImagePath('etc').endsInSlash, false);
});
