import { homedir } from 'node:os';
import path from 'node:path';
import { type DriverName, type GraphDriver, openDriver } from '#driver';
import { exportLayerTar, importLayerTar, newLayerId, verifyStore } from '#engine';
import { asLayerscopeError, displayText, formatSize, LayerscopeError } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { jsonString, jsonText } from './json-text.ts';
import { JSON_OPTION } from './options.ts';
import { formatTable } from './text-table.ts';

const DRIVERS: readonly DriverName[] = ['portable', 'windowsfilter', 'windowsdiff'];

export const spec: CommandSpec = {
  name: 'store',
  operands: 'VERB [ID…|TAR]',
  minOperands: 1,
  maxOperands: 1000,
  options: {
    driver: { value: 'portable|windowsfilter|windowsdiff', summary: 'whose layers they are (default: portable)' },
    home: { value: 'FOLDER', summary: 'where they are (default: of portable, in the user’s data folder; on Windows, Docker’s)' },
    id: { value: 'ID', summary: 'import: the layer’s id (default: a new one)' },
    parent: { value: 'ID', summary: 'import: the layer that it stands on (default: none)' },
    to: { value: 'FILE', summary: 'export: the tar that is written; - is standard output' },
    wait: { summary: 'mount: keep it until standard input ends, then release it' },
    adopt: { value: 'ID', summary: 'base-images: make a layer of this one' },
    json: JSON_OPTION,
  },
  summary: 'A store of layers: portable, on any system, or Windows’ graph drivers.',
  notes: [
    'list               layers, their parents and state; leftovers',
    'import TAR         makes a layer of a tar (plain, gzip, zstd; - is standard input) and prints its id',
    'export ID --to F   writes the layer’s tar; diff ID writes it to standard output',
    'changes ID         what the layer changed',
    'size ID            bytes of the files that it changed',
    'remove ID…         takes layers away; refused while mounted, or others stand on them',
    'mount ID           makes the layer’s chain visible and prints where',
    'verify             reads every layer from end to end; exit code 1 where one is broken',
    'base-images        Windows’ shared base images',
    '',
    'portable keeps an OCI image layout that other tools open as it is; a layer’s blob stays as it came. Layers of windowsfilter and',
    'windowsdiff need Windows; a home that was copied from there can be listed and measured on any system.',
  ],
};

type Verb = (context: Context, args: Arguments, driver: GraphDriver, operands: readonly string[]) => Promise<number>;

const VERBS: Readonly<
  Record<string, { readonly run: Verb; readonly operands: readonly [min: number, max: number]; readonly readsOnly?: true }>
> = {
  list: { run: list, operands: [0, 0], readsOnly: true },
  import: { run: importTar, operands: [1, 1] },
  export: { run: exportTar, operands: [1, 1] },
  diff: { run: exportTar, operands: [1, 1] },
  changes: { run: changes, operands: [1, 1] },
  size: { run: size, operands: [1, 1], readsOnly: true },
  remove: { run: remove, operands: [1, 1000] },
  mount: { run: mount, operands: [1, 1] },
  verify: { run: verify, operands: [0, 0] },
  'base-images': { run: baseImages, operands: [0, 0] },
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const [verb = '', ...operands] = args.operands;
  const known = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (known === undefined) throw usageError(`store has no ${displayText(verb)}: ${Object.keys(VERBS).join(', ')}`);
  const [min, max] = known.operands;
  if (operands.length < min || operands.length > max)
    throw usageError(`store ${verb} takes ${min === max ? min : `${min} or more`} operands`);
  const driver = await open(args, known.readsOnly === true);
  return known.run(context, args, driver, operands);
}

/** A driver over the home that was named. Where the system can't run it, one that only looks, for what only looks. */
async function open(args: Arguments, readsOnly: boolean): Promise<GraphDriver> {
  const name = args.value('driver') ?? 'portable';
  const driver = DRIVERS.find((known) => known === name);
  if (driver === undefined) throw usageError(`no driver ${displayText(name)}: ${DRIVERS.join(', ')}`);
  const home = args.value('home') ?? defaultHome(driver);
  try {
    return await openDriver(driver, home);
  } catch (error) {
    if (readsOnly && driver !== 'portable' && error instanceof LayerscopeError && error.code === 'UNSUPPORTED') {
      return openDriver(driver, home, { readOnly: true });
    }
    throw error;
  }
}

function defaultHome(driver: DriverName): string {
  const { env, platform } = process;
  if (driver === 'portable') return path.join(dataFolder(), 'store');
  if (platform !== 'win32') throw usageError(`store needs --home FOLDER for ${driver} on this system`);
  return path.join(env.ProgramData ?? 'C:\\ProgramData', 'docker', driver);
}

/** Where the user's programs keep what isn't a cache: XDG Base Directory Specification; Apple's and Microsoft's folders. */
function dataFolder(): string {
  const { env, platform } = process;
  if (platform === 'win32') return path.join(env.LOCALAPPDATA ?? path.join(homedir(), 'AppData', 'Local'), 'Layerscope');
  if (platform === 'darwin') return path.join(homedir(), 'Library', 'Application Support', 'Layerscope');
  const base = env.XDG_DATA_HOME;
  return path.join(base !== undefined && path.isAbsolute(base) ? base : path.join(homedir(), '.local', 'share'), 'layerscope');
}

async function list(context: Context, args: Arguments, driver: GraphDriver): Promise<number> {
  const layers = await driver.list();
  if (args.flag('json')) {
    for (const { id, parent, chain, state, problem } of layers) {
      const told = state === 'leftover' ? (chain.length === 0 ? 'removing' : 'broken') : state;
      // What a Windows store doesn't keep of a layer is null, and not worked out by exporting it.
      const { digest = null, diffId = null, size = null } = state === 'ready' ? await driver.metadata(id) : {};
      const facts = { diffId, digest, size: size === null ? null : Number(size) };
      const line = { id, parent, ...facts, chain, driver: driver.name, state: told, ...(problem === null ? {} : { problem }) };
      context.out.write(`${jsonText(line)}\n`);
    }
    return EXIT.done;
  }
  const rows = layers.map(({ id, parent, chain, state, problem }) => [
    displayText(id),
    parent === null ? '·' : displayText(parent),
    String(chain.length),
    displayText(problem === null ? state : `${state}: ${problem}`),
  ]);
  const table = formatTable([{ title: 'layer' }, { title: 'parent' }, { title: 'below', align: 'right' }, { title: 'state' }], rows);
  for (const line of table) context.out.write(`${line}\n`);
  return EXIT.done;
}

async function importTar(context: Context, args: Arguments, driver: GraphDriver, [tar = '']: readonly string[]): Promise<number> {
  const id = args.value('id') ?? newLayerId();
  let read = 0;
  const { sizeBytes } = await importLayerTar(
    driver,
    { id, parent: args.value('parent') ?? null, tar: tar === '-' ? { stream: process.stdin } : { file: tar } },
    {
      signal: context.signal,
      onFinding: ({ message, path: entry }) => context.warn(`${entry ?? ''}: ${message}`),
      onProgress: (bytes) => {
        read += bytes;
        context.progress.update({ phase: 'import', doneBytes: read, totalBytes: null });
      },
    },
  );
  context.progress.clear();
  if (args.flag('json')) context.out.write(`${jsonText({ id, sizeBytes })}\n`);
  else context.out.write(`${displayText(id)}\n`);
  return EXIT.done;
}

async function exportTar(context: Context, args: Arguments, driver: GraphDriver, [id = '']: readonly string[]): Promise<number> {
  const to = args.operands[0] === 'diff' ? '-' : args.value('to');
  if (to === undefined) throw usageError('store export needs --to FILE');
  if (to === '-') {
    for await (const bytes of driver.diff(id, { signal: context.signal })) await context.out.writeBytes(bytes.slice());
    return EXIT.done;
  }
  const { bytes } = await exportLayerTar(driver, id, to, { signal: context.signal });
  context.out.write(`${displayText(to)}: ${formatSize(bytes)}\n`);
  return EXIT.done;
}

async function changes(context: Context, args: Arguments, driver: GraphDriver, [id = '']: readonly string[]): Promise<number> {
  const marks = { added: '+', modified: '~', removed: '−' } as const;
  for await (const { kind, path: changed } of driver.changes(id, { signal: context.signal })) {
    context.out.write(
      args.flag('json') ? `{"kind":"${kind}","path":${jsonString(changed)}}\n` : `${marks[kind]} ${displayText(changed)}\n`,
    );
    if (context.out.full) await context.out.drain();
  }
  return EXIT.done;
}

async function size(context: Context, args: Arguments, driver: GraphDriver, [id = '']: readonly string[]): Promise<number> {
  const bytes = await driver.diffSize(id, { signal: context.signal });
  context.out.write(args.flag('json') ? `${jsonText({ id, size: bytes })}\n` : `${bytes}\n`);
  return EXIT.done;
}

async function remove(context: Context, _args: Arguments, driver: GraphDriver, ids: readonly string[]): Promise<number> {
  let code: number = EXIT.done;
  for (const id of ids) {
    try {
      await driver.remove(id, { signal: context.signal });
      context.out.write(`${displayText(id)}\n`);
    } catch (error) {
      const told = asLayerscopeError(error);
      if (told.code === 'CANCELLED' || ids.length === 1) throw told;
      context.tell(told.code, told.message);
      code = EXIT.unreadable;
    }
  }
  return code;
}

async function mount(context: Context, args: Arguments, driver: GraphDriver, [id = '']: readonly string[]): Promise<number> {
  const mounted = await driver.mount(id, { signal: context.signal });
  context.out.write(`${displayText(mounted.path)}\n`);
  // It stays when this program has ended.
  if (!args.flag('wait')) return EXIT.done;
  await using _held = mounted;
  await context.out.drain();
  await untilInputEnds(context.signal);
  return EXIT.done;
}

function untilInputEnds(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    process.stdin.on('end', resolve).on('error', resolve).resume();
  });
}

async function verify(context: Context, args: Arguments, driver: GraphDriver): Promise<number> {
  const problems = await verifyStore(driver, { signal: context.signal });
  for (const { id, message } of problems) {
    context.out.write(args.flag('json') ? `${jsonText({ id, message })}\n` : `${displayText(id)}: ${displayText(message)}\n`);
  }
  return problems.length === 0 ? EXIT.done : EXIT.failed;
}

async function baseImages(context: Context, args: Arguments, driver: GraphDriver): Promise<number> {
  const adopt = args.value('adopt');
  if (adopt !== undefined) {
    context.out.write(`${displayText(await driver.adoptBaseImage(adopt, { signal: context.signal }))}\n`);
    return EXIT.done;
  }
  const images = await driver.baseImages();
  if (args.flag('json')) {
    for (const image of images) context.out.write(`${jsonText(image)}\n`);
    return EXIT.done;
  }
  const rows = images.map(({ id, name, version, sizeBytes, adopted }) => [
    id.slice(0, 12),
    displayText(name),
    displayText(version),
    formatSize(sizeBytes),
    adopted ? 'adopted' : '',
  ]);
  for (const line of formatTable(
    [{ title: 'id' }, { title: 'name' }, { title: 'version' }, { title: 'size', align: 'right' }, { title: '' }],
    rows,
  ))
    context.out.write(`${line}\n`);
  return EXIT.done;
}
