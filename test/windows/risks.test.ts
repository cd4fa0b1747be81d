// Checks for risks that only a Windows machine can settle: see scripts/test-windows.ts. A table at the end lists what each check found. A
// failing check is a fault of ours on this Windows. Needs an administrator and an image's layers, base first.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { BackupStreamReader, STREAM_ID } from '#format/backup-stream';
import { FILE_ATTRIBUTE } from '#format/windows-tar';
import { Calls } from '../../src/driver/windows/ffi/calls.ts';
import { placeOf } from '../../src/driver/windows/ffi/file-place.ts';
import { openNative } from '../../src/driver/windows/ffi/open-native.ts';
import { isVolumePath } from '../../src/driver/windows/layer-states.ts';
import { ACCESS, type LayerCalls, type Native } from '../../src/driver/windows/native.ts';
import { NativeError } from '../../src/driver/windows/native-error.ts';
import { isTp4 } from '../../src/driver/windows/tp4.ts';
import { WindowsDriver } from '../../src/driver/windows/windows-driver.ts';
import { filterTar } from '../support/windows-tars.ts';

const [base = ''] = (process.env.LAYERSCOPE_LAYERS ?? '').split(path.delimiter);
const native = openNative();
const calls = new Calls();
const work = mkdtempSync(path.join(tmpdir(), 'layerscope-risks-'));
const home = path.join(work, 'windowsfilter');
mkdirSync(home);
const driver = new WindowsDriver('windowsfilter', home, native);
const table: { readonly risk: string; readonly result: string; readonly found: string }[] = [];

/** Runs a check, which returns what it found. */
function risk(name: string, check: () => Promise<string>): void {
  test(name, async () => {
    try {
      const found = await check();
      table.push({ risk: name, result: 'as expected', found });
    } catch (error) {
      table.push({ risk: name, result: 'FAILED', found: (error as Error).message.split('\n', 1)[0] ?? '' });
      throw error;
    }
  });
}

after(() => {
  rmSync(work, { recursive: true, force: true });
  const wide = Math.max(...table.map((row) => row.risk.length));
  console.log(`\nWindows build ${native.windowsBuild()}`);
  for (const row of table) console.log(`${row.risk.padEnd(wide)}  ${row.result.padEnd(11)}  ${row.found}`);
});

/** Counts the reparse point tags in a layer's folder. */
async function tagsOf(layer: string, below: string): Promise<Map<number, number>> {
  await using root = await native.files.openRoot(layer);
  const tags = new Map<number, number>();
  const walk = async (name: string): Promise<void> => {
    for (const { name: part, attributes, reparseTag } of await root.list(name)) {
      if (reparseTag !== undefined) tags.set(reparseTag, (tags.get(reparseTag) ?? 0) + 1);
      if ((attributes & FILE_ATTRIBUTE.directory) !== 0 && ((reparseTag ?? 0) & 0x2000_0000) === 0) await walk(`${name}\\${part}`);
    }
  };
  await walk(below);
  return tags;
}

risk('the system is new enough, and the home is on NTFS', async () => {
  assert.equal(isTp4(native), false);
  const fileSystem = await native.volumes.fileSystemOf(home);
  await WindowsDriver.open('windowsfilter', home, native);
  return `${fileSystem}, HNSCall ${native.layers.has('HNSCall') ? 'there' : 'missing'}`;
});

risk('a base layer is imported, and only administrators can open its transport folder', async () => {
  await driver.create('base', null);
  await driver.applyDiff('base', createReadStream(base));
  const folder = path.join(home, 'private');
  await native.files.makePrivateFolder(folder);
  const { security } = placeOf(calls, folder);
  // SE_DACL_PROTECTED: [MS-DTYP] 2.4.6.
  assert.notEqual((security[3] ?? 0) & 0x10, 0, 'the folder inherits an access list');
  await native.files.removeAll(folder);
  return `${readdirSync(path.join(home, 'base')).length} names in the layer's folder`;
});

risk('a layer is imported while its folder and its parents are held', async () => {
  await driver.create('top', 'base');
  await driver.applyDiff('top', [await filterTar({ files: { 'layerscope/deep/new.txt': 'new' } }, false)]);
  return 'from a folder that only administrators may enter';
});

risk("paths may go through a layer's own folders, whatever their reparse tags", async () => {
  const tags = await tagsOf(path.join(home, 'top'), 'Files');
  await using root = await native.files.openRoot(path.join(home, 'top'));
  assert.equal((await root.facts('Files\\layerscope\\deep\\new.txt'))?.sizeBytes, 3);
  return [...tags].map(([tag, count]) => `0x${tag.toString(16)} ${count} times`).join(', ') || 'no reparse points';
});

risk('symbolic links and junctions on the way are refused', async () => {
  const folder = path.join(work, 'links');
  mkdirSync(path.join(folder, 'real'), { recursive: true });
  writeFileSync(path.join(folder, 'real', 'f'), 'f');
  symlinkSync(path.join(folder, 'real'), path.join(folder, 'junction'), 'junction');
  symlinkSync(path.join(folder, 'real'), path.join(folder, 'link'), 'dir');
  await using root = await native.files.openRoot(folder);
  for (const name of ['junction', 'link']) {
    await assert.rejects(root.open(`${name}\\f`, { access: ACCESS.read, create: 'existing' }), { code: 'PATH_ESCAPE' });
  }
  await root.removeAll('junction');
  await root.removeAll('link');
  assert.equal(readFileSync(path.join(folder, 'real', 'f'), 'utf8'), 'f');
  return 'and removed themselves, not what they lead to';
});

risk('descriptors and alternate streams are read by BackupRead', async () => {
  const folder = path.join(work, 'streams');
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'f'), 'content');
  writeFileSync(path.join(folder, 'f:s'), 'stream');
  await using root = await native.files.openRoot(folder);
  await using file = await root.open('f', { access: ACCESS.read, create: 'existing' });
  const reader = new BackupStreamReader();
  const ids: number[] = [];
  for await (const bytes of file.backup({ security: true })) {
    for (const piece of reader.push(bytes)) if (piece.kind === 'stream') ids.push(piece.stream.id);
  }
  for (const id of [STREAM_ID.security, STREAM_ID.data, STREAM_ID.alternateData]) assert.ok(ids.includes(id), `no stream ${id}`);
  return `streams ${ids.join(', ')}`;
});

risk('every layer call accepts paths of more than 260 units', async () => {
  const deep = path.join(work, 'd'.repeat(120), 'e'.repeat(120));
  mkdirSync(path.toNamespacedPath(deep), { recursive: true });
  const far = new WindowsDriver('windowsfilter', deep, native);
  await far.create('base', null);
  await far.applyDiff('base', createReadStream(base));
  await far.remove('base');
  return `a home of ${deep.length} units`;
});

risk("a base layer's mount is its folder", async () => {
  await using mount = await driver.mount('base');
  return `${readdirSync(mount.path).length} names in ${path.basename(mount.path)}`;
});

risk("a volume's path can be read on each of ten mounts", async () => {
  const codes = new Map<number, number>();
  const noting = new Proxy(native.layers, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== 'function' || (name !== 'activateLayer' && name !== 'prepareLayer')) {
        return typeof method === 'function' ? method.bind(target) : method;
      }
      return async (...parameters: unknown[]) => {
        try {
          return await (method as (...all: unknown[]) => Promise<void>).apply(target, parameters);
        } catch (error) {
          if (error instanceof NativeError) codes.set(error.win32, (codes.get(error.win32) ?? 0) + 1);
          throw error;
        }
      };
    },
  }) as LayerCalls;
  const watched = new WindowsDriver('windowsfilter', home, { ...native, layers: noting } satisfies Native);
  await watched.createReadWrite('run', 'top');
  let volume = '';
  for (let times = 0; times < 10; times++) {
    await using mount = await watched.mount('run');
    assert.ok(readdirSync(mount.path).includes('Windows') || readdirSync(mount.path).length > 0);
    volume = mount.path;
  }
  assert.ok(!isVolumePath(volume) || volume.endsWith('\\'));
  return `${volume}; codes of temporary errors: ${[...codes].map(([code, count]) => `${code} (${count})`).join(', ') || 'none'}`;
});

risk('a volume is mounted at a folder, and unmounted from it', async () => {
  const at = path.join(work, 'mounted');
  mkdirSync(at);
  {
    await using _mount = await driver.mount('run', { at });
    writeFileSync(path.join(at, 'layerscope.txt'), 'written');
  }
  assert.deepEqual(readdirSync(at), []);
  return 'and the folder is empty again';
});

risk('two layers are mounted at the same time', async () => {
  await driver.createReadWrite('other', 'top');
  const mounts = await Promise.all([driver.mount('run'), driver.mount('other')]);
  for (const mount of mounts) await mount[Symbol.asyncDispose]();
  await driver.remove('other');
  return 'prepared one after the other';
});

risk('a killed process’s mount is released by its id', async () => {
  await killedMount('run');
  await driver.releaseLeft('run');
  return 'released';
});

risk('a layer whose disk a killed process left attached is removed', async () => {
  await killedMount('run');
  await driver.remove('run');
  assert.ok(!readdirSync(home).includes('run'));
  return 'removed';
});

risk('a held folder is neither moved nor removed', async () => {
  await using _root = await native.files.openRoot(path.join(home, 'top'));
  await assert.rejects(native.files.rename(path.join(home, 'top'), path.join(home, 'away')), NativeError);
  return 'refused';
});

risk("names are opened quickly in a layer's folders", async () => {
  await using root = await native.files.openRoot(path.join(home, 'top'));
  const start = performance.now();
  for (let times = 0; times < 1000; times++) await root.facts('Files\\layerscope\\deep\\new.txt');
  return `1000 names in ${(performance.now() - start).toFixed(0)} ms`;
});

risk('files that belong to Windows are removed with their layer', async () => {
  await driver.remove('top');
  await driver.remove('base');
  assert.deepEqual(readdirSync(home), []);
  return 'nothing is left in the home';
});

async function killedMount(id: string): Promise<void> {
  const script = path.join(import.meta.dirname, 'mount-and-wait.ts');
  const child = spawn(process.execPath, [script, home, id], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [first] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [unknown];
  assert.match(String(first), /mounted/);
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}
