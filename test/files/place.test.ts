import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { asLayerscopeError } from '#model';
import { isLeftBeside } from '../../src/files/beside-name.ts';
import { HeldFolder } from '../../src/files/held-folder.ts';
import { createFile, placeFile, placeFolder, replaceFile, writeWhole } from '../../src/files/place.ts';
import { hasCode } from '../support/asserts.ts';
import { beforeFileCalls, noSpace } from '../support/file-calls.ts';
import { testFolder } from '../support/workbench.ts';
import { NEW, OLD, WAYS } from './place-ways.ts';

const KILLED = fileURLToPath(new URL('killed-way.ts', import.meta.url));

for (const { name, replaces, run } of WAYS) {
  test(`${name}: a full disk at any step leaves the old file, if any, and no unfinished file`, async (t) => {
    let failed = 0;
    for (let step = 0; ; step++) {
      const folder = testFolder(t);
      const target = path.join(folder, 'f');
      if (replaces) writeFileSync(target, OLD);
      let at = 0;
      const calls = await beforeFileCalls(['open', 'write', 'writeFile', 'rename', 'link', 'sync'], (call) => {
        if (at++ === step) throw noSpace(call);
      });
      const error = await run(target).then(
        () => null,
        (failure: unknown) => failure,
      );
      calls[Symbol.dispose]();
      if (error === null) {
        assert.equal(readFileSync(target, 'utf8'), NEW);
        assert.deepEqual(readdirSync(folder), ['f']);
        break;
      }
      failed++;
      assert.equal(asLayerscopeError(error).code, 'IO');
      assert.deepEqual(
        readdirSync(folder).filter((left) => left !== 'f'),
        [],
      );
      const now = fs.existsSync(target) ? readFileSync(target, 'utf8') : null;
      // The complete new file may exist, because flushing the folder comes after the rename and may fail.
      assert.ok(now === (replaces ? OLD : null) || now === NEW, `step ${step} left ${String(now?.length)} characters`);
    }
    assert.ok(failed >= 3, `only ${failed} steps failed`);
  });

  test(`${name}: a kill at any step leaves the old file, if any, or the complete new one; anything else is removed later`, async (t) => {
    const seen = new Set<string | null>();
    for (let step = 0; ; step++) {
      const folder = testFolder(t);
      const target = path.join(folder, 'f');
      if (replaces) writeFileSync(target, OLD);
      const code = await killedAt(name, target, step);
      const now = fs.existsSync(target) ? readFileSync(target, 'utf8') : null;
      assert.ok(now === (replaces ? OLD : null) || now === NEW, `step ${step} left ${String(now?.length)} characters`);
      seen.add(now);
      const left = readdirSync(folder).filter((each) => each !== 'f');
      assert.ok(left.length <= 1 && left.every(isLeftBeside), `step ${step} left ${left.join(', ')}`);
      if (code === 0) {
        assert.deepEqual(left, []);
        break;
      }
    }
    assert.deepEqual(seen, new Set([replaces ? OLD : null, NEW]));
  });
}

/** Runs one way in a separate process that kills itself before file call number `step`. Returns the exit code; null if killed. */
async function killedAt(name: string, target: string, step: number): Promise<number | null> {
  const child = spawn(process.execPath, [KILLED, name, target, String(step)], { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

test('with durable, the file is flushed before it gets its name, and the folder afterwards', async (t) => {
  const target = path.join(testFolder(t), 'f');
  for (const [run, named] of [
    [replaceFile, 'rename'],
    [createFile, 'link'],
  ] as const) {
    fs.rmSync(target, { force: true });
    const made: string[] = [];
    using _calls = await beforeFileCalls(['sync', 'rename', 'link'], (call) => made.push(call));
    await run(target, writeWhole(NEW), { durable: true });
    assert.deepEqual(made, ['sync', named, 'sync']);
  }
});

test('a failed write keeps the old file and throws the error of the write', async (t) => {
  const folder = testFolder(t);
  const target = path.join(folder, 'f');
  writeFileSync(target, OLD);
  const fails = async (unfinished: string): Promise<void> => {
    writeFileSync(unfinished, 'half');
    throw new Error('the source ended');
  };
  await assert.rejects(replaceFile(target, fails), /^Error: the source ended$/);
  assert.deepEqual([readFileSync(target, 'utf8'), readdirSync(folder)], [OLD, ['f']]);
});

test('createFile throws EXISTS for a name that is taken, even if it was free when writing began, with or without hard links', async (t) => {
  for (const hasLinks of [true, false]) {
    const folder = testFolder(t);
    using _calls = await beforeFileCalls(hasLinks ? [] : ['link'], () => {
      throw Object.assign(new Error('ENOTSUP: operation not supported, link'), { code: 'ENOTSUP' });
    });
    const target = path.join(folder, 'f');
    const late = async (unfinished: string): Promise<void> => {
      await writeWhole(NEW)(unfinished);
      writeFileSync(target, OLD);
    };
    await assert.rejects(createFile(target, late), hasCode('EXISTS'));
    await assert.rejects(createFile(target, writeWhole(NEW)), hasCode('EXISTS'));
    assert.deepEqual([readFileSync(target, 'utf8'), readdirSync(folder)], [OLD, ['f']]);
    await createFile(path.join(folder, 'g'), writeWhole(NEW));
    assert.equal(readFileSync(path.join(folder, 'g'), 'utf8'), NEW);
    symlinkSync('nowhere', path.join(folder, 'l'));
    await assert.rejects(createFile(path.join(folder, 'l'), writeWhole(NEW)), hasCode('EXISTS'));
    assert.deepEqual(readdirSync(folder).sort(), ['f', 'g', 'l']);
  }
});

test('if many calls create the same file at once, one succeeds and the others throw EXISTS', async (t) => {
  const target = path.join(testFolder(t), 'f');
  const results = await Promise.allSettled(Array.from({ length: 16 }, (_, at) => createFile(target, writeWhole(String(at)))));
  const [winner] = results.flatMap(({ status }, at) => (status === 'fulfilled' ? [at] : []));
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal(readFileSync(target, 'utf8'), String(winner));
  for (const result of results) if (result.status === 'rejected') assert.ok(hasCode('EXISTS')(result.reason));
});

test('a link with the target’s name is replaced, not followed', async (t) => {
  const folder = testFolder(t);
  writeFileSync(path.join(folder, 'other'), OLD);
  symlinkSync('other', path.join(folder, 'f'));
  await replaceFile(path.join(folder, 'f'), writeWhole(NEW));
  assert.equal(readFileSync(path.join(folder, 'other'), 'utf8'), OLD);
  assert.ok(fs.lstatSync(path.join(folder, 'f')).isFile());
  symlinkSync('other', path.join(folder, 'l'));
  await assert.rejects(replaceFile(path.join(folder, 'missing', 'f'), writeWhole(NEW)), { code: 'ENOENT' });
  assert.equal(readlinkSync(path.join(folder, 'l')), 'other');
});

test('placeFile keeps the finished file if it can’t be renamed', async (t) => {
  const folder = testFolder(t);
  const finished = path.join(folder, 'finished');
  writeFileSync(finished, NEW);
  mkdirSync(path.join(folder, 'd', 'full'), { recursive: true });
  await assert.rejects(placeFile(finished, path.join(folder, 'd'), { durable: true }));
  assert.equal(readFileSync(finished, 'utf8'), NEW);
  await placeFile(finished, path.join(folder, 'f'), { durable: true });
  assert.deepEqual(readdirSync(folder).sort(), ['d', 'f']);
});

test('placeFolder replaces an empty folder, and throws EXISTS for anything else', async (t) => {
  const folder = testFolder(t);
  const at = (name: string): string => path.join(folder, name);
  mkdirSync(at('full/x'), { recursive: true });
  writeFileSync(at('file'), OLD);
  mkdirSync(at('empty'));
  mkdirSync(at('new/x'), { recursive: true });
  for (const taken of ['full', 'file']) assert.throws(() => placeFolder(at('new'), at(taken)), hasCode('EXISTS'));
  placeFolder(at('new'), at('empty'));
  assert.deepEqual(readdirSync(folder).sort(), ['empty', 'file', 'full']);
  assert.deepEqual(readdirSync(at('empty')), ['x']);
});

test('a held folder gets its name and mode, unless something else has replaced it', async (t) => {
  const folder = testFolder(t);
  const at = (name: string): string => path.join(folder, name);
  {
    using held = new HeldFolder(at('held'));
    held.placeAt(at('placed'), 0o750);
  }
  assert.equal(fs.lstatSync(at('placed')).mode & 0o7777, 0o750);
  using held = new HeldFolder(at('held'));
  fs.renameSync(at('held'), at('moved'));
  mkdirSync(at('held'));
  assert.throws(() => held.placeAt(at('wrong'), 0o750), hasCode('IO'));
});
