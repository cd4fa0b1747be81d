import { findPaths } from '#engine';
import { displayPath, formatSize, jsonText, plural, unescapePath } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { loadChosen, warnOfGaps } from './load-input.ts';
import { openInput } from './open-input.ts';
import { IMAGE_OPTIONS, JSON_OPTION } from './options.ts';
import { formatTable } from './text-table.ts';

const DEFAULT_LIMIT = 100;
const MOST = 10_000;
const ORDERS = ['best', 'size'] as const;
const SIGNS = { added: '+', modified: '~', removed: '-' } as const;

type FindReport = Awaited<ReturnType<typeof findPaths>>;

export const spec: CommandSpec = {
  name: 'find',
  operands: 'IMAGE TEXT',
  minOperands: 2,
  maxOperands: 2,
  options: {
    sort: { value: 'best|size', summary: 'the order: best matches first (default), or largest first' },
    limit: { value: 'N', summary: `list at most N paths (default: ${DEFAULT_LIMIT}); the totals include all` },
    json: JSON_OPTION,
    ...IMAGE_OPTIONS,
  },
  summary: 'The paths of all layers that match a text, with the layers that touch them.',
  notes: [
    'TEXT is as in the window’s filter: part of a path, a pattern with * and ?, or a regular expression between slashes.',
    'The size is that of the largest version in any layer, even one that a later layer removes.',
  ],
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const [name = '', text = ''] = args.operands;
  const typed = args.value('limit') ?? String(DEFAULT_LIMIT);
  const limit = /^\d{1,5}$/.test(typed) ? Number(typed) : 0;
  if (limit < 1 || limit > MOST) throw usageError(`--limit takes a number from 1 to ${MOST}`);
  const sort = args.value('sort') ?? 'best';
  const order = ORDERS.find((each) => each === sort);
  if (order === undefined) throw usageError('--sort takes best or size');
  if (text === '') throw usageError('there is nothing to search for');
  await using input = await openInput(context, args, name);
  const loaded = await loadChosen(context, args, input);
  warnOfGaps(context, loaded, 0, loaded.image.layers.length - 1);
  const report = await findPaths(loaded.stack, text, { limit, order, scattered: false, signal: context.signal });
  if (report.problem !== null) throw usageError(report.problem);
  const { out } = context;
  const { total, bytes, matches } = report;
  if (args.flag('json')) out.write(`${jsonText({ total, bytes, matches }, 2)}\n`);
  else for (const line of linesOf(context, report)) out.write(`${line}\n`);
  await out.drain();
  return EXIT.done;
}

function* linesOf({ style }: Context, { total, bytes, matches }: FindReport): Generator<string> {
  const cut = total > matches.length ? `, showing the first ${matches.length}` : '';
  yield `${style.bold(plural(total, 'path'))} in all layers, ${formatSize(bytes)}${cut}`;
  if (matches.length === 0) return;
  yield '';
  yield* formatTable(
    [{ title: 'size', align: 'right' }, { title: 'layers' }, { title: 'path' }],
    matches.map(({ path, size, touches }) => [
      formatSize(size),
      touches.map(({ kind, layer }) => `${SIGNS[kind]}${layer}`).join(' '),
      displayPath(unescapePath(path)),
    ]),
    { header: style.dim },
  );
}
