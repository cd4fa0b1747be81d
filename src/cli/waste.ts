import { findRewritten, reportWaste } from '#engine';
import { displayPath, formatSize, jsonText, unescapePath } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import { sizeCell } from './changes.ts';
import { type Context, EXIT } from './context.ts';
import { loadChosen, warnOfGaps } from './load-input.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION } from './options.ts';

const DEFAULT_LIMIT = 50;

export const spec: CommandSpec = {
  name: 'waste',
  operands: 'IMAGE',
  minOperands: 1,
  maxOperands: 1,
  options: {
    rewritten: { summary: 'also compare contents, to find files that a layer writes again unchanged' },
    limit: { value: 'N', summary: `list at most N files, most waste first (default: ${DEFAULT_LIMIT})` },
    json: JSON_OPTION,
    ...IMAGE_OPTIONS,
  },
  summary: 'The bytes that an image contains but no longer shows, by the layer that wrote them and by file.',
};

export async function run(context: Context, args: Arguments): Promise<number> {
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
  const report = reportWaste(loaded.stack, limit, rewritten);
  const { out, style } = context;
  if (args.flag('json')) {
    const { rewritten: found, ...rest } = report;
    out.write(`${jsonText(found === null ? rest : { ...rest, rewritten: { ...found, files: found.files.slice(0, limit) } }, 2)}\n`);
    return EXIT.done;
  }
  const { fileBytes, efficiency } = loaded.report.totals;
  out.write(
    `${style.bold(formatSize(report.wastedBytes))} of ${formatSize(fileBytes)} hidden or rewritten, efficiency ${(efficiency * 100).toFixed(1)} %\n`,
  );
  for (const [layer, bytes] of report.byLayer.entries()) if (bytes > 0) out.write(`${sizeCell(bytes)}  written by layer ${layer}\n`);
  if (report.files.length > 0) out.write('\n');
  for (const { path, wastedBytes, layers } of report.files) {
    out.write(`${sizeCell(wastedBytes)}  ${displayPath(unescapePath(path))}  ${style.dim(`(layers ${layers.join(', ')})`)}\n`);
    if (out.full) await out.drain();
  }
  if (report.rewritten !== null) {
    const { count, bytes, files } = report.rewritten;
    out.write(`\n${count === 0 ? 'nothing was' : `${count} ${count === 1 ? 'file was' : 'files were'}`} rewritten with the same content`);
    out.write(count === 0 ? '\n' : `, ${formatSize(bytes)}\n`);
    for (const { path, layer, bytes: each } of files.slice(0, limit)) {
      out.write(`${sizeCell(each)}  ${displayPath(unescapePath(path))}  ${style.dim(`(layer ${layer})`)}\n`);
    }
  }
  return EXIT.done;
}
