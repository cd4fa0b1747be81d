import type { ListedEngine } from '#contract';
import { type EngineImages, listEngine } from '#engine';
import { displayText, formatSize, jsonText } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { JSON_OPTION, NETWORK_OPTIONS } from './options.ts';
import { formatTable } from './text-table.ts';
import { userSources } from './user-sources.ts';

const ENGINES: readonly ListedEngine[] = ['docker', 'podman', 'containerd'];
const DAY_CHARACTERS = 'YYYY-MM-DD'.length;

export const spec: CommandSpec = {
  name: 'sources',
  operands: '[ENGINE]',
  minOperands: 0,
  maxOperands: 1,
  words: [ENGINES],
  options: { json: JSON_OPTION, offline: NETWORK_OPTIONS.offline },
  summary: 'The engines on this machine and their images. ENGINE is docker, podman or containerd (default: all).',
  notes: ['The first column names the image in other commands: layerscope inspect docker:app:1. Registries are not listed; see tags.'],
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const { out, signal } = context;
  const [wanted] = args.operands;
  const engines = wanted === undefined ? ENGINES : ENGINES.filter((engine) => engine === wanted);
  if (engines.length === 0) throw usageError(`${displayText(wanted ?? '')} is not one of ${ENGINES.join(', ')}`);
  const sources = userSources(args);
  const lists = await Promise.all(
    engines.map(async (engine) => ({ engine, ...(await listEngine(engine, sources, { signal, limit: Number.POSITIVE_INFINITY })) })),
  );
  if (args.flag('json')) {
    out.write(`${jsonText({ engines: lists.map(({ total: _, ...list }) => list) }, 2)}\n`);
    return EXIT.done;
  }
  for (const [index, { engine, ...list }] of lists.entries()) {
    if (index > 0) out.write('\n');
    await writeList(context, engine, list);
  }
  return EXIT.done;
}

async function writeList({ out, style }: Context, engine: ListedEngine, { images, places, problems }: EngineImages): Promise<void> {
  const title = places.length === 0 ? engine : `${engine} (${places.join(', ')})`;
  out.write(`${style.bold(title)}${images.length === 0 && places.length > 0 ? ': no images' : ''}\n`);
  for (const { place, code, message } of problems) out.write(`  ${place === '' ? message : `${place}: ${message} (${code})`}\n`);
  if (images.length === 0) return;
  const rows = images.map(({ reference, platform, sizeBytes, created }) => [
    displayText(reference),
    platform ?? '',
    sizeBytes === null ? '' : formatSize(sizeBytes),
    created?.slice(0, DAY_CHARACTERS) ?? '',
  ]);
  const columns = [{ title: 'IMAGE' }, { title: 'PLATFORM' }, { title: 'SIZE', align: 'right' as const }, { title: 'CREATED' }];
  for (const line of formatTable(columns, rows, { header: style.dim })) {
    out.write(`  ${line}\n`);
    if (out.full) await out.drain();
  }
}
