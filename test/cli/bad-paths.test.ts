// Paths that lead to nothing, or to something other than what a command needs: every command says so in a sentence, with the path and a
// code.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lchownSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { removeTree } from '#disk';
import { listedCommands } from '../../src/cli/commands.ts';
import { runCommand } from '../support/command-line.ts';
import { hive, setBaseSum } from '../support/hive-builder.ts';
import { file, tar } from '../support/tar-builder.ts';
import { dockerArchive } from './run-cli.ts';

/** A place on a command line that takes a path. */
interface Slot {
  readonly name: string;
  /** What the path leads to: a file or folder to read, one to create, or a store's folder. */
  readonly kind: 'read' | 'file' | 'folder' | 'home';
  argv(at: string, bench: Bench): readonly string[];
}

interface Bench {
  readonly folder: string;
  readonly image: string;
  readonly hive: string;
  /** A store with one layer, and the layer's id. */
  readonly home: string;
  readonly id: string;
}

const ID = 'ab'.repeat(32);

const READING = ['inspect', 'ls', 'waste', 'breakdown', 'packages', 'config', 'hive', 'check'];
const SLOTS: readonly Slot[] = [
  ...READING.map((name): Slot => ({ name, kind: 'read', argv: (at) => [name, at] })),
  ...['changes', 'raw'].map((name): Slot => ({ name, kind: 'read', argv: (at) => [name, at, '--layer', '0'] })),
  ...['cat', 'why'].map((name): Slot => ({ name, kind: 'read', argv: (at) => [name, at, '/a'] })),
  { name: 'export', kind: 'read', argv: (at, { folder }) => ['export', at, '/', '--to', path.join(folder, 'never')] },
  { name: 'diff A', kind: 'read', argv: (at, { image }) => ['diff', at, image] },
  { name: 'diff B', kind: 'read', argv: (at, { image }) => ['diff', image, at] },
  { name: 'store import', kind: 'read', argv: (at, { home }) => ['store', 'import', at, '--home', home] },
  { name: 'store import --id', kind: 'read', argv: (at, { home }) => ['store', 'import', at, '--home', home, '--id', 'cd'.repeat(32)] },
  { name: 'hive --log', kind: 'read', argv: (at, { hive: of }) => ['hive', of, '--log', at] },
  { name: 'check --config', kind: 'read', argv: (at, { image }) => ['check', image, '--config', at] },
  { name: 'inspect --key', kind: 'read', argv: (at, { image }) => ['inspect', image, '--key', at] },
  { name: 'why --dockerfile', kind: 'read', argv: (at, { image }) => ['why', image, '/a', '--dockerfile', at] },
  { name: 'packages --sbom', kind: 'read', argv: (at, { image }) => ['packages', image, '--sbom', at] },
  { name: 'export --to', kind: 'folder', argv: (at, { image }) => ['export', image, '/', '--to', at] },
  { name: 'export a --to', kind: 'folder', argv: (at, { image }) => ['export', image, '/a', '--to', at] },
  { name: 'check --sarif', kind: 'file', argv: (at, { image }) => ['check', image, '--sarif', at] },
  { name: 'check --code-quality', kind: 'file', argv: (at, { image }) => ['check', image, '--code-quality', at] },
  { name: 'waste --to', kind: 'file', argv: (at, { image }) => ['waste', image, '--if', 'squash=0', '--to', at] },
  { name: 'store export --to', kind: 'file', argv: (at, { home, id }) => ['store', 'export', id, '--home', home, '--to', at] },
  {
    name: 'store export --format oci-archive --to',
    kind: 'file',
    argv: (at, { home, id }) => ['store', 'export', id, '--home', home, '--format', 'oci-archive', '--to', at],
  },
  { name: 'catalog index --to', kind: 'folder', argv: (at, { image }) => ['catalog', 'index', image, '--to', at] },
  { name: 'catalog query --from', kind: 'home', argv: (at) => ['catalog', 'query', 'select 1', '--from', at] },
  { name: 'store list --home', kind: 'home', argv: (at) => ['store', 'list', '--home', at] },
  { name: 'store import --home', kind: 'home', argv: (at, { image }) => ['store', 'import', image, '--home', at] },
  { name: 'inspect store: --home', kind: 'home', argv: (at) => ['inspect', `store:${ID}`, '--home', at] },
];

/** Options that take paths but can't be used on this system. */
const ELSEWHERE = new Set(['store --at']);

async function bench(t: TestContext): Promise<Bench> {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-paths-'));
  t.after(() => removeTree(folder));
  const image = path.join(folder, 'image.tar');
  writeFileSync(image, dockerArchive([[tar(file('a', 'x'))]]));
  const layer = path.join(folder, 'layer.tar');
  writeFileSync(layer, tar(file('a', 'x')));
  const dirty = path.join(folder, 'HIVE');
  const bytes = hive({ name: 'R' }, { sequence: [5, 5] });
  bytes.writeUInt32LE(6, 4);
  setBaseSum(bytes);
  writeFileSync(dirty, bytes);
  mkdirSync(path.join(folder, 'empty'));
  writeFileSync(path.join(folder, 'file'), 'neither a tar nor anything else');
  symlinkSync('loop', path.join(folder, 'loop'));
  const home = path.join(folder, 'home');
  const { code, stderr } = await runCommand(['store', 'import', layer, '--home', home, '--id', ID]);
  assert.equal(code, 0, stderr);
  return { folder, image, hive: dirty, home, id: ID };
}

/** Matches parts of the system's own messages, such as `EISDIR: illegal operation on a directory, read`. */
const SYSTEM_WORDS =
  /\bE(?!XISTS|ACH)[A-Z]{3,}\b|illegal operation|, (?:open|read|stat|lstat|scandir|mkdir|rename|write|realpath)\b|errno|syscall/;

function isPlain(name: string, at: string, { code, stderr }: { readonly code: number | null; readonly stderr: string }): void {
  const told = `${name} ${at.slice(0, 200)}: ${stderr.slice(0, 500)}`;
  assert.ok(code === 3 || code === 2, `exit ${code}: ${told}`);
  const [line = '', ...more] = stderr.trimEnd().split('\n');
  assert.deepEqual(more, [], told);
  assert.match(line, /^layerscope: [A-Z_]+: \S/, told);
  assert.doesNotMatch(line, SYSTEM_WORDS, told);
  assert.ok(line.includes(path.basename(at)) || line.includes(path.dirname(at)), `no path: ${told}`);
}

interface Situation {
  readonly name: string;
  at(folder: string): string;
  /** Matches the names of slots where such a path is not an error. */
  readonly fine?: RegExp;
}

const SITUATIONS: readonly Situation[] = [
  { name: 'nothing there', at: (folder) => path.join(folder, 'none'), fine: /--(to|sarif|code-quality|home)$/ },
  { name: 'no folder there', at: (folder) => path.join(folder, 'nowhere', 'none'), fine: /^(export|catalog).*--to|--home$/ },
  { name: 'a file in place of a parent folder', at: (folder) => path.join(folder, 'file', 'none') },
  { name: 'a folder', at: (folder) => path.join(folder, 'empty'), fine: /^(export|catalog).*--to|--home$/ },
  { name: 'a file', at: (folder) => path.join(folder, 'file'), fine: /--(sarif|code-quality|config|dockerfile|log)$/ },
  { name: 'a name that is too long', at: (folder) => path.join(folder, 'n'.repeat(300)) },
  { name: 'a path that is too long', at: (folder) => path.join(folder, 'n/'.repeat(3000), 'n') },
  { name: 'a link that loops', at: (folder) => path.join(folder, 'loop'), fine: /--(sarif|code-quality)$/ },
  { name: 'below a link that loops', at: (folder) => path.join(folder, 'loop', 'none') },
];

for (const { name, at, fine } of SITUATIONS) {
  test(`every command reports a wrong path: ${name}`, async (t) => {
    const made = await bench(t);
    const before = readdirSync(made.folder);
    for (const slot of SLOTS) {
      if (fine?.test(slot.name)) continue;
      const target = at(made.folder);
      isPlain(slot.name, target, await runCommand(slot.argv(target, made)));
      assert.deepEqual(readdirSync(made.folder), before, `${slot.name}: nothing is left behind`);
    }
  });
}

test('the table has every option that takes a path', async () => {
  for (const { spec } of await listedCommands()) {
    for (const [option, { value = '' }] of Object.entries(spec.options)) {
      if (!/\b(FILE|FOLDER)\b/.test(value) || ELSEWHERE.has(`${spec.name} --${option}`) || option === 'home') continue;
      assert.ok(
        SLOTS.some(({ name }) => name.startsWith(spec.name) && name.endsWith(`--${option}`)),
        `${spec.name} --${option}`,
      );
    }
  }
});

const NOBODY = 65_534;

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** The command that runs a program as an unprivileged user; none if this user is already unprivileged. */
const AS_NOBODY = process.getuid?.() === 0 ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'] : [];

/** Runs commands in one process as an unprivileged user. */
function runAsUser(commands: readonly (readonly string[])[], folder: string): Ended[] {
  const script = `
    import { runCommand } from ${JSON.stringify(pathToFileURL(path.join(import.meta.dirname, '..', 'support', 'command-line.ts')).href)};
    const ended = [];
    for (const argv of JSON.parse(process.argv[1])) {
      const { code, stderr } = await runCommand(argv);
      ended.push({ code, stderr });
    }
    console.log(JSON.stringify(ended));
  `;
  const [program = '', ...words] = [...AS_NOBODY, process.execPath, '--input-type=module', '-e', script, JSON.stringify(commands)];
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder };
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', env, cwd: folder, timeout: 120_000 });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Ended[];
}

function giveTree(at: string, uid: number): void {
  const stats = lstatSync(at);
  if (stats.isSymbolicLink()) lchownSync(at, uid, uid);
  else chownSync(at, uid, uid);
  if (stats.isDirectory()) for (const name of readdirSync(at)) giveTree(path.join(at, name), uid);
}

function canBecomeNobody(): boolean {
  if (process.platform === 'win32') return false;
  const [program = '', ...words] = [
    ...AS_NOBODY,
    process.execPath,
    '-e',
    `require('node:fs').accessSync(${JSON.stringify(import.meta.filename)})`,
  ];
  // Fails if the checkout is in a folder that only its owner may enter.
  return spawnSync(program, words).status === 0;
}

test('every command says so when it has no permission for a path', {
  skip: !canBecomeNobody() && 'this user cannot start the program as another',
}, async (t) => {
  const made = await bench(t);
  const { folder } = made;
  mkdirSync(path.join(folder, 'shut'));
  writeFileSync(path.join(folder, 'shut', 'inside'), 'x');
  writeFileSync(path.join(folder, 'secret'), 'x');
  if (process.getuid?.() === 0) giveTree(folder, NOBODY);
  chmodSync(path.join(folder, 'shut'), 0);
  chmodSync(path.join(folder, 'secret'), 0);
  const secret = path.join(folder, 'secret');
  const inside = path.join(folder, 'shut', 'inside');
  const cases = SLOTS.flatMap((slot) => (slot.kind === 'read' ? [secret, inside] : [inside]).map((at) => ({ slot, at })));
  const results = runAsUser(
    cases.map(({ slot, at }) => slot.argv(at, made)),
    folder,
  );
  assert.equal(results.length, cases.length);
  for (const [index, { slot, at }] of cases.entries()) {
    const result = results[index] ?? assert.fail();
    isPlain(slot.name, at, result);
    assert.match(result.stderr, /^layerscope: PERMISSION: /, slot.name);
  }
});
