// A catalog without a lock: many processes at once, processes that are killed, disks that are full or read-only.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { tableRows, writeArchive, writeLayout } from '../support/catalog.ts';
import { runCommand } from '../support/command-line.ts';
import { onTmpfs, smallDisk } from '../support/small-disk.ts';
import { file, tar } from '../support/tar-builder.ts';
import { until } from '../support/waiting.ts';
import { atEnd, testFolder } from '../support/workbench.ts';

const WORKER = path.join(import.meta.dirname, '..', 'support', 'catalog-worker.ts');

/** Makes images that share their lowest layers, as archives and as a layout. */
function makeImages(folder: string, count: number): string {
  const layer = (name: string) => ({
    tar: tar(...Array.from({ length: 30 }, (_, at) => file(`${name}/${at}`, `${name} ${at} `.repeat(20)))),
    packed: 'gzip' as const,
  });
  const bases = [layer('base-a'), layer('base-b')];
  const image = (at: number) => ({ name: `registry.example/app:${at}`, layers: [...bases.slice(0, 1 + (at % 2)), layer(`own-${at}`)] });
  for (let at = 0; at < count / 2; at++) writeArchive(folder, `${at}.tar`, [image(at)]);
  writeLayout(
    path.join(folder, 'layout'),
    Array.from({ length: count - count / 2 }, (_, at) => image(count / 2 + at)),
  );
  return folder;
}

function contents(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return new Map(
    names
      .filter((name) => statSync(path.join(folder, name)).isFile())
      .map((name) => [name, readFileSync(path.join(folder, name), 'latin1')]),
  );
}

function work(t: TestContext, from: string, to: string): ChildProcess {
  const child = spawn(process.execPath, [WORKER, from, to], { stdio: ['ignore', 'ignore', 'inherit'] });
  atEnd(t, () => {
    child.kill('SIGKILL');
  });
  return child;
}

/** Makes the same catalog in one process. It gets the key for checksums from `like`, so that all its files are the same too. */
async function indexAlone(from: string, like: string, alone: string): Promise<void> {
  mkdirSync(alone);
  copyFileSync(path.join(like, 'catalog.json'), path.join(alone, 'catalog.json'));
  assert.equal((await runCommand(['catalog', 'index', from, '--to', alone])).code, 0);
}

test('eight processes make the same catalog as one, without errors or leftovers', async (t) => {
  const folder = testFolder(t);
  const from = makeImages(path.join(folder, 'images'), 16);
  const alone = path.join(folder, 'alone');
  const shared = path.join(folder, 'shared');
  const children = Array.from({ length: 8 }, () => work(t, from, shared));
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
  assert.deepEqual(codes, Array(8).fill(0));
  await indexAlone(from, shared, alone);
  assert.deepEqual(contents(shared), contents(alone));
});

test('a killed process leaves whole files, and the next one continues and cleans up', async (t) => {
  const folder = testFolder(t);
  const from = makeImages(path.join(folder, 'images'), 40);
  const alone = path.join(folder, 'alone');
  const to = path.join(folder, 'catalog');
  const layers = path.join(to, 'layers');
  const count = (): number => {
    try {
      return readdirSync(layers).filter((name) => name.startsWith('sha256-')).length;
    } catch {
      return 0;
    }
  };
  const child = work(t, from, to);
  const exited = once(child, 'exit');
  await until(() => count() >= 3, 'three layers are written');
  child.kill('SIGKILL');
  await exited;
  const left = count();
  assert.ok(left < 42, `${left} layers were written before the kill`);
  // The files that the killed process left are readable as they are.
  assert.equal((await tableRows(to, 'layers')).length, left);
  assert.equal((await runCommand(['catalog', 'index', from, '--to', to])).code, 0);
  await indexAlone(from, to, alone);
  assert.deepEqual(contents(to), contents(alone));
});

test('a full disk ends the run with one error, and what was written stays whole', onTmpfs, async (t) => {
  const folder = testFolder(t);
  const from = makeImages(path.join(folder, 'images'), 40);
  const disk = smallDisk(t, 256);
  const to = path.join(disk, 'catalog');
  const { code, error, stderr } = await runCommand(['catalog', 'index', from, '--to', to]);
  assert.deepEqual([code, error?.code], [3, 'IO'], stderr);
  assert.match(error?.message ?? '', /catalog.*no space/);
  const rows = await tableRows(to, 'layers');
  assert.ok(rows.length > 0);
  assert.deepEqual(
    readdirSync(to, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.layerscope-')),
    [],
  );
  execFileSync('mount', ['-o', 'remount,size=8m', disk]);
  assert.equal((await runCommand(['catalog', 'index', from, '--to', to])).code, 0);
  assert.equal((await tableRows(to, 'images')).length, 40);
});

test('a read-only catalog can be queried, and indexed as long as there is nothing new', onTmpfs, async (t) => {
  const folder = testFolder(t);
  const from = makeImages(path.join(folder, 'images'), 4);
  const to = path.join(folder, 'catalog');
  assert.equal((await runCommand(['catalog', 'index', from, '--to', to])).code, 0);
  execFileSync('mount', ['--bind', to, to]);
  atEnd(t, () => {
    execFileSync('umount', [to]);
  });
  execFileSync('mount', ['-o', 'remount,ro,bind', to]);
  assert.equal((await runCommand(['catalog', 'index', from, '--to', to])).code, 0);
  const asked = await runCommand(['catalog', 'query', 'SELECT count(*) AS n FROM images', '--from', to, '--json']);
  assert.equal(asked.stdout, '{"n":4}\n');
  writeArchive(from, 'new.tar', [{ name: 'new:1', layers: [{ tar: tar(file('new', 'new')) }] }]);
  const { code, error } = await runCommand(['catalog', 'index', from, '--to', to]);
  assert.equal(code, 3);
  assert.ok(error?.code === 'IO' || error?.code === 'PERMISSION', error?.code);
  assert.match(error?.message ?? '', /catalog/);
});
