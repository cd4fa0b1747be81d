// Stacks of registry hives: what they show, what a layer changed, and .reg files. test/shared compares with another program.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRegFile, dataText, foldKeyName, type LayerHive, openHive, viewChanges, walkView } from '#format/registry-hive';
import { deltaHive, descriptor, dword, type HiveKeySpec, hive, removedValue } from '../support/hive-builder.ts';

const [MERGE, TOMBSTONE, LOCAL, TREE, INHERITS] = [0, 1, 2, 3, 0x80];

/** Returns a stack: a base with these keys below its root, and a delta for each additional list. */
function stack(base: readonly HiveKeySpec[], ...deltas: readonly (readonly HiveKeySpec[])[]): LayerHive[] {
  const layers = [hive({ name: 'R', keys: base }), ...deltas.map((keys) => deltaHive({ name: 'r', keys }))];
  return layers.map((bytes, layer) => ({ hive: openHive(bytes), layer }));
}

/** Returns `path: values` for each key below the root; a value is its name and first byte. */
function shown(view: readonly LayerHive[]): string[] {
  return [...walkView(view)]
    .slice(1)
    .map(({ path, key }) => `${path}: ${key.values.map(({ name, data }) => `${name}=${data?.[0]?.[0] ?? ''}`).join(' ')}`.trimEnd());
}

function changes(view: readonly LayerHive[]): string[] {
  return [...viewChanges(view.slice(0, -1), view)].map((change) => {
    if (change.kind === 'removed') return `- ${change.path} ${change.hidden.keys}/${change.hidden.values}`;
    const values = change.values.map((value) => {
      if (value.kind === 'removed') return `-${value.previous.name}`;
      return `${value.kind === 'added' ? '+' : '~'}${value.value.name}`;
    });
    return `${change.kind === 'added' ? '+' : '~'} ${change.path} ${values.join(' ')}`.trimEnd();
  });
}

const BASE: readonly HiveKeySpec[] = [
  { name: 'a', values: [dword('x', 1), dword('y', 2)], keys: [{ name: 'b', values: [dword('z', 3)], keys: [{ name: 'c' }] }] },
  { name: 'other', values: [dword('x', 9)] },
];
const ALL = ['a: x=1 y=2', 'a\\b: z=3', 'a\\b\\c:', 'other: x=9'];

test('the records’ effects decide which keys and values of a stack are visible', () => {
  const cases: readonly [delta: readonly HiveKeySpec[], view: readonly string[], told: readonly string[]][] = [
    [[], ALL, []],
    [[{ name: 'A', values: [dword('X', 7), dword('w', 8)] }], ['A: w=8 X=7 y=2', 'A\\b: z=3', 'A\\b\\c:', 'other: x=9'], ['~ A +w ~X']],
    [[{ name: 'a', values: [removedValue('X')] }], ['a: y=2', 'a\\b: z=3', 'a\\b\\c:', 'other: x=9'], ['~ a -x']],
    [[{ name: 'a', layer: TOMBSTONE }], ['other: x=9'], ['- a 2/3']],
    [[{ name: 'a', keys: [{ name: 'b', layer: TOMBSTONE }] }], ['a: x=1 y=2', 'other: x=9'], ['- a\\b 1/1']],
    [[{ name: 'a', layer: LOCAL, values: [dword('n', 5)] }], ['a: n=5', 'a\\b: z=3', 'a\\b\\c:', 'other: x=9'], ['~ a +n -x -y']],
    [[{ name: 'a', layer: TREE, keys: [{ name: 'new' }] }], ['a:', 'a\\new:', 'other: x=9'], ['~ a -x -y', '- a\\b 1/1', '+ a\\new']],
    [
      [{ name: 'n', layer: TREE, values: [dword('v', 1)], keys: [{ name: 'm', layer: TREE }] }],
      [...ALL.slice(0, 3), 'n: v=1', 'n\\m:', 'other: x=9'],
      ['+ n +v', '+ n\\m'],
    ],
  ];
  for (const [delta, view, told] of cases) {
    const layers = stack(BASE, delta);
    assert.deepEqual(shown(layers), view);
    assert.deepEqual(changes(layers), told);
  }
});

test('what a delta repeats is not a change, nor is a new time', () => {
  const layers = stack(BASE, [{ name: 'a', written: 5n, values: [dword('x', 1)], keys: [{ name: 'b', values: [removedValue('none')] }] }]);
  assert.deepEqual(changes(layers), []);
});

test('a key that reappears above a tombstone shows nothing from below it', () => {
  const gone = [{ name: 'a', layer: TOMBSTONE }];
  const again = stack(BASE, gone, [{ name: 'a', values: [dword('n', 4)] }]);
  assert.deepEqual(shown(again), ['a: n=4', 'other: x=9']);
  assert.deepEqual(changes(again), ['+ a +n']);
  assert.deepEqual(shown(stack(BASE, gone, [])), ['other: x=9']);
});

test('class, time, security and layers come from the records that apply', () => {
  const base = [{ name: 'a', className: 'below', written: 50n, security: descriptor(1) }];
  const view = (layer: number): readonly unknown[] => {
    const layers = stack(base, [{ name: 'A', layer, className: 'above', written: 20n, security: descriptor(2) }]);
    const key = [...walkView(layers)][1]?.key;
    return [key?.name, key?.className, key?.written, Buffer.from(key?.security?.bytes ?? []).readUInt32LE(28), key?.layers];
  };
  assert.deepEqual(view(MERGE), ['A', 'above', 50n, 2, [1, 0]]);
  assert.deepEqual(view(MERGE | INHERITS), ['A', 'below', 50n, 2, [1, 0]]);
  assert.deepEqual(view(LOCAL), ['A', 'above', 20n, 2, [1]]);
  assert.deepEqual(view(TREE | INHERITS), ['A', null, 20n, 2, [1]]);
  const changed = [...viewChanges(stack(base), stack(base, []))];
  assert.deepEqual(changed, []);
});

test('two views without a hive in common are compared as a whole', () => {
  const before = stack(BASE);
  const now: LayerHive[] = [{ hive: openHive(hive({ name: 'R', keys: [{ name: 'A', values: [dword('x', 1)] }] })), layer: 1 }];
  assert.deepEqual(
    [...viewChanges(before, now)].map(({ kind, path }) => `${kind} ${path}`),
    ['modified A', 'removed a\\b', 'removed other'],
  );
});

test('a view may begin at any key, and names sort by their upper case', () => {
  const layers = stack([
    { name: 'b' },
    { name: '_' },
    { name: 'Z' },
    { name: 'ä' },
    { name: 'ß', keys: [{ name: 'x\\y', keys: [{ name: 'z' }] }] },
  ]);
  assert.deepEqual(shown(layers), ['b:', 'Z:', '_:', 'ä:', 'ß:', 'ß\\x\\y:', 'ß\\x\\y\\z:']);
  assert.deepEqual(
    [...walkView(layers, 'ß\\X\\Y')].map(({ path }) => path),
    ['ß\\x\\y', 'ß\\x\\y\\z'],
  );
  assert.deepEqual([...walkView(layers, 'SS')], []);
  assert.equal(foldKeyName('aßÄ_é'), 'AßÄ_É');
});

test('data is described by its type', () => {
  const text = (type: number, data: Buffer): string => dataText({ type, size: data.length, data: [data] });
  assert.equal(text(1, Buffer.from('a\0rubbish', 'utf16le')), 'a');
  assert.equal(text(2, Buffer.from('%x', 'utf16le')), '%x');
  assert.equal(text(7, Buffer.from('a\0"b\0\0', 'utf16le')), '"a", "\\"b"');
  assert.equal(text(7, Buffer.from('a\0b', 'utf16le')), '"a", "b"');
  assert.equal(text(4, Buffer.from([1, 2, 0, 0])), '0x00000201 (513)');
  assert.equal(text(5, Buffer.from([0, 0, 2, 1])), '0x00000201 (513)');
  assert.equal(text(11, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])), '0x0000000000000001 (1)');
  assert.equal(text(4, Buffer.from([1])), '01');
  assert.equal(text(3, Buffer.alloc(40, 0xab)), `${Array(32).fill('ab').join(' ')} … (40 B)`);
  assert.equal(text(6, Buffer.from('\\Registry\\Machine\0', 'utf16le')), '\\Registry\\Machine');
  // Bytes that aren't text are shown as bytes, whatever their type says.
  assert.equal(text(6, Buffer.from([0x12, 0x9a, 0x34, 0x7f])), '12 9a 34 7f');
  assert.equal(text(1, Buffer.from([0x00, 0xd8, 0x41, 0x00])), '00 d8 41 00');
  assert.equal(text(1, Buffer.alloc(0)), '');
  assert.equal(dataText({ type: 1, size: 9, data: null }), 'damaged (9 B)');
});

test('a .reg file has every type, and no name becomes a separate entry', () => {
  const file = createRegFile();
  const value = (name: string, type: number, data: Buffer) => ({ name, type, size: data.length, data: [data] });
  const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');
  const text = file.key({
    place: 'HKEY_LOCAL_MACHINE\\SOFTWARE',
    path: 'a\\b',
    depth: 2,
    values: [
      value('', 1, utf16('C:\\x "y"\0')),
      value('q"\\', 4, Buffer.from([10, 0, 0, 0])),
      value('bin', 3, Buffer.alloc(30, 1)),
      value('many', 7, utf16('a\0\0')),
      value('none', 0, Buffer.alloc(0)),
      value('lines', 1, utf16('a\r\n[b]\0')),
      value('x"\r\n[evil]', 1, utf16('a\0')),
      { ...value('gone', 0, Buffer.alloc(0)), isTombstone: true },
    ],
  });
  assert.equal(
    file.header + text,
    [
      '\ufeffWindows Registry Editor Version 5.00',
      '',
      '[HKEY_LOCAL_MACHINE\\SOFTWARE\\a\\b]',
      '@="C:\\\\x \\"y\\""',
      '"q\\"\\\\"=dword:0000000a',
      `"bin"=hex:${'01,'.repeat(22)}\\`,
      '  01,01,01,01,01,01,01,01',
      '"many"=hex(7):61,00,00,00,00,00',
      '"none"=hex(0):',
      '"lines"=hex(1):61,00,0d,00,0a,00,5b,00,62,00,5d,00,00,00',
      '"gone"=-',
      '',
    ].join('\r\n'),
  );
  assert.equal(file.leftOut, 1);
  assert.equal(file.key({ place: 'HKEY_USERS', path: 'a\\b', depth: 1, values: [] }), '', 'a name with a backslash');
  assert.equal(file.key({ place: 'HKEY_USERS', path: 'a\r\n[b', depth: 1, values: [] }), '');
  assert.equal(file.key({ place: 'HKEY_USERS', path: 'a', depth: 1, values: [], isRemoved: true }), '\r\n[-HKEY_USERS\\a]\r\n');
  assert.equal(file.leftOut, 3);
});
