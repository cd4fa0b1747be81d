// The fuzzing loop: changes known inputs, and keeps those that run new code, to change them again.
import { Coverage } from './coverage.ts';
import { type Found, foundBy } from './finding.ts';
import { mutateBytes } from './mutate.ts';
import { Random } from './random.ts';
import { shrink } from './shrink.ts';
import type { Session, Target } from './target.ts';

/** CPU time in ms above which an input is a finding. */
const SLOW_MS = 3_000;
/** Resident memory above which an input is a finding. */
const MOST_RESIDENT_BYTES = 1_500_000_000;
const MAX_BYTES = 64 * 1024;
/** Maximum number of findings in one run; duplicates are not reported. */
const MOST_FINDINGS = 20;

export interface LoopOptions {
  readonly seed: number;
  readonly untilMs: number;
  /** Maximum number of inputs. */
  readonly inputs: number;
  /** Called before each input, so that the input is known if the process ends while running it. */
  readonly before: (input: Uint8Array) => void;
  readonly onFound: (found: Found) => void;
  readonly onProgress: (state: LoopState) => void;
}

export interface LoopState {
  readonly inputs: number;
  readonly covered: number;
  readonly corpus: number;
}

export class FuzzLoop {
  readonly #target: Target;
  readonly #session: Session;
  readonly #options: LoopOptions;
  readonly #random: Random;
  readonly #coverage = new Coverage();
  readonly #corpus: Uint8Array[] = [];
  readonly #known = new Set<string>();
  #inputs = 0;
  #stray: unknown[] = [];

  constructor(target: Target, session: Session, options: LoopOptions) {
    this.#target = target;
    this.#session = session;
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  get state(): LoopState {
    return { inputs: this.#inputs, covered: this.#coverage.covered, corpus: this.#corpus.length };
  }

  async run(): Promise<void> {
    const onStray = (error: unknown): void => void this.#stray.push(error);
    process.on('unhandledRejection', onStray);
    process.on('uncaughtException', onStray);
    try {
      for (const seed of this.#target.seeds()) {
        await this.#try(seed);
        this.#coverage.look(true);
        this.#corpus.push(seed);
      }
      while (!this.#isOver()) await this.#batch();
    } finally {
      process.off('unhandledRejection', onStray);
      process.off('uncaughtException', onStray);
      this.#coverage[Symbol.dispose]();
    }
  }

  #isOver(): boolean {
    return Date.now() >= this.#options.untilMs || this.#inputs >= this.#options.inputs;
  }

  async #batch(): Promise<void> {
    const size = this.#target.batch ?? 32;
    const batch: Uint8Array[] = [];
    while (batch.length < size && !this.#isOver()) {
      const input = this.#next();
      batch.push(input);
      await this.#try(input);
    }
    if (size === 1) {
      if (this.#coverage.look(true) && batch[0] !== undefined) this.#corpus.push(batch[0]);
    } else if (this.#coverage.look(false)) {
      // Find out which input of the batch ran new code: run each alone, with counts.
      for (const input of batch) {
        await this.#try(input);
        if (this.#coverage.look(true)) this.#corpus.push(input);
      }
    }
    this.#options.onProgress(this.state);
  }

  #next(): Uint8Array {
    const random = this.#random;
    const [base, other] = [this.#choose(), this.#choose()];
    const { mutate, tokens, maxBytes = MAX_BYTES } = this.#target;
    let input = base;
    if (mutate !== undefined && random.chance(0.7)) {
      for (let times = random.length(4); times > 0; times--) input = mutate(input, random, other);
    }
    if (input === base || random.chance(0.1)) input = mutateBytes(input, random, other, tokens);
    return input.slice(0, maxBytes);
  }

  /** Picks a recent input half of the time, because code reached by recent inputs has been explored the least. */
  #choose(): Uint8Array {
    const from = this.#random.chance(0.5) ? Math.floor(this.#corpus.length * 0.8) : 0;
    return this.#corpus[from + this.#random.int(this.#corpus.length - from)] ?? new Uint8Array(0);
  }

  async #try(input: Uint8Array): Promise<void> {
    this.#inputs++;
    const found = await this.#found(input);
    if (found === null || this.#known.has(found.key) || this.#known.size >= MOST_FINDINGS) return;
    this.#known.add(found.key);
    this.#options.onFound(found);
    const smaller = await shrink(input, async (each) => (await this.#found(each))?.key === found.key);
    if (smaller.length < input.length) this.#options.onFound((await this.#found(smaller)) ?? found);
  }

  async #found(input: Uint8Array): Promise<Found | null> {
    this.#options.before(input);
    const start = process.cpuUsage();
    const copy = input.slice();
    try {
      const running = this.#session.run(copy);
      if (running !== undefined) {
        await running;
        // An unhandled rejection is reported after this turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      return foundBy(error, input);
    }
    const stray = this.#stray;
    if (stray.length > 0) {
      this.#stray = [];
      return foundBy(stray[0], input);
    }
    const { user, system } = process.cpuUsage(start);
    const ms = (user + system) / 1000;
    if (ms > SLOW_MS) return { key: 'slow', message: `${Math.round(ms)} ms of the processor for ${input.length} bytes`, input };
    // Measuring memory takes as long as running many inputs, so it is only done after slow inputs.
    if (ms > 30 && process.memoryUsage.rss() > MOST_RESIDENT_BYTES) {
      return { key: 'memory', message: `the process has grown to ${process.memoryUsage.rss()} bytes`, input };
    }
    return null;
  }
}
