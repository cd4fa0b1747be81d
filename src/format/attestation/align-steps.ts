// Compares the instructions of a Dockerfile with the commands of a history, and aligns the two sequences so that as many as possible match.
import type { Rest } from '#model';

/** An instruction or a command, in a form common to both: its keyword, and the rest on one line. */
export interface Command {
  readonly keyword: string;
  readonly text: string;
}

/** A command of the history, prepared for comparison. */
export interface HistoryCommand extends Command {
  /**
   * For a copy by Docker's classic builder, which records a hash in place of the source: the target, preceded by a space. Otherwise null.
   */
  readonly copiedTo: string | null;
}

/** An instruction, prepared for comparison. */
export interface ComparedStep extends Command {
  /**
   * The parts of an instruction's text before, between and after its `$VARIABLE`s, which the history replaces with values. Null if there
   * are no variables to replace.
   */
  readonly around: readonly string[] | null;
}

const VARIABLE = /\$(?:\{[^}]{0,200}\}|[A-Za-z_][A-Za-z0-9_]{0,99})/;

/** Prepares a command for comparison. */
export function historyCommand(command: Command): HistoryCommand {
  const copied = /^(?:file|multi|dir):[0-9a-f]{64} in (.*)$/.exec(command.text);
  return { ...command, copiedTo: copied === null ? null : ` ${(copied[1] ?? '').trim()}` };
}

/** Prepares an instruction for comparison. */
export function comparedStep(command: Command): ComparedStep {
  const around = command.keyword === 'RUN' ? [] : command.text.split(VARIABLE);
  return { ...command, around: around.length < 2 ? null : around };
}

/** Maximum number of units of work. A unit is the comparison of an instruction with a command, or work that takes about as long. */
const MAX_UNITS = 1_000_000;
/** Searching this many characters for a single one takes about as long as comparing an instruction with a command. */
const LETTERS_PER_UNIT = 1_024;

/** Limits the total work of comparing. */
export class ComparisonBudget {
  #left = MAX_UNITS;

  /** Reserves units for work about to be done. Once the budget has been exceeded, returns false for this and every later call. */
  take(units: number): boolean {
    this.#left -= units;
    return this.#left >= 0;
  }

  get isSpent(): boolean {
    return this.#left < 0;
  }
}

/**
 * Returns, for each command, the step that it matches in a longest common subsequence; if several are equally long, later steps win. Null
 * if the budget is too small. Throws what `rest` throws.
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

/** Finds the matches by walking back through the table of lengths. */
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

/** Whether replacing the variables of a pattern can yield the text. `around`: the text before, between and after the variables. */
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
