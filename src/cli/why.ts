import path from 'node:path';
import type { DockerfileReport, FolderPackages, LineRange, PathVersionReport, WhyReport } from '#contract';
import { type GivenDockerfile, layerSources, readProvenance, typedPath, whyPath } from '#engine';
import { ownersOf } from '#engine/packages';
import { readSettings } from '#files';
import { displayPath, displayText, formatCount, formatSize, jsonText, LayerscopeError, plural, unescapePath } from '#model';
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
    dockerfile: { value: 'FILE', summary: 'a Dockerfile to look for the layers’ commands in, as a guess, for images without provenance' },
    json: JSON_OPTION,
    ...IMAGE_OPTIONS,
  },
  summary: 'Which layers added, changed and removed a path, their commands, and the lines of the Dockerfile or the base image.',
  notes: [
    'Lines come from the provenance that BuildKit attaches in mode max. It isn’t verified: anyone who can write the image can write it.',
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
  const sourceOf = await layerSources(loaded.image, provenance, { dockerfile, signal });
  const report = await whyPath(loaded, typedPath(loaded, typed).parts, {
    sourceOf,
    ownersOf: (path, layer) => ownersOf(loaded, path, layer, { signal }),
    provenance,
  });
  if (args.flag('json')) context.out.write(`${jsonText(report)}\n`);
  else
    for (const line of whyLines(report, dockerfile?.name ?? null, context.style)) {
      context.out.write(`${line}\n`);
      if (context.out.full) await context.out.drain();
    }
  return EXIT.done;
}

const MAX_DOCKERFILE_BYTES = 1024 * 1024;

/** Throws NOT_FOUND, PERMISSION, IO; TOO_LARGE for a file that can't be a Dockerfile. */
function readDockerfile(file: string): GivenDockerfile {
  const bytes = readSettings(file, MAX_DOCKERFILE_BYTES);
  if (bytes === null) throw new LayerscopeError('NOT_FOUND', `${displayText(file)} does not exist`);
  return { name: path.basename(file), text: bytes.toString('utf8') };
}

/** `given`: the name of the Dockerfile that the user passed. */
function* whyLines(report: WhyReport, given: string | null, style: Style): Generator<string> {
  const gone = report.shown ? '' : `  ${style.removed(`removed by layer ${report.layer}`)}`;
  yield `${style.bold(displayPath(unescapePath(report.path)))}${gone}`;
  const { package: owner, inFolder } = report;
  if (owner !== null) yield `  owned by ${displayText(`${owner.type} package ${owner.name} ${owner.version}`)}`;
  if (inFolder !== undefined) yield* folderLines(inFolder, style);
  for (const version of report.versions) {
    yield '';
    yield* describeVersion(version, style);
  }
  const missing = missingWords(report, given);
  if (missing === '') return;
  yield '';
  yield style.dim(missing);
}

const MAX_SHOWN_PACKAGES = 5;

/** Yields a line with the heaviest packages that have files in a folder, and one with the number of files that no package owns. */
function* folderLines({ packages, count, unownedFiles, unownedBytes }: FolderPackages, style: Style): Generator<string> {
  if (count > 0) {
    const named = packages.slice(0, MAX_SHOWN_PACKAGES).map(({ type, name, version, bytes }) => {
      const size = style.dim(`(${formatSize(bytes)})`);
      return `${displayText(`${type} ${name} ${version}`)} ${size}`;
    });
    const others = count - named.length;
    yield `  files of ${plural(count, 'package')}: ${named.join(', ')}${others === 0 ? '' : ` and ${plural(others, 'other')}`}`;
  }
  if (unownedFiles > 0) yield `  ${plural(unownedFiles, 'file')} (${formatSize(unownedBytes)}) not owned by a package`;
}

/** Explains why some layers have no lines of a Dockerfile; empty if each has lines, a guess or a base image. */
function missingWords({ versions, provenance }: WhyReport, given: string | null): string {
  const unknown = versions
    .filter(({ dockerfile, base, guess }) => dockerfile === null && base === null && !guess)
    .map(({ layer }) => layer);
  if (unknown.length === 0) return '';
  const layers = `${unknown.length === 1 ? 'layer' : 'layers'} ${unknown.map(formatCount).join(', ')}`;
  if (given !== null) return `No line of ${displayText(given)} matches the command of ${layers}.`;
  const help = 'To look for the command in a Dockerfile, use --dockerfile FILE.';
  if (provenance === 'none') return `No provenance is attached to this image, so the Dockerfile is unknown. ${help}`;
  if (provenance === 'without-lines')
    return `The provenance of this image doesn’t name lines of a Dockerfile: BuildKit’s does in mode max. ${help}`;
  return `The provenance of this image doesn’t say which lines made ${layers}. ${help}`;
}

const KIND_PAINT = { added: 'added', modified: 'modified', removed: 'removed' } as const;

function* describeVersion(version: PathVersionReport, style: Style): Generator<string> {
  const { layer, kind, type, size, mode, dockerfile, base, guess } = version;
  const facts = [type, type === 'file' || type === 'hardlink' ? formatSize(size ?? 0) : undefined, mode].filter(
    (fact) => fact !== undefined,
  );
  yield `${style[KIND_PAINT[kind]](kind)} by layer ${layer}${facts.length === 0 ? '' : `  ${style.dim(facts.join('  '))}`}`;
  const command = layerCommand(version.createdBy);
  const room = style.columns === null ? Number.POSITIVE_INFINITY : Math.max(16, style.columns - 2);
  if (command !== '') yield `  ${shorten(command, room)}`;
  if (base !== null) yield `  from the base image ${displayText(base)}`;
  if (dockerfile !== null) {
    const isRewritten = dockerfile.by === 'position';
    yield* describeLines(
      dockerfile,
      isRewritten ? style.dim('  found by the layer’s position: its digest is not in the provenance') : '',
      style,
    );
  } else if (guess) yield* describeLines(guess, style.modified('  a guess, by the text of the command'), style);
}

/** Yields the lines that made a layer, then the lines that made what they copied or mounted. */
function* describeLines(source: Omit<DockerfileReport, 'by'>, note: string, style: Style): Generator<string> {
  const { file, lines, from, stage, stageBase, fromStages, fromStageBases, text, fromText } = source;
  const name = displayText(file);
  yield `  ${name} ${lineWords(lines)}${inParentheses(stageBase === null ? [] : [stageWords(stage, stageBase)])}${note}`;
  yield* numbered(lines, text, style);
  if (from.length === 0) return;
  const stages = fromStages.map((each, at) => stageWords(each, fromStageBases[at] ?? ''));
  yield `  what it copied or mounted: ${name} ${lineWords(from)}${inParentheses(stages)}`;
  yield* numbered(from, fromText, style);
}

/** Formats a stage as `stage "build", FROM golang:1.22`, or with its number (`stage 0`) if it has no name. */
function stageWords(stage: string | null, base: string): string {
  const name = stage === null ? '' : /^\d+$/.test(stage) ? `stage ${stage}` : `stage "${stage}"`;
  const facts = [name, base === '' ? '' : `FROM ${base}`].filter((fact) => fact !== '');
  return displayText(facts.join(', '));
}

function inParentheses(texts: readonly string[]): string {
  const shown = texts.filter((text) => text !== '');
  return shown.length === 0 ? '' : ` (${shown.join('; ')})`;
}

/** Formats line ranges as `line 12` or `lines 7, 13–14`. */
function lineWords(ranges: readonly LineRange[]): string {
  const texts = ranges.map(([first, last]) => (first === last ? String(first) : `${first}–${last}`));
  const isOne = ranges.length === 1 && ranges[0]?.[0] === ranges[0]?.[1];
  return `${isOne ? 'line' : 'lines'} ${texts.join(', ')}`;
}

const MAX_SHOWN_LINES = 40;

function* numbered(lines: readonly LineRange[], text: string, style: Style): Generator<string> {
  const numbers = lines.flatMap(([first, last]) =>
    Array.from({ length: Math.min(last - first + 1, MAX_SHOWN_LINES + 1) }, (_, at) => first + at),
  );
  const width = String(numbers.at(-1) ?? 0).length;
  const texts = text.split('\n');
  for (const [at, number] of numbers.slice(0, MAX_SHOWN_LINES).entries())
    yield `    ${style.dim(String(number).padStart(width))}  ${displayText(texts[at] ?? '')}`;
  if (numbers.length > MAX_SHOWN_LINES) yield `    ${style.dim('…')}`;
}
