// `npm run test:mutants [-- --list | --short | --only ID…]`: puts one fault at a time into a copy of the sources and runs the tests that
// should notice it (test/mutants). Those tests must first pass without a fault. The last line is `N of N killed`; exit code 0 only then.
// `--short`: a sample without Wine, for every commit.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { MUTANTS } from '../test/mutants/index.ts';
import type { Mutant } from '../test/mutants/mutant.ts';

const root = path.dirname(import.meta.dirname);
/**
 * Time limit for a test file, in ms. A fault that makes a test hang counts as noticed. But the test may only be slow on a busy machine, so
 * the list shows which tests timed out.
 */
const MOST_MS = 240_000;
const WINE = 'wine:';

type Outcome = 'passed' | 'failed' | 'late';
const WORDS: Readonly<Record<Outcome, string>> = { failed: 'killed  ', late: 'too long', passed: 'SURVIVES' };

interface Choice {
  readonly mutants: readonly Mutant[];
  readonly list: boolean;
}

function chosen(args: readonly string[]): Choice {
  const usage = (text: string): never => {
    console.error(`layerscope: USAGE: ${text}`);
    process.exit(2);
  };
  const [option, ...ids] = args;
  if (option === undefined) return { mutants: MUTANTS, list: false };
  if (option === '--only') {
    const unknown = ids.filter((id) => !MUTANTS.some((mutant) => mutant.id === id));
    if (ids.length === 0 || unknown.length > 0)
      usage(`--only needs ids of mutants${unknown.length > 0 ? `: unknown ${unknown.join(', ')}` : ''}`);
    return { mutants: MUTANTS.filter(({ id }) => ids.includes(id)), list: false };
  }
  if (ids.length > 0 || (option !== '--list' && option !== '--short')) usage('npm run test:mutants [-- --list | --short | --only ID…]');
  return { mutants: option === '--short' ? MUTANTS.filter(({ short }) => short === true) : MUTANTS, list: option === '--list' };
}

/** Throws unless every id is used once and every `search` occurs once in its file. */
function check(mutants: readonly Mutant[]): void {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { id, file, search, replace } of mutants) {
    if (seen.has(id)) problems.push(`${id}: the id is used twice`);
    seen.add(id);
    const count = existsSync(path.join(root, file)) ? readFileSync(path.join(root, file), 'utf8').split(search).length - 1 : 0;
    if (count !== 1) problems.push(`${id}: its text occurs ${count} times in ${file}`);
    if (search === replace) problems.push(`${id}: it changes nothing`);
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/** A copy of the files that the tests need. */
class Copy {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'layerscope-mutants-'));

  constructor() {
    for (const name of ['src', 'test', 'scripts', 'package.json', 'tsconfig.json', 'tsconfig.base.json', 'out/native']) {
      if (existsSync(path.join(root, name))) cpSync(path.join(root, name), path.join(this.folder, name), { recursive: true });
    }
    symlinkSync(path.join(root, 'node_modules'), path.join(this.folder, 'node_modules'));
  }

  /** Returns the outcome of the first test that doesn't pass, or `passed`. */
  async outcome(tests: readonly string[]): Promise<Outcome> {
    const plain = tests.filter((test) => !test.startsWith(WINE));
    // Runs each file directly in one process; the test runner would start another.
    const commands = plain.map((test) => [test]);
    for (const test of tests) if (test.startsWith(WINE)) commands.push(['scripts/test-wine.ts', test.slice(WINE.length)]);
    for (const command of commands) {
      const outcome = await this.#run(command);
      if (outcome !== 'passed') return outcome;
    }
    return 'passed';
  }

  #run(args: readonly string[]): Promise<Outcome> {
    const runner = process.env.LAYERSCOPE_WINE_NODE ?? path.join(root, '..', 'shared', 'tools', 'wine-node');
    const env = { ...process.env, LAYERSCOPE_WINE_NODE: runner, LAYERSCOPE_REQUIRE_WINE: '1' };
    const child = spawn(process.execPath, args, { cwd: this.folder, env, stdio: 'ignore', detached: true });
    return new Promise((resolve, reject) => {
      // Kills the entire process group, because tests start other processes.
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      }, MOST_MS);
      child.on('error', reject);
      child.on('close', (code) => {
        clearTimeout(timer);
        resolve(isLate ? 'late' : code === 0 ? 'passed' : 'failed');
      });
    });
  }

  async withFault({ file, search, replace, tests }: Mutant): Promise<Outcome> {
    const target = path.join(this.folder, file);
    const whole = readFileSync(target, 'utf8');
    writeFileSync(
      target,
      whole.replace(search, () => replace),
    );
    try {
      return await this.outcome(tests);
    } finally {
      writeFileSync(target, whole);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function line({ id, file, suite, what }: Mutant): string {
  return `${id.padEnd(4)} ${suite.padEnd(6)} ${file}: ${what}`;
}

async function run(mutants: readonly Mutant[]): Promise<number> {
  const copies = Array.from({ length: Math.min(4, availableParallelism(), mutants.length) }, () => new Copy());
  try {
    const tests = [...new Set(mutants.flatMap((mutant) => mutant.tests))].sort();
    console.log(`without a fault: ${tests.join(', ')}`);
    const without = await (copies[0] as Copy).outcome(tests);
    if (without !== 'passed') throw new Error(`without any fault the tests ${without === 'late' ? 'take too long' : 'fail'}`);
    const left = [...mutants];
    let killed = 0;
    await Promise.all(
      copies.map(async (copy) => {
        for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
          const outcome = await copy.withFault(mutant);
          if (outcome !== 'passed') killed++;
          console.log(`${WORDS[outcome]} ${line(mutant)}`);
        }
      }),
    );
    return killed;
  } finally {
    for (const copy of copies) copy[Symbol.dispose]();
  }
}

const { mutants, list } = chosen(process.argv.slice(2));
try {
  check(MUTANTS);
  if (list) for (const mutant of mutants) console.log(line(mutant));
  else {
    const killed = await run(mutants);
    console.log(`${killed} of ${mutants.length} killed`);
    process.exitCode = killed === mutants.length ? 0 : 1;
  }
} catch (error) {
  console.error(`test:mutants: ${(error as Error).message}`);
  process.exitCode = 1;
}
