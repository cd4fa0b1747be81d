import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8, imagePathOfWindows, isWindowsPlatform, shownPath, windowsPathOf, windowsTarget } from '#model';

test('only paths below Files are on the container’s drive', () => {
  for (const [path, shown] of [
    ['Files', 'C:\\'],
    ['Files/Windows', 'C:\\Windows'],
    ['files\\Program Files\\x', 'C:\\Program Files\\x'],
    ['Files/a.txt:stream', 'C:\\a.txt:stream'],
    ['Filesx/y', null],
    ['Hives/System_Delta', null],
    ['UtilityVM/Files/Windows', null],
    ['', null],
  ] as const) {
    assert.equal(windowsPathOf(path), shown, path);
  }
});

test('users see the container’s path, unless Windows has none or the image is for another system', () => {
  for (const [path, shown] of [
    ['Files', 'C:\\'],
    ['Files/Windows/é', 'C:\\Windows\\é'],
    ['Files/a\u202eb', 'C:\\a\\u202Eb'],
    ['Files/a\\b', 'Files/a\\\\b'],
    ['Hives/System_Delta', 'Hives/System_Delta'],
    ['', ''],
  ] as const) {
    assert.equal(shownPath(encodeUtf8(path), true), shown, path);
  }
  assert.equal(shownPath(Uint8Array.of(...encodeUtf8('Files/'), 0xe4), true), 'Files/\\xE4');
  assert.equal(shownPath(encodeUtf8('Files/x'), false), 'Files/x');
  for (const platform of ['windows/amd64', 'Windows/arm64/v8', 'windows']) assert.equal(isWindowsPlatform(platform), true, platform);
  for (const platform of ['linux/amd64', 'unknown', 'windowsish/amd64', '']) assert.equal(isWindowsPlatform(platform), false, platform);
});

test('a path on the drive is converted in any spelling; paths on other drives and shares are not', () => {
  for (const [text, parts] of [
    ['C:\\Windows\\System32', ['Files', 'Windows', 'System32']],
    ['c:/Windows//x/', ['Files', 'Windows', 'x']],
    ['C:', ['Files']],
    ['C:\\', ['Files']],
    ['C:\\..\\x', ['Files', '..', 'x']],
    ['\\\\?\\C:\\x', ['Files', 'x']],
    ['\\??\\C:\\x', ['Files', 'x']],
    ['C:\\new\\x41', ['Files', 'new', 'x41']],
    ['C:x', null],
    ['D:\\x', null],
    ['Files/C:/x', null],
    ['\\\\server\\share', null],
    ['/Windows', null],
  ] as const) {
    assert.deepEqual(imagePathOfWindows(text), parts, text);
  }
});

test("a link's target is parsed as Windows parses it", () => {
  for (const [target, found] of [
    ['C:\\x', { isAbsolute: true, parts: ['Files', 'x'] }],
    ['\\x\\y', { isAbsolute: true, parts: ['Files', 'x', 'y'] }],
    ['..\\y/z', { isAbsolute: false, parts: ['..', 'y', 'z'] }],
    ['D:\\x', null],
    ['\\\\server\\share\\x', null],
    ['\\\\?\\Volume{1}\\x', null],
  ] as const) {
    assert.deepEqual(windowsTarget(target), found, target);
  }
});
