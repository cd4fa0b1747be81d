// Finds the instructions of a Dockerfile in an image's history, by their text: a guess, because any Dockerfile may have the same lines.
//
// What `created_by` keeps of an instruction depends on the builder:
//
//   BuildKit   RUN |1 VERSION=7 /bin/sh -c make # buildkit      COPY a /b # buildkit       (without --from, --mount, --link)
//   Docker     /bin/sh -c make                                  /bin/sh -c #(nop) COPY file:HASH in /b
//   kaniko     RUN make                                         COPY a /b
//
// The steps that made layers and the instructions that make layers are aligned as two sequences, so that as many as possible match.
import { joinRanges, type LineRange } from './build-steps.ts';
import { type Instruction, parseStages, type Stage, stageAt } from './dockerfile.ts';

/** Lines of a Dockerfile that may have made a layer. */
export interface GuessedLines {
  readonly lines: readonly LineRange[];
  /** Of the stage that the instruction copies from. */
  readonly from: readonly LineRange[];
  /** The name or number of the stage; null if the Dockerfile has only one. */
  readonly stage: string | null;
  /** What that stage is built on, as its FROM says. */
  readonly stageBase: string | null;
  /** Name or number, and base, of the stage that `from` is in; at most one. */
  readonly fromStages: readonly string[];
  readonly fromStageBases: readonly string[];
  readonly text: string;
  /** The lines of `from`. */
  readonly fromText: string;
}

const LAYER_MAKERS: ReadonlySet<string> = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR']);
/** Limit on instructions times steps; more are not aligned. */
const MAX_CELLS = 1_000_000;
/** How much of a text is compared. */
const MAX_TEXT = 4_000;

interface Step {
  readonly keyword: string;
  readonly text: string;
  readonly instruction: Instruction;
  readonly stage: number;
}

/**
 * Matches a Dockerfile's instructions to the commands that made an image's layers, bottom first. Returns a guess for each layer, null where
 * nothing matches. If there are several stages, the one that matches best is taken, or else the last.
 */
export function matchDockerfile(dockerfile: string, createdBy: readonly (string | null)[]): (GuessedLines | null)[] {
  const stages = parseStages(dockerfile);
  const commands = createdBy.map(normalCommand);
  let best: readonly (Step | null)[] = createdBy.map(() => null);
  let most = 0;
  let cells = 0;
  for (let target = stages.length - 1; target >= 0; target--) {
    const steps = stepsOf(stages, target);
    cells += steps.length * commands.length;
    if (cells > MAX_CELLS) break;
    const aligned = align(steps, commands);
    const count = aligned.filter((step) => step !== null).length;
    if (count > most) {
      most = count;
      best = aligned;
    }
  }
  const lines = dockerfile.split(/\r?\n/);
  return best.map((step) => (step === null ? null : guessOf(step, stages, lines)));
}

/** The instructions that make the layers of a stage: those of the stages that it is built on, then its own. */
function stepsOf(stages: readonly Stage[], target: number): Step[] {
  const chain: number[] = [];
  for (let at = target; at >= 0; ) {
    chain.unshift(at);
    const base = stages[at]?.base.toLowerCase();
    const below = stages
      .slice(0, at)
      .map(({ name }) => name === base)
      .lastIndexOf(true);
    at = below;
  }
  return chain.flatMap((stage) =>
    (stages[stage]?.instructions ?? [])
      .filter(({ keyword }) => LAYER_MAKERS.has(keyword))
      .map((instruction) => ({ ...normalInstruction(instruction), instruction, stage })),
  );
}

function guessOf({ instruction, stage }: Step, stages: readonly Stage[], lines: readonly string[]): GuessedLines {
  const [first, last] = instruction.lines;
  const wanted = /(?:^|\s)--(?:from=|mount=\S{0,200}from=)([^\s,]+)/.exec(instruction.text)?.[1]?.toLowerCase();
  const source =
    wanted === undefined ? undefined : stages.find(({ name }, index) => index < stage && (name === wanted || String(index) === wanted));
  const from = joinRanges((source?.instructions ?? []).filter(({ keyword }) => LAYER_MAKERS.has(keyword)).map((each) => each.lines));
  const own = stageAt(stages, first);
  const other = source === undefined || from.length === 0 ? null : stageAt(stages, source.from.lines[0]);
  const textOf = (ranges: readonly LineRange[]): string => ranges.flatMap(([start, end]) => lines.slice(start - 1, end)).join('\n');
  return {
    lines: [[first, last]],
    from,
    stage: own?.name ?? null,
    stageBase: own?.base ?? null,
    fromStages: other?.name ? [other.name] : [],
    fromStageBases: other?.name ? [other.base] : [],
    text: textOf([[first, last]]),
    fromText: textOf(from),
  };
}

interface Command {
  readonly keyword: string;
  readonly text: string;
}

function oneLine(text: string): string {
  return text.slice(0, MAX_TEXT).replace(/\s+/g, ' ').trim();
}

/** The instruction that a command of the history stands for. */
function normalCommand(createdBy: string | null): Command {
  let text = oneLine(createdBy ?? '').replace(/ # buildkit$/, '');
  const nop = /^(?:\/bin\/sh -c|cmd \/S \/C|powershell .{0,300}?) #\(nop\) ?/.exec(text);
  if (nop !== null) text = text.slice(nop[0].length).trim();
  else if (/^(?:\/bin\/sh -c|cmd \/S \/C|powershell) /.test(text)) text = `RUN ${text}`;
  const [, keyword = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(text) ?? [];
  if (keyword !== 'RUN') return { keyword, text: rest };
  return { keyword, text: withoutShell(rest.replace(/^\|\d{1,4} .*?(?= \/bin\/(?:[a-z]{0,8}sh) )/, '').trim()) };
}

/** A command without the shell that runs it: `/bin/bash -o pipefail -c`. */
function withoutShell(text: string): string {
  return text.replace(/^\/(?:usr\/)?bin\/[a-z]{0,8}sh (?:-[a-z]{1,9} (?:pipefail )?){1,4}/, '').trim();
}

/** An instruction as BuildKit writes it to the history. */
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

/** What an instruction runs or copies: for a RUN that is only a here-document, its lines. */
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

function isSame(step: Command, command: Command): boolean {
  if (step.keyword !== command.keyword) return false;
  if (step.text === command.text) return true;
  // Docker's classic builder has a hash in place of what is copied.
  const copied = /^(?:file|multi|dir):[0-9a-f]{64} in (.*)$/.exec(command.text);
  if (copied !== null) return step.text.endsWith(` ${(copied[1] ?? '').trim()}`);
  return step.keyword !== 'RUN' && step.text.includes('$') && fitsPattern(step.text, command.text);
}

/** Whether a text may result from a pattern by replacing its `$VARIABLE`s. */
function fitsPattern(pattern: string, text: string): boolean {
  const parts = pattern.split(/\$(?:\{[^}]{0,200}\}|[A-Za-z_][A-Za-z0-9_]{0,99})/);
  const [head = ''] = parts;
  const tail = parts.at(-1) ?? '';
  if (parts.length < 2 || text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - tail.length;
}

/** For each command, the step that it matches in a longest common subsequence; among equal ones, the later steps. */
function align(steps: readonly Step[], commands: readonly Command[]): (Step | null)[] {
  const width = commands.length + 1;
  const lengths = new Uint32Array((steps.length + 1) * width);
  const same = new Uint8Array(steps.length * commands.length);
  for (let i = 0; i < steps.length; i++) {
    for (let j = 0; j < commands.length; j++) {
      const isEqual = isSame(steps[i] as Step, commands[j] as Command);
      same[i * commands.length + j] = isEqual ? 1 : 0;
      const above = lengths[i * width + j + 1] as number;
      const left = lengths[(i + 1) * width + j] as number;
      lengths[(i + 1) * width + j + 1] = isEqual ? (lengths[i * width + j] as number) + 1 : Math.max(above, left);
    }
  }
  const found: (Step | null)[] = commands.map(() => null);
  for (let i = steps.length, j = commands.length; i > 0 && j > 0; ) {
    if (same[(i - 1) * commands.length + j - 1] === 1) {
      found[j - 1] = steps[i - 1] as Step;
      i--;
      j--;
    } else if ((lengths[i * width + j - 1] as number) >= (lengths[(i - 1) * width + j] as number)) j--;
    else i--;
  }
  return found;
}
