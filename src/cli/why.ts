import path from 'node:path';
import type { DockerfileReport, LayerSource, LineRange, PathVersionReport, WhyReport } from '#contract';
import { type GivenDockerfile, layerSources, readProvenance, typedPath, whyPath } from '#engine';
import { ownerOf } from '#engine/packages';
import { readSettings } from '#files';
import { displayPath, displayText, formatSize, jsonText, LayerscopeError, unescapePath } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { layerCommand } from './layer-command.ts';
import { loadChosen, warnOfGaps } from './load-input.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION, PATH_NOTES } from './options.ts';
import type { Style } from './style.ts';
import { shorten } from './text-table.ts';

export const spec: CommandSpec = {
  name: 'why',
  operands: 'IMAGE PATH',
  minOperands: 2,
  maxOperands: 2,
  options: {
    dockerfile: { value: 'FILE', summary: 'a Dockerfile in which to find the layers’ commands, as a guess, for images without provenance' },
    json: JSON_OPTION,
    ...IMAGE_OPTIONS,
  },
  summary: 'Which layers brought, changed and removed a path, their commands, and the lines of the Dockerfile or the base image.',
  notes: [
    'Lines come from the provenance that BuildKit attaches in mode max. It isn’t verified: whoever can write the image can write it.',
    ...PATH_NOTES,
  ],
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const [image = '', typed = ''] = args.operands;
  const file = args.value('dockerfile');
  const dockerfile = file === undefined ? null : readDockerfile(file);
  await using input = await openInput(context, args, image);
  const loaded = await loadChosen(context, args, input);
  warnOfGaps(context, loaded, 0, loaded.image.layers.length - 1);
  const { signal } = context;
  const provenance = await readProvenance(loaded.image, { signal, onProblem: ({ message }) => context.warn(message) });
  const sourceOf = layerSources(loaded.image, provenance, dockerfile);
  const report = await whyPath(loaded, typedPath(loaded, typed).parts, {
    sourceOf,
    ownerOf: (path, layer) => ownerOf(loaded, path, layer, { signal: context.signal }),
  });
  if (args.flag('json')) context.out.write(`${jsonText(report)}\n`);
  else for (const line of whyLines(report, context.style)) context.out.write(`${line}\n`);
  return EXIT.done;
}

const MAX_DOCKERFILE_BYTES = 1024 * 1024;

/** Throws NOT_FOUND, PERMISSION, IO; TOO_LARGE for a file that can't be a Dockerfile. */
function readDockerfile(file: string): GivenDockerfile {
  const bytes = readSettings(file, MAX_DOCKERFILE_BYTES);
  if (bytes === null) throw new LayerscopeError('NOT_FOUND', `${displayText(file)} does not exist`);
  return { name: path.basename(file), text: bytes.toString('utf8') };
}

function* whyLines(report: WhyReport, style: Style): Generator<string> {
  const gone = report.shown ? '' : `  ${style.removed(`removed by layer ${report.layer}`)}`;
  yield `${style.bold(displayPath(unescapePath(report.path)))}${gone}`;
  const { package: owner } = report;
  if (owner !== null) yield `  owned by ${displayText(`${owner.type} package ${owner.name} ${owner.version}`)}`;
  for (const version of report.versions) {
    yield '';
    yield* describeVersion(version, style);
  }
}

const KIND_PAINT = { added: 'added', modified: 'modified', removed: 'removed' } as const;

function* describeVersion(version: PathVersionReport, style: Style): Generator<string> {
  const { layer, kind, type, size, mode } = version;
  const facts = [type, type === 'file' || type === 'hardlink' ? formatSize(size ?? 0) : undefined, mode].filter(
    (fact) => fact !== undefined,
  );
  yield `${style[KIND_PAINT[kind]](kind)} by layer ${layer}${facts.length === 0 ? '' : `  ${style.dim(facts.join('  '))}`}`;
  const command = layerCommand(version.createdBy);
  const room = style.columns === null ? Number.POSITIVE_INFINITY : Math.max(16, style.columns - 2);
  if (command !== '') yield `  ${shorten(command, room)}`;
  yield* describeSource(version, style);
}

function* describeSource({ dockerfile, base, guess }: LayerSource, style: Style): Generator<string> {
  if (base !== null) yield `  from the base image ${displayText(base)}`;
  if (dockerfile !== null) {
    const how = dockerfile.by === 'digest' ? '' : '  (found by the layer’s position: its digest is not in the provenance)';
    const { file, lines, from, stage, fromStages } = dockerfile;
    yield `  ${displayText(file)}, ${lineWords(lines)}${inStage(stage)}${stageWords(from, fromStages)}${style.dim(how)}`;
    yield* numbered(dockerfile, style);
  } else if (guess) {
    yield `  ${displayText(guess.file)}, ${lineWords(guess.lines)}${inStage(guess.stage)}${stageWords(guess.from, [])}${style.modified('  a guess, by the text of the command')}`;
    yield* numbered(guess, style);
  }
}

function inStage(stage: string | null): string {
  return stage === null ? '' : ` of stage ${displayText(stage)}`;
}

/** These lines made what an instruction copied or mounted. */
function stageWords(from: readonly LineRange[], stages: readonly string[]): string {
  if (from.length === 0) return '';
  const names = stages.map((name) => displayText(name)).join(', ');
  return `, with ${lineWords(from)} of ${names === '' ? 'another stage' : `${stages.length === 1 ? 'stage' : 'stages'} ${names}`}`;
}

/** `line 12`, `lines 7, 13–14`. */
function lineWords(ranges: readonly LineRange[]): string {
  const texts = ranges.map(([first, last]) => (first === last ? String(first) : `${first}–${last}`));
  const isOne = ranges.length === 1 && ranges[0]?.[0] === ranges[0]?.[1];
  return `${isOne ? 'line' : 'lines'} ${texts.join(', ')}`;
}

const MAX_SHOWN_LINES = 40;

function* numbered({ lines, text }: Pick<DockerfileReport, 'lines' | 'text'>, style: Style): Generator<string> {
  const numbers = lines.flatMap(([first, last]) =>
    Array.from({ length: Math.min(last - first + 1, MAX_SHOWN_LINES + 1) }, (_, at) => first + at),
  );
  const width = String(numbers.at(-1) ?? 0).length;
  const texts = text.split('\n');
  for (const [at, number] of numbers.slice(0, MAX_SHOWN_LINES).entries())
    yield `    ${style.dim(String(number).padStart(width))}  ${displayText(texts[at] ?? '')}`;
  if (numbers.length > MAX_SHOWN_LINES) yield `    ${style.dim('…')}`;
}
