import type { WasteReport } from '#contract';
import { findRewritten, reportWaste } from '#engine';
import { displayPath, formatSize, jsonText, plural, unescapePath, WASTE_HINTS, WASTE_KINDS, wasteAdvice } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { layerCommand } from './layer-command.ts';
import { loadChosen, warnOfGaps } from './load-input.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION } from './options.ts';
import { sizeCell } from './size-cell.ts';
import type { Style } from './style.ts';
import { shorten } from './text-table.ts';

const DEFAULT_LIMIT = 50;
const COMMAND_WIDTH = 60;

export const spec: CommandSpec = {
  name: 'waste',
  operands: 'IMAGE',
  minOperands: 1,
  maxOperands: 1,
  options: {
    rewritten: { summary: 'also compare contents, to find files that a layer writes again unchanged' },
    limit: { value: 'N', summary: `list at most N files, most waste first (default: ${DEFAULT_LIMIT})` },
    if: {
      value: 'WHAT',
      words: ['squash=', 'merge-removals', 'drop-caches', 'zstd', 'all'],
      repeats: true,
      summary: 'what the image would weigh if its layers were changed: squash=N, merge-removals, drop-caches, zstd; or all: each by itself',
    },
    pack: { summary: 'for --if: pack the layers that change, the only way to know their stored size' },
    to: { value: 'FILE', summary: 'for --if: write the image with these layers to a new file' },
    json: JSON_OPTION,
    ...IMAGE_OPTIONS,
  },
  summary:
    'The hidden bytes of an image, which later layers removed or overwrote: by the layer that wrote them, and by file with the layer that hid it; and what else it could do without, by kind.',
  notes: [
    'squash=N            layers N to the top as one',
    'merge-removals      files are left out of the layer that added them if a later layer removes them',
    'drop-caches         caches of package managers and builds are left out; no other change alters what the image shows',
    'zstd                all layers packed as zstd',
    'Several, joined by commas or each with its own --if, are combined into one image: removals are merged first, then caches dropped, then',
    'layers squashed (N is the number in the image as it is); then everything is packed. The same image gives the same layers each time.',
    'With --json, --if prints one object per line.',
  ],
};

export async function run(context: Context, args: Arguments): Promise<number> {
  if (args.flag('if')) return (await import('./what-if.ts')).runWhatIf(context, args);
  for (const option of ['pack', 'to']) if (args.flag(option)) throw usageError(`--${option} needs --if`);
  const typed = args.value('limit') ?? String(DEFAULT_LIMIT);
  if (!/^\d{1,9}$/.test(typed)) throw usageError('--limit takes a number');
  const limit = Number(typed);
  await using input = await openInput(context, args, args.operands[0] ?? '');
  const loaded = await loadChosen(context, args, input, args.flag('rewritten') ? { sums: 'taken' } : {});
  warnOfGaps(context, loaded, 0, loaded.image.layers.length - 1);
  const rewritten = args.flag('rewritten')
    ? await findRewritten(loaded, {
        signal: context.signal,
        onBytes: (doneBytes) => context.progress.update({ phase: 'comparing files', doneBytes, totalBytes: null }),
      })
    : null;
  context.progress.clear();
  const report = reportWaste(loaded, limit, rewritten);
  const { out, style } = context;
  const commandOf = (layer: number): string => layerCommand(loaded.report.layers[layer]?.createdBy ?? null);
  if (args.flag('json')) {
    const { rewritten: found, ...rest } = report;
    const files = report.files.map((file) => ({ ...file, hiddenByCommand: commandOf(file.hiddenBy) || null }));
    const same = found === null ? {} : { rewritten: { ...found, files: found.files.slice(0, limit) } };
    const kinds = report.kinds.map((kind) => ({
      ...kind,
      places: kind.places.map((place) => ({ ...place, command: commandOf(place.layer) || null })),
    }));
    out.write(`${jsonText({ ...rest, files, ...same, kinds }, 2)}\n`);
    return EXIT.done;
  }
  const { fileBytes, efficiency } = loaded.report.totals;
  out.write(
    `${style.bold(formatSize(report.wastedBytes))} of ${formatSize(fileBytes)} hidden, efficiency ${(efficiency * 100).toFixed(1)} %\n`,
  );
  for (const [layer, bytes] of report.byLayer.entries()) if (bytes > 0) out.write(`${sizeCell(bytes)}  written by layer ${layer}\n`);
  for (const { cause, bytes, files } of report.groups) {
    let [listed, listedBytes] = [0, 0];
    const { title, hint } = WASTE_HINTS[cause];
    out.write(`\n${style.bold(title)}: ${formatSize(bytes)} in ${plural(files, 'file')}\n${style.dim(hint)}\n`);
    for (const file of report.files) {
      if (file.cause !== cause) continue;
      listed++;
      listedBytes += file.wastedBytes;
      const command = commandOf(file.hiddenBy);
      const story = `${wasteStory(file)}${command === '' ? '' : ` (${shorten(command, COMMAND_WIDTH)})`}`;
      out.write(`${sizeCell(file.wastedBytes)}  ${displayPath(unescapePath(file.path))}  ${style.dim(story)}\n`);
      if (out.full) await out.drain();
    }
    if (listed < files) out.write(`${moreLine(files - listed, 'file', bytes - listedBytes, style)}\n`);
  }
  for (const line of kindLines(report.kinds, commandOf, style)) {
    out.write(`${line}\n`);
    if (out.full) await out.drain();
  }
  if (report.rewritten?.count === 0) out.write('\nno file was rewritten with the same content\n');
  return EXIT.done;
}

/**
 * Yields lines for what the image could do without, by kind. Removed files are left out, because they are listed above with the layer that
 * hid them.
 */
function* kindLines(kinds: WasteReport['kinds'], commandOf: (layer: number) => string, style: Style): Generator<string> {
  for (const { code, bytes, count, places } of kinds) {
    if (code === 'waste-removed-later') continue;
    yield '';
    yield `${style.bold(WASTE_KINDS[code].title)}: ${formatSize(bytes)}  ${style.dim(code)}`;
    yield style.dim(wasteAdvice(code));
    for (const { path, layer, bytes: size, removedIn, of } of places) {
      const command = commandOf(layer);
      const story = [
        `layer ${layer}`,
        ...(removedIn === undefined ? [] : [`removed in ${removedIn}`]),
        ...(of === undefined ? [] : [`same as ${displayPath(unescapePath(of))}`]),
      ];
      const ofCommand = command === '' ? '' : ` (${shorten(command, COMMAND_WIDTH)})`;
      yield `${sizeCell(size)}  ${path === null ? 'many more' : displayPath(unescapePath(path))}  ${style.dim(story.join(', ') + ofCommand)}`;
    }
    if (places.length < count)
      yield moreLine(count - places.length, 'place', bytes - places.reduce((sum, place) => sum + place.bytes, 0), style);
  }
}

/** Formats how much a list leaves out. */
function moreLine(count: number, what: string, bytes: number, style: Style): string {
  return style.dim(`  and ${plural(count, `more ${what}`)}, ${formatSize(bytes)}: --limit N lists more, with --json too`);
}

/** Formats what happened to a file: `added in 4 → deleted in 5`. */
function wasteStory({ layers, hiddenBy, cause }: ReturnType<typeof reportWaste>['files'][number]): string {
  const writers = layers.filter((layer) => layer < hiddenBy);
  return `added in ${(writers.length === 0 ? layers : writers).join(', ')} → ${cause} in ${hiddenBy}`;
}
