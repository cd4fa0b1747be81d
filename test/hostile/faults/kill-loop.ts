// Kills each verb that writes at a random moment. The store must be in the state before or after the verb, running the verb again must
// succeed, and what the dead process left behind must be cleaned up.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { removeTree } from '#disk';
import { saveFile, verifyStore } from '#engine';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { copyPlace, makePlace, type Place } from './place.ts';
import { handWritten, readWithCache, VERBS, type Verb } from './verbs.ts';

const WORKER = path.join(import.meta.dirname, 'verb-worker.ts');

/** Factor by which a new process is slower than this one, whose code is warm. */
const SLOWER = 2;

/** A worker process that waits for the name of the verb to run. */
class VerbProcess {
  readonly #child: ChildProcess = spawn(process.execPath, [WORKER], { stdio: ['pipe', 'pipe', 'pipe'] });
  readonly #ended = new Promise<void>((resolve) => this.#child.once('close', () => resolve()));
  #said = '';
  #complained = '';
  #heard: () => void = () => {};

  constructor() {
    this.#child.stdin?.on('error', () => {});
    this.#child.stdout?.on('data', (bytes) => {
      this.#said += bytes;
      this.#heard();
    });
    this.#child.stderr?.on('data', (bytes) => {
      this.#complained += bytes;
    });
    void this.#ended.then(() => this.#heard());
  }

  async #until(word: string): Promise<void> {
    while (!this.#said.includes(word)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`a verb failed before it was killed: ${this.#complained}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  async begin(verb: string, place: Place): Promise<void> {
    await this.#until('ready\n');
    this.#child.stdin?.write(`${JSON.stringify({ verb, place })}\n`);
  }

  async finish(): Promise<void> {
    await this.#until('done\n');
    await this.kill();
  }

  /** Kills the process. Returns whether the verb was still running. */
  async kill(): Promise<boolean> {
    const wasDone = this.#said.includes('done\n');
    if (this.#child.exitCode !== null) throw new Error(`a verb failed before it was killed: ${this.#complained}`);
    await this.end();
    return !wasDone;
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

export interface KillFigures {
  readonly kills: number;
  readonly verbs: number;
  /** Number of kills while the verb was still running. */
  midway: number;
  before: number;
  after: number;
  /** Number of leftovers of killed processes that the next run removed. */
  swept: number;
}

/** An undisturbed verb's result. */
interface Known {
  readonly verb: Verb;
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly tookMs: number;
}

/** Kills the verbs one after another, `kills` times in all. Throws if anything is lost, wrong or left over. */
export async function killVerbs(folder: string, kills: number, names: readonly string[] = Object.keys(VERBS)): Promise<KillFigures> {
  const template = await makePlace(path.join(folder, 'template'));
  {
    // Leave a mount of a process that has ended.
    const worker = new VerbProcess();
    await worker.begin('an abandoned mount', template);
    await worker.finish();
  }
  const report = await readWithCache({ packed: template.packed, cache: path.join(folder, 'reference') });
  const known: Known[] = [];
  // With fewer kills than verbs, choose verbs spread over all of them.
  const chosen = names.filter(
    (_, at) => kills >= names.length || Math.floor((at * kills) / names.length) !== Math.floor(((at - 1) * kills) / names.length),
  );
  for (const name of chosen) {
    const verb = VERBS[name] as Verb;
    const place = copyPlace(template, path.join(folder, 'measured'));
    const before = await verb.result(place);
    const began = performance.now();
    await verb.run(place);
    const tookMs = performance.now() - began;
    known.push({ verb, name, before, after: await verb.result(place), tookMs });
    await removeTree(place.folder);
  }
  const figures: KillFigures = { kills, verbs: known.length, midway: 0, before: 0, after: 0, swept: 0 };
  let next = new VerbProcess();
  await using _next = { [Symbol.asyncDispose]: () => next.end() };
  for (let kill = 0; kill < kills; kill++) {
    const one = known[kill % known.length] as Known;
    const place = copyPlace(template, path.join(folder, `killed-${kill}`));
    const worker = next;
    next = new VerbProcess();
    await worker.begin(one.name, place);
    await delay(Math.random() * one.tookMs * SLOWER);
    if (await worker.kill()) figures.midway++;
    try {
      await look(one, place, report, figures);
    } catch (error) {
      throw new Error(`kill ${kill}, ${one.name}, in ${place.folder}`, { cause: error });
    }
    await removeTree(place.folder);
  }
  rmSync(template.folder, { recursive: true });
  return figures;
}

async function look({ verb, name, before, after }: Known, place: Place, report: string, figures: KillFigures): Promise<void> {
  const found = await verb.result(place);
  const isDone = same(found, after);
  assert.ok(
    isDone || same(found, before),
    `half-done: ${JSON.stringify(found)}, before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`,
  );
  if (isDone) figures.after++;
  else figures.before++;
  const driver = await PortableDriver.open(place.home);
  assert.deepEqual(await verifyStore(driver), [], 'the store is intact before anything is swept');
  if (name !== 'removal of a read-write layer') assert.equal(handWritten(place), 'by hand');
  figures.swept += leftIn(place).length;

  // The verb must succeed when it is run again.
  if (verb.isOnce !== true || !isDone || same(before, after)) await verb.run(place);
  // A verb killed after its last rename isn't run again. Something else must then write to the same folder, and so clean up.
  else await writeBeside(place);
  assert.deepEqual(await verb.result(place), after);
  await driver.cleanup();
  assert.equal(await readWithCache(place), report, 'the cache is correct');
  assert.equal(await readWithCache(place), report);
  assert.deepEqual(leftIn(place), [], 'nothing is left over');
  assert.deepEqual(await driver.leftovers(), []);
  assert.deepEqual(await verifyStore(driver), []);
  await hashBlobs(driver);
}

/** Writes a file to each folder that receives exports, and removes it. */
async function writeBeside({ out }: Place): Promise<void> {
  for (const folder of [out, path.join(out, 'new')]) {
    if (!existsSync(folder)) continue;
    const file = path.join(folder, 'beside');
    await saveFile(file, (async function* () {})(), { signal: new AbortController().signal });
    rmSync(file);
  }
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function listOf(...parts: readonly string[]): string[] {
  const folder = path.join(...parts);
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Lists what is left in a place: unfinished files, locks, mounts and private folders. */
export function leftIn({ home, out, cache }: Place): string[] {
  return [
    ...listOf(home, 'tmp').map((name) => `tmp/${name}`),
    ...listOf(home, 'mounts').map((name) => `mounts/${name}`),
    ...listOf(home).filter((name) => name.startsWith('lock')),
    ...listOf(out).filter((name) => name.startsWith('.')),
    ...listOf(out, 'new').filter((name) => name.startsWith('.')),
    ...listOf(cache).filter((name) => name !== 'index' && name !== 'spool'),
  ];
}

/** Checks that every blob has the digest in its name and that a layer or an image refers to it. */
async function hashBlobs(driver: PortableDriver): Promise<void> {
  const named = new Set<string | undefined>();
  for (const { id } of await driver.list()) named.add((await driver.metadata(id)).digest?.slice(7));
  for (const { root } of await driver.images.list()) for (const { digest } of root.blobs) named.add(digest.slice(7));
  for (const blob of listOf(driver.home, 'blobs', 'sha256')) {
    assert.ok(named.has(blob), `unnamed blob: ${blob}`);
    const bytes = readFileSync(path.join(driver.home, 'blobs', 'sha256', blob));
    assert.equal(createHash('sha256').update(bytes).digest('hex'), blob);
  }
}
