// A Dockerfile as a list of instructions: where each begins and ends, and its text with continued lines joined.
//
//   # escape=`                  a directive at the top: the character that continues a line; otherwise \
//   RUN a \                     continued; comments and empty lines in between are skipped
//       b
//   RUN <<EOF                   a here-document: everything up to the line EOF belongs to the instruction; <<-EOF ignores leading tabs
//
// Source: docs.docker.com/reference/dockerfile; moby/buildkit frontend/dockerfile/parser.
import { type LineRange, MAX_DOCKERFILE_LINES } from './build-steps.ts';

const MAX_HEREDOCS = 16;

export interface Instruction {
  /** In upper case: `RUN`. */
  readonly keyword: string;
  /** Everything after the keyword, on one line, followed by the lines of any here-documents. */
  readonly text: string;
  readonly lines: LineRange;
}

/** A stage: its `FROM`, and the instructions that follow. */
export interface Stage {
  readonly name: string | null;
  /** The image or earlier stage that this stage is based on. */
  readonly base: string;
  readonly from: Instruction;
  readonly instructions: readonly Instruction[];
}

/** Splits a Dockerfile into stages, leaving out everything before the first FROM, such as ARG. Ignores lines after the first 50,000. */
export function parseStages(text: string): Stage[] {
  const stages: (Omit<Stage, 'instructions'> & { instructions: Instruction[] })[] = [];
  for (const instruction of parseInstructions(text)) {
    if (instruction.keyword === 'FROM') stages.push({ ...fromWords(instruction.text), from: instruction, instructions: [] });
    else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

/** A stage, as users refer to it. */
export interface StageWords {
  /** The stage's name, or else its number, counted from 0; null if it is the Dockerfile's only stage. */
  readonly name: string | null;
  /** The image or earlier stage that this stage is based on. */
  readonly base: string;
}

/** Returns the stage that contains a line; null for a line before the first stage. */
export function stageAt(stages: readonly Stage[], line: number): StageWords | null {
  let [low, high] = [0, stages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((stages[middle] as Stage).from.lines[0] <= line) low = middle + 1;
    else high = middle;
  }
  return stageWords(stages, low - 1);
}

/** Returns a stage's name and base, given its index; null if there is no such stage. */
export function stageWords(stages: readonly Stage[], index: number): StageWords | null {
  const stage = stages[index];
  return stage === undefined ? null : { name: stages.length < 2 ? null : (stage.name ?? String(index)), base: stage.base };
}

/** Parses what follows FROM: `--platform=… IMAGE AS NAME`. */
function fromWords(text: string): Pick<Stage, 'name' | 'base'> {
  const words = text.split(/\s+/).filter((word) => word !== '' && !word.startsWith('--'));
  return { base: words[0] ?? '', name: words[1]?.toLowerCase() === 'as' ? (words[2]?.toLowerCase() ?? null) : null };
}

function* parseInstructions(text: string): Generator<Instruction> {
  const lines = text.split(/\r?\n/, MAX_DOCKERFILE_LINES);
  const continuation = escapeOf(lines);
  for (let at = 0; at < lines.length; at++) {
    const first = at;
    if (isSkipped(lines[at] as string)) continue;
    const parts: string[] = [];
    for (; at < lines.length; at++) {
      const line = lines[at] as string;
      if (parts.length > 0 && isSkipped(line)) continue;
      const trimmed = line.trimEnd();
      if (!trimmed.endsWith(continuation)) {
        parts.push(line);
        break;
      }
      parts.push(trimmed.slice(0, -1));
    }
    const [, keyword = '', rest = ''] = /^\s*([A-Za-z]+)(?:\s(.*))?$/s.exec(parts.join('')) ?? [];
    const bodies: string[] = [];
    for (const { word, stripsTabs } of heredocsOf(keyword.toUpperCase(), rest)) {
      for (at++; at < lines.length; at++) {
        const line = stripsTabs ? (lines[at] as string).replace(/^\t+/, '') : (lines[at] as string);
        if (line === word) break;
        bodies.push(line);
      }
    }
    const last = Math.min(at, lines.length - 1);
    if (keyword !== '') {
      const joined = bodies.length === 0 ? rest.trim() : `${rest.trim()}\n${bodies.join('\n')}`;
      yield { keyword: keyword.toUpperCase(), text: joined, lines: [first + 1, last + 1] };
    }
  }
}

function isSkipped(line: string): boolean {
  const text = line.trimStart();
  return text === '' || text.startsWith('#');
}

/** Returns the character that continues lines, according to the directives at the top. */
function escapeOf(lines: readonly string[]): string {
  for (const line of lines) {
    const directive = /^#\s*([A-Za-z]+)\s*=\s*(\S+)\s*$/.exec(line);
    if (directive === null) break;
    if (directive[1]?.toLowerCase() === 'escape' && directive[2] === '`') return '`';
  }
  return '\\';
}

/** Returns the delimiters that end an instruction's here-documents. */
function heredocsOf(keyword: string, text: string): { readonly word: string; readonly stripsTabs: boolean }[] {
  if (keyword !== 'RUN' && keyword !== 'COPY' && keyword !== 'ADD') return [];
  const found = [...text.matchAll(/(?:^|\s)\d?<<(-?)(["']?)([A-Za-z_][A-Za-z0-9_.]{0,99})\2/g)];
  return found.slice(0, MAX_HEREDOCS).map((match) => ({ word: match[3] as string, stripsTabs: match[1] === '-' }));
}
