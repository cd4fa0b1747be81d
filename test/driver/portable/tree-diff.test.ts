// What counts as a change to a tree, and the tar of the changes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { linkSync, lstatSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { tarOfChanges, walkTree } from '#disk';
import { TarReader } from '#format/tar';
import { type SnapshotEntry, sumOf } from '../../../src/driver/portable/snapshot.ts';
import { treeChanges } from '../../../src/driver/portable/tree-diff.ts';

/** Creates a folder `d` with the files `f` and `g`, and takes a snapshot. */
async function laid(t: TestContext): Promise<{ readonly root: string; readonly snapshot: Map<string, SnapshotEntry> }> {
  const root = mkdtempSync(path.join(tmpdir(), 'layerscope-tree-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(path.join(root, 'd'));
  for (const name of ['f', 'g']) writeFileSync(path.join(root, 'd', name), name);
  const snapshot = new Map<string, SnapshotEntry>();
  for await (const entry of walkTree(root)) snapshot.set(entry.path, { ...entry, attributesSum: sumOf(entry.attributes) });
  return { root, snapshot };
}

const listed = async (root: string, snapshot: ReadonlyMap<string, SnapshotEntry>) =>
  (await treeChanges(root, snapshot.values())).map(({ kind, path: changed }) => `${kind} ${changed}`);

test('a folder with only a new time is unchanged', async (t) => {
  const { root, snapshot } = await laid(t);
  utimesSync(path.join(root, 'd'), 1, 1);
  assert.deepEqual(await listed(root, snapshot), []);
});

test('a different owner, group or mode counts as a change', async (t) => {
  const { root, snapshot } = await laid(t);
  for (const [name, fields] of [
    ['d/f', { uid: lstatSync(root).uid + 1 }],
    ['d/g', { gid: lstatSync(root).gid + 1 }],
    ['d', { mode: 0o123 }],
  ] as const) {
    const before = snapshot.get(name);
    assert.ok(before);
    assert.deepEqual(await listed(root, new Map(snapshot).set(name, { ...before, ...fields })), [`modified ${name}`]);
  }
});

test('a removed folder is listed without its content', async (t) => {
  const { root, snapshot } = await laid(t);
  rmSync(path.join(root, 'd'), { recursive: true });
  assert.deepEqual(await listed(root, snapshot), ['removed d']);
});

test('files deeper than the system’s longest path are listed and read', { skip: process.platform !== 'linux' }, async (t) => {
  const { root, snapshot } = await laid(t);
  const folder = 'd'.repeat(200);
  // Each folder is created from inside its parent, because the full path would be too long.
  const script = `cd "$1" && for n in $(seq 40); do mkdir ${folder} && cd -P ${folder} || exit; chmod 300 .; done; echo deep >file; ln -s file link`;
  assert.equal(spawnSync('bash', ['-c', script, 'bash', root], { encoding: 'utf8' }).status, 0);
  const deep = `${folder}/`.repeat(40);
  const changes = await treeChanges(root, snapshot.values());
  let tar = '';
  for await (const bytes of tarOfChanges(root, changes)) tar += Buffer.from(bytes).toString('latin1');
  // Makes the folders readable; otherwise an ordinary user couldn't remove them.
  spawnSync('chmod', ['-R', 'u+r', root]);
  assert.deepEqual(
    changes.slice(-3).map(({ path: changed }) => changed),
    [deep.slice(0, -1), `${deep}file`, `${deep}link`],
  );
  assert.equal(changes.at(-1)?.entry?.target, 'file');
  assert.ok(tar.includes('deep\n\0'));
});

test('a file’s other names are hard links to its first name', async (t) => {
  const { root, snapshot } = await laid(t);
  writeFileSync(path.join(root, 'd', 'h'), 'h');
  linkSync(path.join(root, 'd', 'h'), path.join(root, 'd', 'i'));
  assert.deepEqual(await namesInTar(root, snapshot), ['5 d/', '0 d/h', '1 d/i d/h']);
});

test('a new name for an existing file adds the file again, so that both remain names of one file', {
  skip: process.platform === 'win32',
}, async (t) => {
  const { root, snapshot } = await laid(t);
  linkSync(path.join(root, 'd', 'f'), path.join(root, 'd', 'i'));
  assert.deepEqual(await listed(root, snapshot), ['modified d/f', 'added d/i']);
  assert.deepEqual(await namesInTar(root, snapshot), ['5 d/', '0 d/f', '1 d/i d/f']);
});

/** Returns each entry's type, name and target in the tar of changes. */
async function namesInTar(root: string, snapshot: ReadonlyMap<string, SnapshotEntry>): Promise<string[]> {
  const found: string[] = [];
  const reader = new TarReader({
    finding: ({ message }) => assert.fail(message),
    member: ({ name, typeflag, linkname }) =>
      found.push([String.fromCharCode(typeflag), Buffer.from(name).toString(), Buffer.from(linkname).toString()].join(' ').trim()),
  });
  for await (const bytes of tarOfChanges(root, await treeChanges(root, snapshot.values()))) reader.push(bytes);
  reader.end();
  return found;
}
