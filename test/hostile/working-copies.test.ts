// Working copies whose files another process changes while they are read, and snapshots from elsewhere.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs, { linkSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { FolderPath, removeTree, setAttributes, tarOfChanges, type WalkedEntry, walkTree } from '#disk';
import { type GraphDriver, openDriver } from '#driver';
import { snapshotLine } from '../../src/driver/portable/snapshot.ts';
import { treeChanges } from '../../src/driver/portable/tree-diff.ts';
import { hasCode } from '../support/asserts.ts';
import { directory, file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const onLinux = process.platform === 'linux' ? false : 'folders are held by descriptors on Linux only';
const HANGS = 60_000;

interface Copy {
  readonly driver: GraphDriver;
  readonly root: string;
  readonly snapshot: string;
}

/** Returns a working copy `run` with the files `d/f` and `g`. */
async function workingCopy(t: TestContext): Promise<Copy> {
  const home = path.join(testFolder(t), 'home');
  const driver = await openDriver('portable', home);
  t.after(() => driver[Symbol.asyncDispose]());
  await driver.create('a', null);
  const mtime = 1_400_000_000;
  await driver.applyDiff('a', [tar(directory('d/', { mtime }), file('d/f', 'inside', { mtime }), file('g', 'g', { mtime }))]);
  await driver.createReadWrite('run', 'a');
  const { path: root } = await driver.mount('run');
  return { driver, root, snapshot: path.join(home, 'written', 'run', 'snapshot') };
}

async function changesOf({ driver }: Copy): Promise<string[]> {
  const found: string[] = [];
  for await (const { kind, path: changed } of driver.changes('run')) found.push(`${kind} ${changed}`);
  return found;
}

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += Buffer.from(piece).toString('latin1');
  return text;
}

test('a folder that a link replaces after it was listed is not read through the link', { skip: onLinux }, async (t) => {
  const folder = testFolder(t);
  const [root, outside] = [path.join(folder, 'root'), path.join(folder, 'outside')];
  for (const [at, text] of [
    [root, 'inside'],
    [outside, 'SECRET'],
  ] as const) {
    mkdirSync(path.join(at, 'd'), { recursive: true });
    writeFileSync(path.join(at, 'd', 'f'), text);
  }
  const changes = await treeChanges(root, []);
  assert.match(await textOf(tarOfChanges(root, changes)), /inside/);
  renameSync(path.join(root, 'd'), path.join(folder, 'moved'));
  symlinkSync(path.join(outside, 'd'), path.join(root, 'd'));
  await assert.rejects(textOf(tarOfChanges(root, changes)), hasCode('IO'));
  const paths: string[] = [];
  for await (const entry of walkTree(root)) paths.push(`${entry.kind} ${entry.path}`);
  assert.deepEqual(paths, ['symlink d']);
});

test('a folder replaced between being seen and being entered is not entered', { skip: onLinux }, (t) => {
  const root = testFolder(t);
  mkdirSync(path.join(root, 'd'));
  using folders = new FolderPath(root);
  const identity = folders.look('d')?.identity ?? '';
  for (const replace of [
    () => mkdirSync(path.join(root, 'd')),
    () => symlinkSync('/', path.join(root, 'd')),
    () => writeFileSync(path.join(root, 'd'), ''),
  ]) {
    renameSync(path.join(root, 'd'), path.join(root, 'old'));
    replace();
    assert.throws(() => folders.enter('d', identity), hasCode('IO'));
    rmSync(path.join(root, 'd'), { recursive: true });
    renameSync(path.join(root, 'old'), path.join(root, 'd'));
  }
  folders.enter('d', identity);
});

test('a pipe or another file in a file’s place is refused, and nothing waits for it', { skip: onLinux, timeout: HANGS }, async (t) => {
  const root = testFolder(t);
  const at = path.join(root, 'f');
  writeFileSync(at, 'x');
  const changes = await treeChanges(root, []);
  renameSync(at, path.join(root, 'old'));
  execFileSync('mkfifo', [at]);
  await assert.rejects(textOf(tarOfChanges(root, changes)), hasCode('IO'));
  rmSync(at);
  writeFileSync(at, 'y');
  await assert.rejects(textOf(tarOfChanges(root, changes)), hasCode('IO'));
});

test('the attributes of a file with many names are read and kept once', { skip: onLinux }, async (t) => {
  const root = testFolder(t);
  writeFileSync(path.join(root, 'f'), 'x');
  if (setAttributes(root, [{ path: 'f', attributes: [['user.v', 'v'.repeat(3000)]] }]) > 0) return t.skip('no extended attributes here');
  for (let n = 0; n < 2000; n++) linkSync(path.join(root, 'f'), path.join(root, `${n}`));
  const seen = new Set<WalkedEntry['attributes']>();
  for await (const entry of walkTree(root)) {
    seen.add(entry.attributes);
    assert.ok(snapshotLine(entry).length < 400);
  }
  assert.equal(seen.size, 1);
  const text = await textOf(tarOfChanges(root, await treeChanges(root, [])));
  assert.equal(text.split('user.v=').length, 2);
});

test('a file changed in place counts as changed, whatever its size and time say', async (t) => {
  const copy = await workingCopy(t);
  assert.deepEqual(await changesOf(copy), []);
  writeFileSync(path.join(copy.root, 'd', 'f'), 'INSIDE');
  utimesSync(path.join(copy.root, 'd', 'f'), 1_400_000_000, 1_400_000_000);
  assert.deepEqual(await changesOf(copy), ['modified d/f']);
  assert.match(await textOf(copy.driver.diff('run')), /INSIDE/);
});

test('an earlier version’s snapshot, with attributes and without ctimes, is read', async (t) => {
  const copy = await workingCopy(t);
  const old = (line: string): string => {
    const { ctimeNs: _, attributesSum: sum, ...facts } = JSON.parse(line);
    return JSON.stringify({ ...facts, links: 1, attributes: sum === null ? null : [] });
  };
  const lines = readFileSync(copy.snapshot, 'utf8').trim().split('\n');
  writeFileSync(copy.snapshot, `${lines.map(old).join('\n')}\n`);
  assert.deepEqual(await changesOf(copy), []);
  writeFileSync(path.join(copy.root, 'd', 'f'), 'longer than before');
  assert.deepEqual(await changesOf(copy), ['modified d/f']);
});

test('a damaged snapshot is reported, whatever it contains', async (t) => {
  const copy = await workingCopy(t);
  const intact = readFileSync(copy.snapshot, 'utf8');
  const [first = '', second = ''] = intact.split('\n');
  const entry = JSON.parse(first) as Record<string, unknown>;
  const changed = (fields: object): string => JSON.stringify({ ...entry, ...fields });
  const lines = [
    ...['null', '[]', '{}', '{"path":{}}', '1', '"a"', '', '\0', '[[[[', 'x'.repeat(1000)],
    ...[{ path: '' }, { path: '/a' }, { kind: 'socket' }, { mode: -1 }, { mode: '0' }, { size: 0.5 }, { size: null }].map(changed),
    ...[{ mtimeNs: 0 }, { mtimeNs: '1e9' }, { ino: 'x' }, { target: null }, { attributesSum: 1 }, { ctimeNs: {} }].map(changed),
  ];
  for (const line of lines) {
    writeFileSync(copy.snapshot, `${line}\n`);
    await assert.rejects(changesOf(copy), hasCode('DAMAGED'), line);
  }
  // Out of order, or duplicated.
  for (const text of [`${second}\n${first}\n`, `${first}\n${first}\n`]) {
    writeFileSync(copy.snapshot, text);
    await assert.rejects(changesOf(copy), hasCode('DAMAGED'));
  }
  writeFileSync(copy.snapshot, intact);
  assert.deepEqual(await changesOf(copy), []);
  truncateSync(copy.snapshot, 8 * 1024 ** 3);
  await assert.rejects(changesOf(copy), hasCode('DAMAGED'));
});

test('folders nested deeper than the call stack allows are listed, written and removed', { skip: onLinux }, async (t) => {
  const copy = await workingCopy(t);
  const depth = 3000;
  const script = `process.chdir(process.argv[1]); for (let n = 0; n < ${depth}; n++) { fs.mkdirSync('n'); process.chdir('n'); } fs.writeFileSync('f', 'deepest');`;
  execFileSync(process.execPath, ['-e', script, copy.root]);
  t.after(() => removeTree(path.join(copy.root, 'n')));
  const changes = await treeChanges(path.join(copy.root, 'n'), []);
  assert.equal(changes.length, depth);
  assert.equal((await changesOf(copy)).length, depth + 1);
  assert.match(await textOf(copy.driver.diff('run')), /deepest/);
});

test('a copy that was never mounted has no changes, and its diff no entries', async (t) => {
  await using driver = await openDriver('portable', path.join(testFolder(t), 'home'));
  await driver.createReadWrite('run', null);
  for await (const _ of driver.changes('run')) assert.fail('nothing was changed');
  assert.match(await textOf(driver.diff('run')), /^\0{1024}$/);
});

test('a walk of many entries can be stopped', async (t) => {
  const root = testFolder(t);
  for (let n = 0; n < 3000; n++) writeFileSync(path.join(root, `${n}`), '');
  const stop = new AbortController();
  setImmediate(() => stop.abort());
  await assert.rejects(treeChanges(root, [], stop.signal), hasCode('CANCELLED'));
});

test('a removal continues, or fails with a clear error, when another process adds or replaces entries while it runs', {
  skip: onLinux,
}, async (t) => {
  const folder = testFolder(t);
  const top = path.join(folder, 'top');
  mkdirSync(top);
  writeFileSync(path.join(top, 'f'), '');
  const read = fs.readdirSync;
  let count = 0;
  const mocked = t.mock.method(fs, 'readdirSync', (...words: Parameters<typeof read>) => {
    const names = read(...words);
    if (count++ === 0) {
      rmSync(path.join(top, 'f'));
      mkdirSync(path.join(top, 'f'));
    }
    return names;
  });
  await removeTree(top);
  assert.equal(fs.existsSync(top), false);
  mkdirSync(top);
  count = 0;
  mocked.mock.mockImplementation((...words: Parameters<typeof read>) => {
    const names = read(...words);
    writeFileSync(path.join(top, `added${count++}`), '');
    return names;
  });
  const removing = assert.rejects(
    removeTree(top),
    (error: Error) => hasCode('IO')(error) && error.message.includes('changed while it was being removed'),
  );
  await removing;
  mocked.mock.restore();
});
