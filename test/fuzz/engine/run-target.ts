// Runs a target in a separate process with little memory and watches it, to find inputs that end the process or hang as well as those that
// throw.
import { type ChildProcess, fork } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inputName } from './finding.ts';
import type { LoopState } from './fuzz-loop.ts';
import type { ChildOrder, ChildReport } from './messages.ts';

/** The JavaScript heap's limit. */
const HEAP_MEGABYTES = 512;
const HANG_MS = 20_000;
const WATCH_MS = 500;
/** How long the process may take to end after its time is up. */
const LAST_MS = 30_000;
/** Maximum number of times that the process is started. It is started again if it ends unexpectedly. */
const MOST_STARTS = 6;
const NOBODY = 65_534;

const root = path.join(import.meta.dirname, '..', '..', '..');

export interface RunOptions {
  readonly target: string;
  readonly seconds: number;
  readonly seed: number;
  readonly inputs: number;
  readonly replay: string | null;
  /** Whether the target writes to disk and should run without root's rights. */
  readonly asOrdinaryUser: boolean;
  readonly log: (text: string) => void;
  /** Whether to write the inputs that caused findings below `out/fuzz`. Default true. */
  readonly keep?: boolean;
  /** How long an input may take before the process is killed. Default 20,000 ms, because the machine may be busy. */
  readonly hangMs?: number;
}

export interface RunResult extends LoopState {
  readonly findings: number;
}

/** Runs a target for a time, or on one input. Findings are counted in the result, not thrown. */
export async function runTarget(options: RunOptions): Promise<RunResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-fuzz-'));
  chmodSync(folder, 0o755);
  const run = new TargetRun(options, path.join(folder, 'current'));
  try {
    return await run.run();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class TargetRun {
  readonly #options: RunOptions;
  readonly #currentFile: string;
  readonly #keys = new Set<string>();
  #before: LoopState = { inputs: 0, covered: 0, corpus: 0 };
  #state: LoopState = { inputs: 0, covered: 0, corpus: 0 };

  constructor(options: RunOptions, currentFile: string) {
    this.#options = options;
    this.#currentFile = currentFile;
  }

  async run(): Promise<RunResult> {
    const untilMs = Date.now() + this.#options.seconds * 1000;
    const starts = this.#options.replay === null ? MOST_STARTS : 1;
    for (let start = 0; start < starts && (start === 0 || Date.now() < untilMs - 1000); start++) {
      if (await this.#once(untilMs, this.#options.seed + start)) break;
      this.#before = { ...this.#state };
    }
    return { ...this.#state, findings: this.#keys.size };
  }

  /** Runs the process once. Returns whether it ended as planned. */
  async #once(untilMs: number, seed: number): Promise<boolean> {
    writeFileSync(this.#currentFile, new Uint8Array(8));
    chmodSync(this.#currentFile, 0o666);
    const { target, inputs, replay } = this.#options;
    const order: ChildOrder = { target, seed, untilMs, inputs, replay, currentFile: this.#currentFile };
    const child = fork(path.join(root, 'test', 'fuzz', 'child.ts'), [JSON.stringify(order)], {
      execArgv: [`--max-old-space-size=${HEAP_MEGABYTES}`],
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      ...this.#rights(),
    });
    let errors = '';
    child.stderr?.on('data', (text: Buffer) => {
      errors = (errors + text.toString()).slice(-4000);
    });
    let isDone = false;
    child.on('message', (message: ChildReport) => {
      if (message.kind === 'found') this.#found(message.key, message.message, Buffer.from(message.input, 'base64'));
      else this.#take(message.state);
      isDone ||= message.kind === 'done';
    });
    const ended = await this.#watch(child, untilMs);
    if (ended.why !== null || !isDone) {
      const why = ended.why ?? `the process ended with ${ended.signal ?? `exit code ${ended.code}`}`;
      const detail = errors.split('\n').find((line) => /FATAL|Error/.test(line)) ?? '';
      this.#found(`${why} ${detail.replace(/\d+/g, 'N')}`, `${why}\n${errors.slice(-1500)}`, this.#current());
    }
    return isDone && ended.why === null;
  }

  #rights(): { uid?: number; gid?: number } {
    const isRoot = process.getuid?.() === 0;
    if (!isRoot || !this.#options.asOrdinaryUser) return {};
    if (canOthersRead(root)) return { uid: NOBODY, gid: NOBODY };
    this.#options.log('  as root: an ordinary user cannot read this checkout');
    return {};
  }

  /** Kills the process if it makes no progress. */
  #watch(child: ChildProcess, untilMs: number): Promise<{ why: string | null; code: number | null; signal: string | null }> {
    return new Promise((resolve) => {
      let why: string | null = null;
      const { hangMs = HANG_MS } = this.#options;
      let number = -1;
      let since = Date.now();
      const timer = setInterval(() => {
        const now = readFileSync(this.#currentFile).readUInt32LE(0);
        if (now !== number) {
          number = now;
          since = Date.now();
        }
        if (number > 0 && Date.now() > since + hangMs) why = `an input takes longer than ${hangMs / 1000} s`;
        else if (Date.now() > untilMs + LAST_MS) why = 'the process does not end';
        if (why !== null) child.kill('SIGKILL');
      }, WATCH_MS);
      child.once('error', (error) => {
        why = `the process could not be started: ${error.message}`;
      });
      child.once('close', (code, signal) => {
        clearInterval(timer);
        resolve({ why, code, signal });
      });
    });
  }

  #current(): Uint8Array {
    const kept = readFileSync(this.#currentFile);
    return kept.subarray(8, 8 + kept.readUInt32LE(4));
  }

  #take(state: LoopState): void {
    this.#state = { ...state, inputs: this.#before.inputs + state.inputs, covered: Math.max(this.#before.covered, state.covered) };
  }

  #found(key: string, message: string, input: Uint8Array): void {
    const { target, replay, log, keep = true } = this.#options;
    const isSmaller = this.#keys.has(key);
    this.#keys.add(key);
    let file = replay;
    if (file === null && keep) {
      const folder = path.join(root, 'out', 'fuzz', target);
      mkdirSync(folder, { recursive: true });
      file = path.relative(root, path.join(folder, inputName(input)));
      writeFileSync(path.join(root, file), input);
    }
    log(`  ${isSmaller ? 'the same, smaller' : 'FOUND'} in ${target}, ${input.length} bytes: ${message.trim().split('\n').join('\n    ')}`);
    if (file !== null) log(`    npm run fuzz -- ${target} --replay ${file}`);
  }
}

function canOthersRead(folder: string): boolean {
  for (let at = folder; ; at = path.dirname(at)) {
    const { mode } = statSync(at);
    if ((mode & 0o001) === 0 || (at === folder && (mode & 0o004) === 0)) return false;
    if (at === path.dirname(at)) return true;
  }
}
