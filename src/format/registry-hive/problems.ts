/** Problems that don't prevent a hive from being read. */
export type HiveProblemCode =
  | 'log-short'
  | 'bins-stated'
  | 'bins-missing'
  | 'bin-damaged'
  | 'cell-damaged'
  | 'list-damaged'
  | 'count-differs'
  | 'key-damaged'
  | 'key-twice'
  | 'values-damaged'
  | 'value-damaged'
  | 'data-damaged'
  | 'class-damaged'
  | 'security-damaged';

export interface HiveProblem {
  /** Path of the key, or of its parent if the key itself is damaged; null for problems that don't concern a key. */
  readonly path: string | null;
  readonly code: HiveProblemCode;
  readonly message: string;
}

/** Why a part of a hive can't be read. Returned rather than thrown, because a damaged hive may have a hundred thousand such parts. */
export class Damage {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

export function hex(offset: number): string {
  return `0x${offset.toString(16)}`;
}

/** Maximum number of problems. A hive that was truncated in the middle has fewer. */
const MAX_PROBLEMS = 100_000;
/** Limit on the total length of paths; each problem in a hostile hive may have a path of 32,767 characters. */
const MAX_PATH_CHARACTERS = 32 * 1024 * 1024;

/** The problems of one hive. Reading stops once the list is full. */
export class ProblemList {
  readonly #problems: HiveProblem[];
  #characters = 0;

  /** `from`: initial problems. */
  constructor(from?: ProblemList) {
    this.#problems = from === undefined ? [] : [...from.#problems];
    this.#characters = from === undefined ? 0 : from.#characters;
  }

  add(path: string | null, code: HiveProblemCode, message: string): void {
    if (this.isFull) return;
    this.#problems.push({ path, code, message });
    this.#characters += path?.length ?? 0;
    if (!this.isFull) return;
    const what = this.#problems.length >= MAX_PROBLEMS ? `${MAX_PROBLEMS} problems` : 'can be kept of problems in long paths';
    this.#problems.push({ path: null, code: 'cell-damaged', message: `more than ${what}: the rest is not read` });
  }

  get count(): number {
    return this.#problems.length;
  }

  get isFull(): boolean {
    return this.#problems.length >= MAX_PROBLEMS || this.#characters > MAX_PATH_CHARACTERS;
  }

  /** Sorts by path, with problems that don't concern a key first, then by code. */
  sorted(): HiveProblem[] {
    return [...this.#problems].sort((a, b) => compareTexts(a.path, b.path) || compareTexts(a.code, b.code));
  }
}

function compareTexts(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}
