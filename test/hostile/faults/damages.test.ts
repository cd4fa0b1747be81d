// Damages files of a store and a cache in every part and in every way. The result must be an error with a code or a rebuilt file, never a
// wrong answer. Nothing hangs, and nothing intact is lost.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { removeTree } from '#disk';
import { importLayerTar, verifyStore } from '#engine';
import { LayerscopeError } from '#model';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { testFolder } from '../../support/workbench.ts';
import { copyPlace, makePlace, type Place, takeIn } from './place.ts';
import { readWithCache } from './verbs.ts';

/** LAYERSCOPE_FAULT_WRITES=1: damages more offsets of each file. */
const ALL = process.env.LAYERSCOPE_FAULT_WRITES === '1';
const PLACES = ALL ? 24 : 2;
const SMALL = { files: 4, bigBytes: 80_000 };

interface Damage {
  readonly how: string;
  readonly to: (file: string) => void;
}

function damagesOf(bytes: Buffer): Damage[] {
  const places = [
    0,
    1,
    ...Array.from({ length: PLACES }, (_, at) => Math.floor(((at + 1) * bytes.length) / (PLACES + 1))),
    bytes.length - 1,
  ];
  const put = (how: string, changed: Uint8Array): Damage => ({ how, to: (file) => writeFileSync(file, changed) });
  const flipped = (at: number) => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] as number) ^ (1 << (at % 8));
    return copy;
  };
  return [
    ...places.map((at) => put(`cut off at ${at}`, bytes.subarray(0, at))),
    ...places.map((at) => put(`a bit flipped in byte ${at}`, flipped(at))),
    ...places.map((at) => put(`zeros from ${at}`, Buffer.concat([bytes.subarray(0, at), Buffer.alloc(bytes.length - at)]))),
    put('made longer', Buffer.concat([bytes, Buffer.alloc(512)])),
    { how: 'gone', to: (file) => rmSync(file) },
    {
      how: 'a folder',
      to: (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    },
    ...(process.platform === 'win32'
      ? []
      : [
          {
            how: 'a pipe',
            to: (file: string) => {
              rmSync(file);
              execFileSync('mkfifo', ['-m', '600', file]);
            },
          },
        ]),
  ];
}

/**
 * Returns all damages, or a selection that varies by file but always includes the last three, which replace the file with something else.
 */
function chosenOf(bytes: Buffer, which: number): Damage[] {
  const all = damagesOf(bytes);
  return ALL ? all : all.filter((_, at) => (at + which) % 8 === 0 || at >= all.length - 3);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => lstatSync(file).isFile())
    .sort();
}

test('a damaged cache file is treated as missing', async (t: TestContext) => {
  const folder = testFolder(t);
  const place = await makePlace(path.join(folder, 'place'), SMALL);
  const report = await readWithCache(place);
  const files = filesBelow(place.cache);
  assert.ok(
    files.some((file) => file.endsWith('.tar')) &&
      files.some((file) => file.endsWith('.idx')) &&
      files.some((file) => file.endsWith('.sum')),
  );
  let damages = 0;
  const whole = new Map(files.map((file) => [file, readFileSync(file)]));
  for (const [which, [file, bytes]] of [...whole].entries()) {
    for (const { how, to } of chosenOf(bytes, which)) {
      // A damaged file may have led to changes in others: restore them all.
      for (const [other, content] of whole) writeFileSync(other, content, { mode: 0o600 });
      to(file);
      assert.equal(await readWithCache(place), report, `${path.basename(file)}: ${how}`);
      damages++;
      await removeTree(file);
    }
  }
  t.diagnostic(`${damages} damages to ${files.length} cache files, no wrong answer`);
});

/** Returns everything that a store reports: its layers' changes, and its mounted image's files. Errors are returned as codes. */
async function storeSays(place: Place): Promise<Map<string, string>> {
  const said = new Map<string, string>();
  const tell = async (what: string, work: () => Promise<unknown>) => {
    try {
      said.set(what, JSON.stringify(await work()));
    } catch (error) {
      assert.ok(error instanceof LayerscopeError, `${what}: ${(error as Error).stack}`);
      assert.notEqual(error.code, 'INTERNAL', error.message);
      said.set(what, `!${error.code}`);
    }
  };
  await tell('open', async () => (await PortableDriver.open(place.home)).name);
  if (said.get('open')?.startsWith('!')) return said;
  const driver = await PortableDriver.open(place.home);
  for (const id of ['base', 'spare', 'run', 'fresh']) {
    await tell(`changes of ${id}`, async () => {
      const changes: string[] = [];
      for await (const { kind, path: changed } of driver.changes(id)) changes.push(`${kind} ${changed}`);
      return changes.sort();
    });
  }
  await tell('kept:1', async () => {
    const top = (await driver.images.list()).find(({ names }) => names.includes('kept:1'))?.layers.at(-1);
    if (top === undefined) throw new LayerscopeError('NOT_FOUND', 'no image');
    await using mount = await driver.mount(top);
    return filesBelow(mount.path).map((file) => [path.relative(mount.path, file), readFileSync(file, 'latin1').slice(0, 100)]);
  });
  return said;
}

test('a damaged store file is reported or rebuilt, and intact files stay', async (t: TestContext) => {
  const folder = testFolder(t);
  const template = await makePlace(path.join(folder, 'template'), SMALL);
  // The intact store is read from a copy, too, like the damaged stores. A copy has new ctimes, and file times determine which files of a
  // read-write layer have changed.
  const honest = await storeSays(copyPlace(template, path.join(folder, 'honest')));
  assert.ok(
    [...honest.values()].every((said) => !said.startsWith('!')),
    JSON.stringify([...honest]),
  );
  let damages = 0;
  let errors = 0;
  const names = filesBelow(template.home).map((file) => path.relative(template.home, file));
  for (const name of names.filter((known) => !known.startsWith(path.join('written', 'run', 'root')) && !isStray(template, known))) {
    const place = copyPlace(template, path.join(folder, 'damaged'));
    const bytes = readFileSync(path.join(template.home, name));
    for (const { how, to } of chosenOf(bytes, names.indexOf(name))) {
      const what = `${name}: ${how}`;
      const file = path.join(place.home, name);
      to(file);
      damages++;
      const said = await storeSays(place);
      for (const [question, answer] of said) {
        if (answer.startsWith('!')) errors++;
        else if (!isAllowed(name, question)) assert.equal(answer, honest.get(question), `${what}: ${question}`);
      }
      const others = names.filter((known) => known !== name && known.startsWith('blobs'));
      // Verbs that write and clean up may fail, but must not remove blobs that something may still refer to.
      for (const work of [
        async () => (await PortableDriver.open(place.home)).cleanup(),
        async () => takeIn(await PortableDriver.open(place.home), place.kept),
        async () =>
          importLayerTar(await PortableDriver.open(place.home), { id: `new${damages}`, parent: null, tar: { file: place.layer } }),
      ]) {
        await work().catch((error: unknown) => {
          assert.ok(error instanceof LayerscopeError && error.code !== 'INTERNAL', `${what}: ${(error as Error).stack}`);
        });
      }
      const gone = others.filter(
        (known) => !existsSync(path.join(place.home, known)) && !isStray(template, known) && !isRemoved(name, how),
      );
      assert.deepEqual(gone, [], `${what}: removed`);
      if (isRemoved(name, how)) {
        await removeTree(place.folder);
        copyPlace(template, place.folder);
        continue;
      }
      await removeTree(file);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, bytes, { mode: 0o600 });
      const driver = await PortableDriver.open(place.home);
      assert.deepEqual(await verifyStore(driver), [], what);
      for (const { id } of await driver.list()) if (id.startsWith('new')) await driver.remove(id);
    }
    await removeTree(place.folder);
  }
  t.diagnostic(`${damages} damages to ${names.length} store files: ${errors} answers were errors, none was wrong, nothing was lost`);
});

/** Whether a wrong answer is allowed: a record's parent and a snapshot of files have no digest, so a plausible change can't be detected. */
function isAllowed(name: string, question: string): boolean {
  if (name === 'index.json') return question === 'kept:1';
  if (name.startsWith(path.join('layers', ''))) return question === `changes of ${path.basename(name, '.json')}`;
  return name.endsWith('snapshot') && question === `changes of ${path.basename(path.dirname(name))}`;
}

/** Whether the damage removes a layer: without its record, a layer counts as removed, so cleanup may also remove its blobs. */
function isRemoved(name: string, how: string): boolean {
  return how === 'gone' && name.startsWith(path.join('layers', ''));
}

/** Whether a blob is unreferenced, so that cleanup may remove it. */
function isStray({ home }: Place, name: string): boolean {
  if (!name.startsWith('blobs')) return false;
  const hex = path.basename(name);
  return (
    !filesBelow(home).some((file) => (file.endsWith('.json') ? readFileSync(file, 'utf8').includes(hex) : false)) &&
    !isNamedInBlobs(home, hex)
  );
}

function isNamedInBlobs(home: string, hex: string): boolean {
  return filesBelow(path.join(home, 'blobs')).some((file) => lstatSync(file).size < 10_000 && readFileSync(file, 'utf8').includes(hex));
}
