import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributeRows, modeText, mtimeText } from '../../renderer/state/details/attributes.ts';
import { detailsReducer, initialDetails } from '../../renderer/state/details/details.ts';
import { namesById } from '../../renderer/state/details/owner-names.ts';
import { hexLine, hexShape, LINE_COLUMNS, previewKind, textLines } from '../../renderer/state/details/preview.ts';
import { copiedPath, offDriveWords, pathParts } from '../../renderer/state/details/shown-path.ts';
import { isWindowsEntry, windowsTimes } from '../../renderer/state/details/windows-times.ts';
import type { EntryAttributes } from '../../src/contract/index.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const utf8 = (text: string) => new TextEncoder().encode(text);

test('a Windows image’s paths are shown and copied as its container sees them, other images’ paths unchanged', () => {
  const windows = { platform: 'windows/amd64' };
  const linux = { platform: 'linux/amd64' };
  assert.deepEqual(pathParts('Files/Windows/a.txt', windows), [
    { path: 'Files', name: 'C:\\', shown: 'C:\\', absolute: 'C:\\' },
    { path: 'Files/Windows', name: 'Windows', shown: 'C:\\Windows', absolute: 'C:\\Windows' },
    { path: 'Files/Windows/a.txt', name: 'a.txt', shown: 'C:\\Windows\\a.txt', absolute: 'C:\\Windows\\a.txt' },
  ]);
  assert.deepEqual(pathParts('Hives/System_Delta', windows).at(-1), {
    path: 'Hives/System_Delta',
    name: 'System_Delta',
    shown: 'Hives/System_Delta',
    absolute: '/Hives/System_Delta',
  });
  assert.deepEqual(pathParts('Files', linux), [{ path: 'Files', name: 'Files', shown: 'Files', absolute: '/Files' }]);
  assert.deepEqual(
    ['Files/x', 'Hives', 'hives/x', 'UtilityVM/Files/x', 'other'].map((path) => offDriveWords(path, windows)?.split(':', 1)[0] ?? null),
    [null, 'Registry hives', 'Registry hives', 'Utility VM files', 'Not on the container’s drive'],
  );
  assert.equal(offDriveWords('Hives', linux), null);
  assert.equal(copiedPath('Files/Windows/a.txt', windows), 'C:\\Windows\\a.txt');
  assert.equal(copiedPath('Files/Windows/a.txt', linux), 'Files/Windows/a.txt');
  // A path is copied in the layer's form if its Windows form would differ from what is shown, or if its bytes aren't text.
  assert.equal(copiedPath('Files/a\u0007', windows), 'Files/a\u0007');
  assert.equal(copiedPath('Files/\\xE4', windows), 'Files/\\xE4');
  assert.equal(copiedPath('Hives/System_Delta', windows), 'Hives/System_Delta');
});

test('the kind of preview is detected from the first bytes', () => {
  assert.equal(previewKind(utf8('hello\n'), true), 'text');
  assert.equal(previewKind(bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0), true), 'png');
  assert.equal(previewKind(bytes(0xff, 0xd8, 0xff, 0xe0), true), 'jpeg');
  assert.equal(previewKind(utf8('GIF89a'), true), 'gif');
  assert.equal(previewKind(utf8('RIFF\u0001\u0002\u0003\u0004WEBP'), true), 'webp');
  assert.equal(previewKind(bytes(0x7f, 0x45, 0x4c, 0x46, 0, 1), true), 'hex');
  assert.equal(previewKind(bytes(0xe4, 0xf6, 0x20), true), 'hex');
  assert.equal(previewKind(utf8('<svg xmlns="http://www.w3.org/2000/svg"></svg>'), true), 'text');
});

test('a character cut at the end of a page doesn’t make a file binary', () => {
  const cut = utf8('grün').subarray(0, 3);
  assert.equal(previewKind(cut, false), 'text');
  assert.equal(previewKind(cut, true), 'hex');
});

test('lines are numbered, and control and bidi characters are shown', () => {
  assert.deepEqual(textLines(utf8('a\tb\r\nc\u202ed\u0007\n')), [
    { number: 1, text: 'a\tb' },
    { number: 2, text: 'c\\u202Ed\\x07' },
  ]);
});

test('a long line is wrapped and numbered once', () => {
  const lines = textLines(utf8('x'.repeat(LINE_COLUMNS * 2 + 1)));
  assert.deepEqual(
    lines.map(({ number, text }) => [number, text.length]),
    [
      [1, LINE_COLUMNS],
      [null, LINE_COLUMNS],
      [null, 1],
    ],
  );
});

test('a dump shows offset, hex in groups and printable ASCII', () => {
  const line = hexLine(utf8('Layerscope\n'), 0, { columns: 16, group: 1, digits: 8 }, 0x200);
  assert.equal(line.offset, '00000200');
  assert.equal(line.hex.trimEnd(), '4c 61 79 65 72 73 63 6f  70 65 0a');
  assert.equal(line.hex.length, 16 * 3);
  assert.equal(line.text, 'Layerscope·');
});

test('a dump has as many bytes per line as fit, and no line is cut', () => {
  const data = new Uint8Array(64).fill(0x41);
  const columns = new Set<number>();
  for (const end of [64, 0x1_0000, 0x12_3456_7890]) {
    const needed = Math.max(4, end.toString(16).length);
    for (let room = needed + 4 * 3 + 3; room < 100; room++) {
      const shape = hexShape(room, end);
      const { offset, hex, text } = hexLine(data, 0, shape, end - 64);
      const length = offset.length + hex.length + text.length;
      assert.ok(length <= room, `${length} characters in space for ${room}`);
      assert.ok(offset.length >= needed, 'offsets are as long as the last one');
      columns.add(shape.columns);
    }
  }
  assert.deepEqual(
    [...columns].sort((a, b) => a - b),
    [4, 8, 16],
  );
  // A pane of 300 px has space for 35 characters.
  assert.equal(hexLine(utf8('Layerscope'), 0, hexShape(35, 10)).hex, '4c 61 79 65 72 73 63 6f');
  assert.equal(hexLine(utf8('Layerscope'), 0, hexShape(35, 0x12_3456)).hex, '4c61 7965 7273 636f');
});

const entry = (part: Partial<EntryAttributes> = {}): EntryAttributes => ({
  layer: 1,
  type: 'file',
  size: 10,
  mode: 0o755,
  uid: 0,
  gid: 0,
  uname: 'root',
  gname: '',
  mtime: '1764036549.000000000',
  linkname: null,
  attributes: [],
  streams: [],
  implied: false,
  ...part,
});

test('only attributes that differ have a previous value', () => {
  const before = entry({ layer: 0, mode: 0o644, attributes: [{ name: 'user.a', value: 'x', encoding: 'text', meaning: [] }] });
  const rows = new Map(attributeRows(entry(), before).map((row) => [row.label, row]));
  assert.equal(rows.get('Mode')?.was, '0644 -rw-r--r--');
  assert.equal(rows.get('Mode')?.value, '0755 -rwxr-xr-x');
  assert.equal(rows.get('Size')?.was, null);
  assert.equal(rows.get('Owner')?.value, 'root (0)');
  assert.equal(rows.get('Group')?.value, 'GID 0');
  assert.deepEqual([rows.get('user.a')?.value, rows.get('user.a')?.was], ['', 'x']);
  assert.equal(rows.has('Target'), false);
});

test('an owner that the tar has only as a number gets the name that the image gives it', () => {
  const names = {
    users: namesById(utf8('root:x:0:0::/root:/bin/sh\ntoor:x:0:0\n\n+::\napp:x:1000:1000\n')),
    groups: namesById(utf8('staff:x:50:\n')),
  };
  const values = (part: Partial<EntryAttributes>) => {
    const rows = new Map(
      attributeRows(entry({ uname: '', ...part }), null, { owners: { now: names, before: names } }).map(({ label, value }) => [
        label,
        value,
      ]),
    );
    return [rows.get('Owner'), rows.get('Group')];
  };
  assert.deepEqual(values({}), ['root (0)', 'GID 0']);
  assert.deepEqual(values({ uid: 1000, gid: 50 }), ['app (1000)', 'staff (50)']);
  assert.deepEqual(values({ uid: 7, gname: 'wheel' }), ['UID 7', 'wheel (0)']);
});

test('each side of a comparison has its own image’s owners and layers', () => {
  const named = (name: string) => ({ users: new Map([[7, name]]), groups: new Map() });
  const owners = { now: named('web'), before: named('app') };
  const own = entry({ uname: '', uid: 7 });
  const rowOf = (label: string, digests: { now: string; before: string }) =>
    attributeRows(own, { ...own }, { owners, digests }).find((row) => row.label === label);
  const apart = { now: 'sha256:b', before: 'sha256:a' };
  assert.deepEqual([rowOf('Owner', apart)?.was, rowOf('Owner', apart)?.value], ['app (7)', 'web (7)']);
  // Both are from layer 1, but in different images.
  assert.deepEqual([rowOf('From layer', apart)?.was, rowOf('From layer', apart)?.value], ['1', '1']);
  assert.equal(rowOf('Layer digest', apart)?.was, 'sha256:a');
  assert.equal(rowOf('From layer', { now: 'sha256:a', before: 'sha256:a' })?.was, null);
});

test('a removed entry is shown as it was, without changes', () => {
  const rows = attributeRows(null, entry({ size: 7 }));
  assert.equal(rows.find(({ label }) => label === 'Size')?.bytes, 7);
  assert.ok(rows.every(({ was }) => was === null));
});

test('modes are formatted as in the output of ls', () => {
  assert.equal(modeText(0o4755, 'file'), '-rwsr-xr-x');
  assert.equal(modeText(0o2644, 'file'), '-rw-r-Sr--');
  assert.equal(modeText(0o1777, 'directory'), 'drwxrwxrwt');
  assert.equal(modeText(0o777, 'symlink'), 'lrwxrwxrwx');
});

test('times keep their fraction, even before 1970', () => {
  assert.equal(mtimeText('1764036549.123456789'), '2025-11-25 02:09:09.123456789 UTC');
  assert.equal(mtimeText('0.000000000'), '1970-01-01 00:00:00 UTC');
  assert.equal(mtimeText('-1.500000000'), '1969-12-31 23:59:58.5 UTC');
  assert.equal(mtimeText('-0.250000000'), '1969-12-31 23:59:59.75 UTC');
  assert.equal(mtimeText('9'.repeat(30)), '9'.repeat(30));
});

test('outdated responses are dropped', () => {
  const asked = detailsReducer(initialDetails, { type: 'requested', key: 'b' });
  assert.equal(detailsReducer(asked, { type: 'rawUpdated', key: 'a', raw: { state: 'loading' } }), asked);
});

test('pages of content are joined until the file is complete', () => {
  let state = detailsReducer(initialDetails, { type: 'requested', key: 'k' });
  const value = { totalBytes: 5, bytes: bytes(1, 2), more: 'there', moreError: null } as const;
  state = detailsReducer(state, { type: 'contentUpdated', key: 'k', content: { state: 'ready', value } });
  state = detailsReducer(state, { type: 'moreRequested', key: 'k' });
  assert.equal(state.content.state === 'ready' && state.content.value.more, 'loading');
  state = detailsReducer(state, { type: 'moreLoaded', key: 'k', bytes: bytes(3, 4) });
  assert.equal(state.content.state === 'ready' && state.content.value.more, 'there');
  state = detailsReducer(state, { type: 'moreLoaded', key: 'k', bytes: bytes(5) });
  assert.deepEqual(state.content.state === 'ready' && [...state.content.value.bytes], [1, 2, 3, 4, 5]);
  assert.equal(state.content.state === 'ready' && state.content.value.more, 'none');
});

test('a page without bytes ends the file, so that requests end', () => {
  let state = detailsReducer(initialDetails, { type: 'requested', key: 'k' });
  const value = { totalBytes: 5, bytes: bytes(1), more: 'there', moreError: null } as const;
  state = detailsReducer(state, { type: 'contentUpdated', key: 'k', content: { state: 'ready', value } });
  state = detailsReducer(state, { type: 'moreLoaded', key: 'k', bytes: bytes() });
  assert.equal(state.content.state === 'ready' && state.content.value.more, 'none');
});

test('a Windows entry has three more times, in current records and in records from 2016', () => {
  const text = (name: string, value: string) => ({ name, value, encoding: 'text' as const });
  const today = [text('LIBARCHIVE.creationtime', '1461700000.1234567'), text('atime', '1461700001'), text('ctime', '-0.5')];
  assert.deepEqual(windowsTimes({ pax: today }), { created: '1461700000.1234567', accessed: '1461700001', changed: '-0.5' });
  // Units of 100 ns since 1601; zero means no time.
  const old = [text('MSWINDOWS.createtime', '131061736001234567'), text('MSWINDOWS.accesstime', '0'), text('MSWINDOWS.changetime', 'x')];
  assert.deepEqual(windowsTimes({ pax: [...old, text('ctime', '5')] }), { created: '1461700000.123456700', accessed: '', changed: '5' });
  assert.deepEqual(windowsTimes({ pax: [text('MSWINDOWS.createtime', '1')] }).created, '-11644473599.999999900');
  const entryOf = (name: string) => entry({ attributes: [{ ...text(name, '32'), meaning: [] }] });
  assert.deepEqual(
    [isWindowsEntry(entryOf('MSWINDOWS.fileattr')), isWindowsEntry(entryOf('user.a')), isWindowsEntry(null)],
    [true, false, false],
  );
  const times = { now: windowsTimes({ pax: today }), before: windowsTimes({ pax: old }) };
  const rows = new Map(attributeRows(entry(), entry({ size: 1 }), { times }).map((row) => [row.label, row]));
  assert.deepEqual([rows.get('Created')?.was, rows.get('Accessed')?.was], [null, '']);
});

test('alternate streams have a row each, with the previous size if there was one', () => {
  const before = entry({
    streams: [
      { name: 'gone', size: 3 },
      { name: 'zone', size: 26 },
    ],
  });
  const now = entry({
    streams: [
      { name: 'new', size: 0 },
      { name: 'zone', size: 40 },
    ],
  });
  const rows = attributeRows(now, before).filter(({ label }) => label.startsWith('Stream'));
  assert.deepEqual(
    rows.map(({ label, bytes, was, wasBytes }) => [label, bytes, was, wasBytes]),
    [
      ['Stream gone', null, '3', 3],
      ['Stream new', 0, '', null],
      ['Stream zone', 40, '26', 26],
    ],
  );
});
