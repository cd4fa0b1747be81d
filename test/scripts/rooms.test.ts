import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { findBookless, openingComment } from '../../scripts/rooms/books.ts';
import { checkRooms, findCycles } from '../../scripts/rooms/check.ts';
import { findImports, type Import } from '../../scripts/rooms/imports.ts';
import { findMisnamed } from '../../scripts/rooms/named-files.ts';
import { withRooms } from '../../scripts/rooms/print.ts';
import type { Room } from '../../scripts/rooms/table.ts';
import { testFolder } from '../support/workbench.ts';

function writeFiles(root: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
}

const DOORS = { '#low': './src/low/index.ts', '#high': './src/high/index.ts' };

function room(folder: string, may: string[], more: Partial<Room> = {}): Room {
  return { folder, runs: 'Node', what: '', may, ...more };
}

function value(file: string, wanted: string, target: string | null): Import {
  return { file, wanted, target, isType: false };
}

const LOW = room('src/low', []);
const DOWN = value('src/high/a.ts', '#low', 'src/low/index.ts');

test('an import that the table doesn’t allow is a fault, an allowed one is not', () => {
  const rooms = [LOW, room('src/high', ['low'])];
  assert.deepEqual(checkRooms([DOWN], rooms, DOORS), []);
  const up = value('src/low/b.ts', '#high', 'src/high/index.ts');
  assert.deepEqual(checkRooms([DOWN, up], rooms, DOORS), ['src/low/b.ts imports #high: src/low may not enter high']);
});

test('a room that may import only types can’t import values', () => {
  const rooms = [LOW, room('src/high', [], { types: ['low'] })];
  assert.deepEqual(checkRooms([{ ...DOWN, isType: true }], rooms, DOORS), []);
  assert.deepEqual(checkRooms([DOWN], rooms, DOORS), ['src/high/a.ts imports #low: src/high may import only types of low']);
});

test('a room is imported through its index.ts, even from folders inside another room', () => {
  const rooms = [LOW, room('src/high', ['high/inner']), room('src/high/inner', ['low'])];
  const inside = value('src/high/a.ts', './inner/x.ts', 'src/high/inner/x.ts');
  const around = value('src/high/inner/x.ts', '../../low/b.ts', 'src/low/b.ts');
  assert.deepEqual(checkRooms([inside, around], rooms, DOORS), [
    'src/high/inner/x.ts imports ../../low/b.ts: low is entered through its door, #low',
  ]);
});

test('imports between folders inside a room are checked too', () => {
  const rooms = [LOW, room('src/high', []), room('src/high/state', ['low']), room('src/high/view', ['high/state'])];
  const down = value('src/high/view/v.ts', '../state/s.ts', 'src/high/state/s.ts');
  const low = value('src/high/state/s.ts', '#low', 'src/low/index.ts');
  assert.deepEqual(checkRooms([down, low], rooms, DOORS), []);
  const up = value('src/high/state/s.ts', '../view/v.ts', 'src/high/view/v.ts');
  assert.deepEqual(checkRooms([down, low, up], rooms, DOORS), [
    'src/high/state/s.ts imports ../view/v.ts: src/high/state may not enter high/view',
  ]);
});

test('importing a package outside its rooms, or Node in a room that may not use it, is a fault', () => {
  const rooms = [room('src/low', [], { runs: 'anywhere' }), room('src/high', [], { packages: ['koffi', '@scope/name'] })];
  const allowed = [
    value('src/high/a.ts', 'koffi', null),
    value('src/high/a.ts', '@scope/name/part', null),
    value('src/high/a.ts', 'node:fs', null),
  ];
  assert.deepEqual(checkRooms(allowed, rooms, DOORS), []);
  assert.deepEqual(checkRooms([...allowed, value('src/low/b.ts', 'koffi', null), value('src/low/b.ts', 'node:fs', null)], rooms, DOORS), [
    'src/low/b.ts imports koffi: src/low may not import this package',
    'src/low/b.ts imports node:fs: src/low also runs where there is no Node',
  ]);
});

test('a permission that nothing uses is a fault', () => {
  assert.deepEqual(checkRooms([], [LOW, room('src/high', ['low'])], DOORS), ['the table lets src/high import low, which it doesn’t']);
  assert.deepEqual(checkRooms([{ ...DOWN, isType: true }], [LOW, room('src/high', ['low'])], DOORS), [
    'the table lets src/high enter low, of which it imports only types',
  ]);
});

test('a file outside every room is a fault', () => {
  assert.deepEqual(checkRooms([value('src/new/a.ts', 'node:fs', null)], [LOW], DOORS), ['src/new/a.ts is in no room']);
});

test('a cycle of type imports is a cycle', () => {
  const imports = findImports('a.ts', "import type { B } from './b.ts';").map((found) => ({ file: 'a.ts', ...found, target: 'b.ts' }));
  assert.deepEqual(findCycles([...imports, value('b.ts', './c.ts', 'c.ts')]), []);
  assert.deepEqual(findCycles([...imports, value('b.ts', './c.ts', 'c.ts'), value('c.ts', './a.ts', 'a.ts')]), [
    'a.ts → b.ts → c.ts → a.ts',
  ]);
});

test('every way to write an import is found', () => {
  const text = [
    "import './a.css';",
    "import type { B } from './b.ts';",
    "import { type C, d } from './c.ts';",
    "export * from './e.ts';",
    "export type { F } from './f.ts';",
    "const g = () => import('./g.ts');",
    "type H = import('./h.ts').H;",
  ].join('\n');
  assert.deepEqual(
    findImports('x.ts', text)
      .map(({ wanted, isType }) => `${wanted} ${isType ? 'type' : 'value'}`)
      .sort(),
    ['./a.css value', './b.ts type', './c.ts value', './e.ts value', './f.ts type', './g.ts value', './h.ts type'],
  );
});

test('the table replaces the text between its markers and nothing else', () => {
  const page = 'before\n<!-- rooms: written by npm run rooms -- --write -->\nold\n<!-- /rooms -->\nafter\n';
  const written = withRooms(page, [room('src/high', ['low'], { types: ['model'], packages: ['koffi'] })]);
  assert.match(written, /^before\n/);
  assert.match(written, /\nafter\n$/);
  assert.ok(written.includes('| `src/high` | Node |  | low; types of model; packages koffi |'));
  assert.ok(!written.includes('old'));
  assert.equal(withRooms(written, [room('src/high', ['low'], { types: ['model'], packages: ['koffi'] })]), written);
});

test('a folder needs a README, or an index.ts or main.ts that begins with a comment of several words', (t) => {
  const root = testFolder(t);
  const words = 'what it is, what its words mean, and where somebody who is new to it begins';
  const files: Readonly<Record<string, string>> = {
    'src/README.md': words,
    'src/door/index.ts': `/**\n * ${words}\n */\nexport {};\n`,
    'src/command/main.ts': `#!/usr/bin/env node\n/** ${words} */\n`,
    'src/bare/index.ts': `export const words = '${words}';\n`,
    'src/short/README.md': '# short',
    'src/late/index.ts': `import './x.ts';\n/** ${words} */\n`,
    'src/outer/inner/a.ts': '',
    'src/outer/inner/README.md': words,
  };
  writeFiles(root, files);
  const faults = findBookless(root, ['src']);
  assert.deepEqual(
    faults.map((line) => line.split(' ')[0]),
    ['src/bare', 'src/late', 'src/outer', 'src/short'],
  );
  assert.equal(openingComment('/**\n * One.\n *\n * Two.\n */\n'), 'One.\n\nTwo.');
});

test('a file that a README names must exist: next to the README, below it, or at that path', (t) => {
  const root = testFolder(t);
  const there = [
    '`beside.ts`, `two-words`, `below.tsx` and `inner/below.tsx`',
    '`../other/o.ts`, `src/other/o.ts`, `other/o.ts`, `be*.ts`, `inner-folder`',
    'no files: `index.ts` of any folder, `--as-is`, `word`, `a.b`, `import from`',
  ];
  writeFiles(root, {
    'src/room/README.md': there.join('\n'),
    'src/room/beside.ts': '',
    'src/room/two-words.ts': '',
    'src/room/inner/below.tsx': '',
    'src/room/inner/inner-folder/x.ts': '',
    'src/other/o.ts': '',
    'src/gone/README.md': '- `o.ts`: in another folder\n- `beside.ts`, `two-words`, `src/gone/x.ts`, `x*.css`',
    'docs/README.md': '`gone.ts`',
  });
  assert.deepEqual(
    findMisnamed(root, ['src']),
    ['o.ts', 'beside.ts', 'two-words', 'src/gone/x.ts', 'x*.css'].map((name) => `src/gone/README.md names ${name}, which doesn't exist`),
  );
});
