// Compares the instructions of a Dockerfile with the commands of a history, and aligns them as two sequences, so that as many as possible
// match.
import type { Rest } from '#model';

/** An instruction, or the command that stands for it: its keyword and the rest on one line. */
export interface Command {
  readonly keyword: string;
  readonly text: string;
}

/** What is compared with instructions. */
export interface HistoryCommand extends Command {
  /** For Docker's classic builder, which has a hash in place of what is copied: the target, with a space before it. */
  readonly copiedTo: string | null;
}

/** What is compared with commands. */
export interface ComparedStep extends Command {
  /** The texts between the `$VARIABLE`s of an instruction whose command has values in their place; null if it has none. */
  readonly around: readonly string[] | null;
}

const VARIABLE = /\$(?:\{[^}]{0,200}\}|[A-Za-z_][A-Za-z0-9_]{0,99})/;

/** Makes a command ready to be compared. */
export function historyCommand(command: Command): HistoryCommand {
  const copied = /^(?:file|multi|dir):[0-9a-f]{64} in (.*)$/.exec(command.text);
  return { ...command, copiedTo: copied === null ? null : ` ${(copied[1] ?? '').trim()}` };
}

/** Makes an instruction ready to be compared. */
export function comparedStep(command: Command): ComparedStep {
  const around = command.keyword === 'RUN' ? [] : command.text.split(VARIABLE);
  return { ...command, around: around.length < 2 ? null : around };
}

/** Limit on instructions times steps, or what takes as long. */
const MAX_UNITS = 1_000_000;
/** Searching for a text of one letter in that many takes about as long as comparing an instruction with a command. */
const LETTERS_PER_UNIT = 1_024;

/** What may be compared in all. */
export class ComparisonBudget {
  #left = MAX_UNITS;

  /** Counts what is about to be done. Returns whether it may be, ever after false if not. */
  take(units: number): boolean {
    this.#left -= units;
    return this.#left >= 0;
  }

  get isSpent(): boolean {
    return this.#left < 0;
  }
}

/**
 * For each command, the step that it matches in a longest common subsequence; among equal ones, the later steps. Null if that would take
 * more than the budget has. Throws what `rest` throws.
 */
export async function align<T extends ComparedStep>(
  steps: readonly T[],
  commands: readonly HistoryCommand[],
  budget: ComparisonBudget,
  rest: Rest,
): Promise<(T | null)[] | null> {
  if (!budget.take(steps.length * commands.length)) return null;
  const width = commands.length + 1;
  const lengths = new Uint32Array((steps.length + 1) * width);
  const same = new Uint8Array(steps.length * commands.length);
  for (let i = 0; i < steps.length; i++) {
    for (let j = 0; j < commands.length; j++) {
      const isEqual = isSame(steps[i] as T, commands[j] as HistoryCommand, budget);
      same[i * commands.length + j] = isEqual ? 1 : 0;
      const above = lengths[i * width + j + 1] as number;
      const left = lengths[(i + 1) * width + j] as number;
      lengths[(i + 1) * width + j + 1] = isEqual ? (lengths[i * width + j] as number) + 1 : Math.max(above, left);
    }
    await rest();
    if (budget.isSpent) return null;
  }
  return matchesOf(steps, commands.length, lengths, same);
}

/** Goes back through the table of lengths. */
function matchesOf<T>(steps: readonly T[], count: number, lengths: Uint32Array, same: Uint8Array): (T | null)[] {
  const width = count + 1;
  const found = new Array<T | null>(count).fill(null);
  for (let i = steps.length, j = count; i > 0 && j > 0; ) {
    if (same[(i - 1) * count + j - 1] === 1) {
      found[j - 1] = steps[i - 1] as T;
      i--;
      j--;
    } else if ((lengths[i * width + j - 1] as number) >= (lengths[(i - 1) * width + j] as number)) j--;
    else i--;
  }
  return found;
}

function isSame(step: ComparedStep, command: HistoryCommand, budget: ComparisonBudget): boolean {
  if (step.keyword !== command.keyword) return false;
  if (step.text === command.text) return true;
  if (command.copiedTo !== null) return step.text.endsWith(command.copiedTo);
  return step.around !== null && fitsPattern(step.around, command.text, budget);
}

/** Whether a text may result from a pattern by replacing its variables. `around`: the texts around these. */
function fitsPattern(around: readonly string[], text: string, budget: ComparisonBudget): boolean {
  const head = around[0] ?? '';
  const tail = around.at(-1) ?? '';
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  for (let part = 1; part < around.length - 1; part++) {
    const wanted = around[part] as string;
    if (!budget.take(Math.ceil((wanted.length * (text.length - at)) / LETTERS_PER_UNIT))) return false;
    const found = text.indexOf(wanted, at);
    if (found < 0) return false;
    at = found + wanted.length;
  }
  return at <= text.length - tail.length;
}
