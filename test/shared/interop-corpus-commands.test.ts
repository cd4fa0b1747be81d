// Every command on everything in ../shared/corpus: the right exit code, consistent output, and nothing left behind.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ArchiveReport, ImageReport } from '#model';
import { type CommandResult, type JsonLine, runCommand } from '../support/command-line.ts';
import { openFilesBelow, testFolder } from '../support/workbench.ts';

const corpus = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'corpus');

/** Returns files, and folders with an OCI layout. */
function inputs(): string[] {
  const names = readdirSync(corpus, { recursive: true, encoding: 'utf8' }).sort();
  return names.filter((name) => statSync(path.join(corpus, name)).isFile() || existsSync(path.join(corpus, name, 'oci-layout')));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: characters that no output may contain
const CONTROL = /[\0-\x09\x0b-\x1f\x7f-\x9f]/;

/** Checks what holds for every command and input. */
function assertWellBehaved(argv: readonly string[], { code, stdout, stderr, error }: CommandResult): void {
  const what = `${argv.join(' ')}: exit ${code}: ${stderr}`;
  assert.notEqual(error?.code, 'INTERNAL', `${what}${error?.stack}`);
  assert.ok([0, 1, 3].includes(code), what);
  assert.match(stderr, /^(layerscope: (warning|[A-Z_]+): [^\n]+\n)*$/, what);
  assert.doesNotMatch(stderr, CONTROL, what);
  if (argv[0] !== 'cat') assert.doesNotMatch(stdout, CONTROL, what);
  if (code === 3) assert.notEqual(stderr, '', what);
}

class Desk {
  readonly cache: string;
  readonly #counts = new Map<string, number>();

  constructor(cache: string) {
    this.cache = cache;
  }

  /** Runs a command and checks that its exit code is one of `codes`. */
  async run(argv: readonly string[], codes: readonly number[], cache: string | null = this.cache): Promise<CommandResult> {
    const result = await runCommand(argv, cache);
    assertWellBehaved(argv, result);
    assert.ok(codes.includes(result.code), `${argv.join(' ')}: exit ${result.code}: ${result.stderr}`);
    this.#counts.set(argv[0] ?? '', (this.#counts.get(argv[0] ?? '') ?? 0) + 1);
    return result;
  }

  async lines(argv: readonly string[], codes: readonly number[]): Promise<JsonLine[]> {
    const { stdout } = await this.run([...argv, '--json'], codes);
    const lines = stdout.split('\n');
    assert.equal(lines.pop(), '', argv.join(' '));
    return lines.map((line) => JSON.parse(line) as JsonLine);
  }

  count(command: string): number {
    return this.#counts.get(command) ?? 0;
  }
}

async function runOnImage(desk: Desk, file: string, image: ImageReport, sound: boolean, out: string): Promise<void> {
  const chosen = ['--image', String(image.index)];
  for (const { index, status, added, modified, removed, entries } of image.layers) {
    const layer = ['--layer', String(index)];
    const readable = status === 'present' ? [0] : status === 'damaged' ? [0, 3] : [3];
    const changes = await desk.lines(['changes', file, ...chosen, ...layer], readable);
    if (status === 'present') assert.equal(changes.length, added + modified + removed, `changes of layer ${index} of ${file}`);
    await desk.run(['changes', file, ...chosen, ...layer], readable);
    await desk.lines(['ls', file, ...chosen, ...layer], [0]);
    const raw = await desk.lines(['raw', file, ...chosen, ...layer], sound ? [0] : [0, 3]);
    if (sound) assert.equal(raw.filter(({ type }) => type !== 'global' && type !== 'other').length >= entries, true, `raw of ${file}`);
    await desk.run(['raw', file, ...chosen, ...layer], sound ? [0] : [0, 3]);
  }

  const view = await desk.lines(['ls', file, ...chosen], [0]);
  await desk.run(['ls', file, ...chosen], [0]);
  const typed = (line: JsonLine): string => `/${String(line.path)}`;
  // The first non-empty file under 10 MB, because some files claim many gigabytes.
  const [body] = view.filter(({ type, size }) => type === 'file' && Number(size) > 0 && Number(size) < 1e7);
  if (body !== undefined) {
    const { bytes, code } = await desk.run(['cat', file, typed(body), ...chosen], sound ? [0] : [0, 3]);
    if (code === 0) assert.equal(bytes.length, body.size, `cat of ${body.path} of ${file}`);
  }
  const [folder] = view.filter(({ type }) => type === 'directory');
  if (folder !== undefined) {
    const below = view.filter((line) => typed(line).startsWith(`${typed(folder)}/`));
    if (below.every(({ size }) => Number(size) < 1e7)) {
      const { code } = await desk.run(['export', file, typed(folder), '--to', out, ...chosen], sound ? [0] : [0, 3]);
      if (code === 0) assert.equal(readdirSync(out).length, 1);
      await desk.run(['ls', file, typed(folder), ...chosen], [0]);
    }
  }
  const reference = image.layers.length === 0 ? file : `${file}#${image.layers.length - 1}`;
  const same = await desk.lines(['diff', file, file, '--exit-code'], [0]);
  assert.deepEqual(same, [], file);
  await desk.run(['diff', file, reference, '--exit-code', ...chosen], [0]);
  await desk.run(['check', file, ...chosen], [0, 1]);
  await desk.run(['check', file, '--json', ...chosen], [0, 1]);
}

/** Redirects this process's temporary files to a test folder while the test runs. */
function ownTemporaryFolder(t: TestContext): string {
  const folder = testFolder(t);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  t.after(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  });
  return folder;
}

test('every command ends correctly on everything in the corpus, and leaves nothing behind', async (t) => {
  const outer = testFolder(t);
  const temporary = ownTemporaryFolder(t);
  const desk = new Desk(path.join(outer, 'cache'));
  const opened: string[] = [];
  const refused: string[] = [];
  for (const [number, name] of inputs().entries()) {
    const file = path.join(corpus, name);
    const cold = await desk.run(['inspect', file, '--json'], [0, 3]);
    if (cold.code === 3) {
      refused.push(name);
      assert.deepEqual([cold.stdout, cold.stderr.split('\n').length], ['', 2], name);
      for (const command of [
        ['changes', file, '--layer', '0'],
        ['ls', file],
        ['cat', file, '/x'],
        ['raw', file, '--layer', '0'],
        ['diff', file, file],
        ['check', file],
        ['export', file, '/', '--to', path.join(outer, 'refused')],
      ]) {
        const { stdout } = await desk.run(command, [3]);
        assert.equal(stdout, '', name);
      }
      continue;
    }
    opened.push(name);
    const warm = await desk.run(['inspect', file, '--json'], [0]);
    assert.equal(warm.stdout, cold.stdout, `${name}, with a warm cache`);
    const none = await desk.run(['inspect', file, '--json'], [0], null);
    assert.equal(none.stdout, cold.stdout, `${name}, without the cache`);
    const report = JSON.parse(cold.stdout) as ArchiveReport;
    const sound = report.findings.every(({ severity }) => severity === 'note');
    await desk.run(['inspect', file, '--verify'], [0]);
    for (const image of report.images) {
      const out = path.join(outer, `out-${number}-${image.index}`);
      mkdirSync(out);
      await runOnImage(desk, file, image, sound, out);
      assert.deepEqual(
        readdirSync(out).filter((left) => left.startsWith('.layerscope-')),
        [],
      );
    }
  }
  assert.ok(opened.length >= 70, `${opened.length} opened`);
  for (const command of ['inspect', 'changes', 'ls', 'cat', 'raw', 'diff', 'check', 'export'])
    assert.ok(desk.count(command) >= 30, command);
  assert.ok(!existsSync(path.join(outer, 'refused')), 'refused exports created no folder');
  assert.deepEqual(readdirSync(temporary), [], 'temporary files');
  assert.deepEqual(openFilesBelow(corpus) ?? [], [], 'open files');
  assert.deepEqual(openFilesBelow(outer) ?? [], [], 'open files of the cache');
  // The cache may contain only this user's key, indexes, records of hashes, completely or partly unpacked layers and their checksums, each
  // under its key, but no process's private folder and no unfinished file.
  const kept = /^(index|spool|index\/tables\.key|index\/[0-9a-f]{40}\.(idx|ok)|spool\/[0-9a-f]{40}\.(tar|part|sum))$/;
  const others = readdirSync(desk.cache, { recursive: true, encoding: 'utf8' }).filter((name) => !kept.test(name));
  assert.deepEqual(others, [], 'unfinished files of the cache');
});
