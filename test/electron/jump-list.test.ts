import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { jumpList, TASKS } from '../../electron/jump-list.ts';
import { COMMAND_SWITCH, commandsOf } from '../../electron/paths.ts';

const program = { executable: 'C:\\Program Files\\Layerscope\\Layerscope.exe', before: [] };

/** Splits a command line as CommandLineToArgvW does. */
function split(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let inQuotes = false;
  for (let at = 0; at < line.length; ) {
    const slashes = /^\\*/.exec(line.slice(at))?.[0].length ?? 0;
    at += slashes;
    if (line[at] === '"') {
      word += '\\'.repeat(slashes >> 1);
      if (slashes % 2 === 1) word += '"';
      else inQuotes = !inQuotes;
      at++;
      continue;
    }
    word += '\\'.repeat(slashes);
    if (at >= line.length) break;
    if (line[at] === ' ' && !inQuotes) {
      words.push(word);
      word = '';
    } else word += line[at];
    at++;
  }
  return [...words, word];
}

test('recent files and tasks start the program with one argument each', () => {
  const files = [path.resolve('/a b/x & y.tar'), 'C:\\images\\', 'C:\\odd" name.tar', '/rtl\u202e.tar'];
  const [recent, tasks] = jumpList(files, program);
  assert.deepEqual(
    recent?.items?.map(({ args }) => split(args ?? '')),
    files.map((file) => [file]),
  );
  assert.doesNotMatch(recent?.items?.[3]?.title ?? '', /\u202e/);
  const words = tasks?.items?.flatMap(({ args }) => split(args ?? '')) ?? [];
  assert.deepEqual(commandsOf(words), Object.keys(TASKS));
});

test('a file that the user removed from the list isn’t put back, and an empty list has only tasks', () => {
  const [recent] = jumpList(['/a.tar', '/b.tar'], program);
  const removed = new Set([recent?.items?.[0]?.args ?? '']);
  assert.deepEqual(
    jumpList(['/a.tar', '/b.tar'], program, removed)[0]?.items?.map(({ args }) => args),
    ['"/b.tar"'],
  );
  assert.deepEqual(
    jumpList([], program).map(({ type }) => type),
    ['tasks'],
  );
});

test('the program can be started only with known commands', () => {
  assert.deepEqual(commandsOf(['layerscope', '--command=open', '--command=export', '--command=', 'open-name']), ['open']);
});

test('the desktop file has the same actions as the jump list', () => {
  const text = readFileSync(path.resolve(import.meta.dirname, '..', '..', 'assets', 'linux', 'layerscope.desktop'), 'utf8');
  assert.ok(text.includes(`Actions=${Object.keys(TASKS).join(';')};`));
  for (const [id, title] of Object.entries(TASKS))
    assert.ok(text.includes(`[Desktop Action ${id}]\nName=${title}\nExec=layerscope ${COMMAND_SWITCH}${id}\n`), id);
});
