import { chooseLayer, type LoadedImage, reportBreakdown, rowsToBreakDown, typedPath } from '#engine';
import { displayPath, formatCount, formatSize, jsonText, plural, unescapePath } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { layerCommand } from './layer-command.ts';
import { loadChosen, requireLayer, warnOfGaps } from './load-input.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION, LAYER_OPTION, PATH_NOTES } from './options.ts';
import { sizeCell } from './size-cell.ts';
import { formatTable, shareBar } from './text-table.ts';

const DEFAULT_LIMIT = 10;

type BreakdownOf = Parameters<typeof rowsToBreakDown>[1];
type BreakdownReport = ReturnType<typeof reportBreakdown>;

export const spec: CommandSpec = {
  name: 'breakdown',
  operands: 'IMAGE [PATH]',
  minOperands: 1,
  maxOperands: 2,
  options: {
    layer: { ...LAYER_OPTION, summary: 'only what this layer wrote (default: the whole image, hidden files too)' },
    view: { summary: 'with --layer: the file system as seen at that layer' },
    limit: { value: 'N', summary: `list at most N folders and files (default: ${DEFAULT_LIMIT})` },
    json: JSON_OPTION,
    ...IMAGE_OPTIONS,
  },
  summary: 'What makes an image or a layer big: by kind of file, by folder, and the biggest files.',
  notes: PATH_NOTES,
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const typed = args.value('limit') ?? String(DEFAULT_LIMIT);
  if (!/^\d{1,9}$/.test(typed)) throw usageError('--limit takes a number');
  if (args.flag('view') && args.value('layer') === undefined) throw usageError('--view needs --layer N|DIGEST');
  await using input = await openInput(context, args, args.operands[0] ?? '');
  const loaded = await loadChosen(context, args, input);
  const of = wantedOf(loaded, args);
  const top = of.what === 'image' ? loaded.image.layers.length - 1 : of.what === 'view' ? of.layer : of.to;
  warnOfGaps(context, loaded, 0, top);
  const { scope, make } = rowsToBreakDown(loaded.stack, of);
  const { parts } = typedPath(loaded, args.operands[1] ?? '');
  const { caseInsensitive } = loaded.stack;
  const report = reportBreakdown({ rows: make(), scope }, { parts, limit: Number(typed), caseInsensitive });
  const { out } = context;
  if (args.flag('json')) out.write(`${jsonText(report, 2)}\n`);
  else for (const line of linesOf(context, loaded, report, of.what === 'image' && parts.length === 0)) out.write(`${line}\n`);
  await out.drain();
  return EXIT.done;
}

function wantedOf(loaded: LoadedImage, args: Arguments): BreakdownOf {
  const wanted = args.value('layer');
  if (wanted === undefined) return { what: 'image' };
  const layer = chooseLayer(loaded.image, wanted);
  requireLayer(loaded, layer);
  return args.flag('view') ? { what: 'view', layer: layer.index } : { what: 'changes', from: layer.index, to: layer.index };
}

function* linesOf({ style }: Context, loaded: LoadedImage, report: BreakdownReport, isWhole: boolean): Generator<string> {
  const { bytes, hiddenBytes, files, folders, others } = report;
  const all = bytes + hiddenBytes;
  const sizes = hiddenBytes === 0 ? '' : `${formatSize(bytes)} visible, ${formatSize(hiddenBytes)} hidden; `;
  const links = others === 0 ? '' : `, ${plural(others, 'link or device', 'links and devices')}`;
  yield `${style.bold(formatSize(all))}  ${sizes}${plural(files, 'file')}, ${plural(folders, 'folder')}${links}`;
  yield* culprits(loaded, report, isWhole);
  const share = (each: number): string => `${(all === 0 ? 0 : (each / all) * 100).toFixed(1)} %`;
  const columns = [
    { title: 'size', align: 'right' },
    ...(hiddenBytes > 0 ? [{ title: 'hidden', align: 'right' } as const] : []),
    { title: 'share', align: 'right' },
    { title: '' },
  ] as const;
  const cells = (each: { bytes: number; hiddenBytes: number }): string[] => [
    formatSize(each.bytes + each.hiddenBytes),
    ...(hiddenBytes > 0 ? [each.hiddenBytes === 0 ? '' : formatSize(each.hiddenBytes)] : []),
    share(each.bytes + each.hiddenBytes),
    shareBar(all === 0 ? 0 : (each.bytes + each.hiddenBytes) / all, 12),
  ];
  const named = (path: string, isFolder: boolean): string => `${displayPath(unescapePath(path))}${isFolder ? '/' : ''}`;
  if (report.types.length > 0) {
    yield '';
    const count = { title: 'files', align: 'right' } as const;
    yield* formatTable(
      [...columns, count, { title: 'kind' }, { title: 'extensions' }],
      report.types.map((each) => [...cells(each), formatCount(each.files), each.type, each.extensions.join(' ')]),
      { header: style.dim },
    );
  }
  if (report.parts.length > 0) {
    yield '';
    yield* formatTable(
      [...columns, { title: 'items', align: 'right' }, { title: 'folder' }],
      report.parts.map((each) => [...cells(each), each.isFolder ? formatCount(each.items) : '', named(each.path, each.isFolder)]),
      { header: style.dim },
    );
  }
  if (report.biggest.length > 0) {
    yield '';
    yield* formatTable(
      [...columns, { title: 'biggest files' }],
      report.biggest.map((each) => [...cells(each), named(each.path, false)]),
      {
        header: style.dim,
      },
    );
  }
}

/** Yields lines for the largest layer (of a whole image), the largest folder, and the file or folder with the most hidden bytes. */
function* culprits(loaded: LoadedImage, { largestFolder, mostHidden }: BreakdownReport, isWhole: boolean): Generator<string> {
  const [first] = [...loaded.report.layers].sort((a, b) => b.fileBytes - a.fileBytes);
  const line = (label: string, size: number, name: string): string => `${label.padEnd(15)}${sizeCell(size)}  ${name}`.trimEnd();
  if (isWhole && first !== undefined && loaded.report.layers.length > 1) {
    yield line('largest layer', first.fileBytes, `layer ${first.index}  ${layerCommand(first.createdBy)}`);
  }
  const named = (path: string, isFolder: boolean): string => `${displayPath(unescapePath(path))}${isFolder ? '/' : ''}`;
  if (largestFolder !== null) yield line('largest folder', largestFolder.bytes, named(largestFolder.path, true));
  if (mostHidden !== null) yield line('most hidden', mostHidden.bytes, named(mostHidden.path, mostHidden.isFolder));
}
