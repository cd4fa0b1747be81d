// Finds the instructions of a Dockerfile in an image's history, by their text: a guess, because any Dockerfile may have the same lines.
//
// What `created_by` keeps of an instruction depends on the builder:
//
//   BuildKit   RUN |1 VERSION=7 /bin/sh -c make # buildkit      COPY a /b # buildkit       (without --from, --mount, --link)
//   Docker     /bin/sh -c make                                  /bin/sh -c #(nop) COPY file:HASH in /b
//   kaniko     RUN make                                         COPY a /b
import type { Rest } from '#model';
import {
  align,
  type Command,
  type ComparedStep,
  ComparisonBudget,
  comparedStep,
  type HistoryCommand,
  historyCommand,
} from './align-steps.ts';
import { joinRanges, type LineRange } from './build-steps.ts';
import { type Instruction, parseStages, type Stage, stageWords } from './dockerfile.ts';

/** Lines of a Dockerfile that may have made a layer. */
export interface GuessedLines {
  readonly lines: readonly LineRange[];
  /** Lines of the stage that the instruction copies from. */
  readonly from: readonly LineRange[];
  /** Name or number of the stage that contains `lines`; null if it is the Dockerfile's only stage. */
  readonly stage: string | null;
  /** What `stage` is based on, according to its FROM. */
  readonly stageBase: string | null;
  /** Name or number of the stage that contains the lines in `from`; empty if there are none. */
  readonly fromStages: readonly string[];
  /** What that stage is based on; empty if there are no lines in `from`. */
  readonly fromStageBases: readonly string[];
  readonly text: string;
  /** Text of the lines in `from`. */
  readonly fromText: string;
}

const LAYER_MAKERS: ReadonlySet<string> = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR']);
/** Maximum length of the text that is compared, for an instruction or a command. */
const MAX_TEXT = 4_000;
/** Limit on the total length of the lines that guesses include from other stages; each range counts as a few characters more. */
const MAX_FROM_LETTERS = 4_000_000;
const LETTERS_PER_RANGE = 16;
const ITEMS_A_TURN = 100;

interface Step extends ComparedStep {
  readonly instruction: Instruction;
  readonly stage: number;
}

/**
 * Matches a Dockerfile's instructions to the commands that made an image's layers, bottom first. Returns a guess for each layer, null where
 * nothing matches. If there are several stages, uses the one that matches best, or the last of those that match equally well. If comparing
 * all stages would take too long, only the last ones are compared. Throws what `rest` throws.
 */
export async function matchDockerfile(
  dockerfile: string,
  createdBy: readonly (string | null)[],
  rest: Rest,
): Promise<(GuessedLines | null)[]> {
  const stages = parseStages(dockerfile);
  const commands: HistoryCommand[] = [];
  for (const each of createdBy) {
    commands.push(historyCommand(normalCommand(each)));
    if (commands.length % ITEMS_A_TURN === 0) await rest();
  }
  const best = await bestAlignment(new StageSteps(stages), commands, rest);
  const guesses = new Guesses(stages, dockerfile.split(/\r?\n/));
  const found: (GuessedLines | null)[] = [];
  for (const step of best) {
    found.push(step === null ? null : guesses.of(step));
    if (found.length % ITEMS_A_TURN === 0) await rest();
  }
  return found;
}

/** Returns the steps that match the commands, from the stage with the most matches. */
async function bestAlignment(steps: StageSteps, commands: readonly HistoryCommand[], rest: Rest): Promise<readonly (Step | null)[]> {
  let best: readonly (Step | null)[] = commands.map(() => null);
  let most = 0;
  const budget = new ComparisonBudget();
  for (let target = steps.count - 1; target >= 0 && budget.take(steps.sizeOf(target)); target--) {
    await rest();
    const aligned = await align(steps.of(target), commands, budget, rest);
    if (aligned === null) break;
    const count = aligned.filter((step) => step !== null).length;
    if (count > most) {
      most = count;
      best = aligned;
    }
  }
  return best;
}

/** The instructions that make each stage's layers: those of the stages that it is based on, then its own. */
class StageSteps {
  readonly #stages: readonly Stage[];
  /** By stage, the stage that it is based on; -1 for an image. */
  readonly #below: number[] = [];
  readonly #own = new Map<number, readonly Step[]>();
  readonly #sizes: number[] = [];

  constructor(stages: readonly Stage[]) {
    this.#stages = stages;
    const latest = new Map<string, number>();
    for (const [at, { name, base, instructions }] of stages.entries()) {
      const below = latest.get(base.toLowerCase()) ?? -1;
      this.#below.push(below);
      this.#sizes.push(1 + instructions.length + (this.#sizes[below] ?? 0));
      if (name !== null) latest.set(name, at);
    }
  }

  get count(): number {
    return this.#stages.length;
  }

  /** Returns the number of stages and instructions that {@link of} visits. */
  sizeOf(stage: number): number {
    return this.#sizes[stage] ?? 0;
  }

  of(stage: number): Step[] {
    const chain: number[] = [];
    for (let at = stage; at >= 0; at = this.#below[at] as number) chain.push(at);
    return chain.reverse().flatMap((at) => this.#ownOf(at));
  }

  #ownOf(stage: number): readonly Step[] {
    const known = this.#own.get(stage);
    if (known !== undefined) return known;
    const instructions = this.#stages[stage]?.instructions ?? [];
    const own = instructions
      .filter(makesLayer)
      .map((instruction) => ({ ...comparedStep(normalInstruction(instruction)), instruction, stage }));
    this.#own.set(stage, own);
    return own;
  }
}

function makesLayer({ keyword }: Instruction): boolean {
  return LAYER_MAKERS.has(keyword);
}

class Guesses {
  readonly #stages: readonly Stage[];
  readonly #lines: readonly string[];
  readonly #firstByName = new Map<string, number>();
  readonly #sources = new Map<number, Pick<GuessedLines, 'from' | 'fromText'>>();
  #left = MAX_FROM_LETTERS;

  constructor(stages: readonly Stage[], lines: readonly string[]) {
    this.#stages = stages;
    this.#lines = lines;
    for (const [at, { name }] of stages.entries()) if (name !== null && !this.#firstByName.has(name)) this.#firstByName.set(name, at);
  }

  of({ instruction, stage }: Step): GuessedLines {
    const [first, last] = instruction.lines;
    const source = this.#sourceOf(instruction, stage);
    const { from, fromText } = source === null ? NO_SOURCE : this.#linesFrom(source);
    const own = stageWords(this.#stages, stage);
    const other = source === null || from.length === 0 ? null : stageWords(this.#stages, source);
    return {
      lines: [[first, last]],
      from,
      stage: own?.name ?? null,
      stageBase: own?.base ?? null,
      fromStages: other?.name ? [other.name] : [],
      fromStageBases: other?.name ? [other.base] : [],
      text: this.#textOf([[first, last]]),
      fromText,
    };
  }

  /**
   * Returns the number of the stage that an instruction copies from or mounts; null if it doesn't name an earlier stage, by name or number.
   */
  #sourceOf({ text }: Instruction, stage: number): number | null {
    const wanted = /(?:^|\s)--(?:from=|mount=\S{0,200}from=)([^\s,]+)/.exec(text)?.[1]?.toLowerCase();
    if (wanted === undefined) return null;
    const byNumber = /^(?:0|[1-9]\d{0,5})$/.test(wanted) ? Number(wanted) : stage;
    const found = Math.min(this.#firstByName.get(wanted) ?? stage, byNumber);
    return found < stage ? found : null;
  }

  /** Returns the lines of a stage that make layers. Returns none once the text of all guesses is too long. */
  #linesFrom(stage: number): Pick<GuessedLines, 'from' | 'fromText'> {
    let found = this.#sources.get(stage);
    if (found === undefined) {
      const from = joinRanges((this.#stages[stage]?.instructions ?? []).filter(makesLayer).map(({ lines }) => lines));
      found = { from, fromText: this.#textOf(from) };
      this.#sources.set(stage, found);
    }
    this.#left -= found.fromText.length + LETTERS_PER_RANGE * found.from.length;
    return this.#left < 0 ? NO_SOURCE : found;
  }

  #textOf(ranges: readonly LineRange[]): string {
    return ranges.flatMap(([start, end]) => this.#lines.slice(start - 1, end)).join('\n');
  }
}

const NO_SOURCE: Pick<GuessedLines, 'from' | 'fromText'> = { from: [], fromText: '' };

function oneLine(text: string): string {
  return text.slice(0, MAX_TEXT).replace(/\s+/g, ' ').trim();
}

/** Turns a command of the history into the instruction that it stands for. */
function normalCommand(createdBy: string | null): Command {
  let text = oneLine(createdBy ?? '').replace(/ # buildkit$/, '');
  const nop = /^(?:\/bin\/sh -c|cmd \/S \/C|powershell .{0,300}?) #\(nop\) ?/.exec(text);
  if (nop !== null) text = text.slice(nop[0].length).trim();
  else if (/^(?:\/bin\/sh -c|cmd \/S \/C|powershell) /.test(text)) text = `RUN ${text}`;
  const [, keyword = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(text) ?? [];
  if (keyword !== 'RUN') return { keyword, text: rest };
  return { keyword, text: withoutShell(rest.replace(/^\|\d{1,4} .*?(?= \/bin\/(?:[a-z]{0,8}sh) )/, '').trim()) };
}

/** Removes the shell from the beginning of a command: `/bin/bash -o pipefail -c`. */
function withoutShell(text: string): string {
  return text.replace(/^\/(?:usr\/)?bin\/[a-z]{0,8}sh (?:-[a-z]{1,9} (?:pipefail )?){1,4}/, '').trim();
}

/** Formats an instruction as BuildKit writes it to the history. */
function normalInstruction(instruction: Instruction): Command {
  const { keyword } = instruction;
  const plain = oneLine(commandOf(instruction)).replace(/^(?:--[a-z]+(?:=\S*)? ){1,20}/, (flags) =>
    flags
      .split(' ')
      .filter((flag) => /^--(?:chown|chmod|parents)/.test(flag))
      .map((flag) => `${flag} `)
      .join(''),
  );
  const list = plain.startsWith('[') ? textsOf(plain) : null;
  const words = list === null ? plain : list.join(' ');
  return { keyword, text: keyword === 'RUN' ? withoutShell(oneLine(words)) : oneLine(words) };
}

/** Returns what an instruction runs or copies. For a RUN that is only a here-document, that is the document's lines. */
function commandOf({ keyword, text }: Instruction): string {
  const end = text.indexOf('\n');
  if (end < 0) return text;
  if (keyword !== 'RUN') return text.slice(0, end);
  return /^<<-?\S{1,100}$/.test(text.slice(0, end)) ? text.slice(end + 1) : text;
}

function textsOf(json: string): string[] | null {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : null;
  } catch {
    return null;
  }
}
