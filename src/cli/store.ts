import path from 'node:path';
import type { GraphDriver, LayerInfo, StoredImage } from '#driver';
import { commitCopy, discardCopy, findStoredLayer, newLayerId, verifyStore } from '#engine';
import { displayText, formatSize, jsonString, jsonText, parseBinarySize, plural } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { argumentCount, usageError } from './arguments.ts';
import { callOptions } from './call-options.ts';
import { type Context, EXIT } from './context.ts';
import { hasStore, noStore, openStore } from './open-store.ts';
import { IMAGE_OPTIONS, JSON_OPTION } from './options.ts';
import { diffOf, exportFrom, imageFacts, imageName, importInto, printImported, removeFrom } from './store-transfer.ts';
import { formatTable } from './text-table.ts';

/** Every verb with its operands. */
const VERB_OPERANDS = {
  list: '',
  import: 'FILE',
  export: 'ID',
  diff: 'ID',
  changes: 'ID',
  size: 'ID',
  remove: 'ID',
  create: 'ID',
  commit: 'ID',
  discard: 'ID',
  mount: 'ID',
  release: 'ID',
  cleanup: '',
  verify: '',
  'base-images': '',
} as const;

export const spec: CommandSpec = {
  name: 'store',
  operands: 'VERB [ID…|FILE]',
  minOperands: 1,
  maxOperands: Number.POSITIVE_INFINITY,
  verbs: VERB_OPERANDS,
  options: {
    ...IMAGE_OPTIONS,
    id: { value: 'ID', summary: 'import: the id of a layer tar (default: a new one)' },
    parent: { value: 'ID', summary: 'import: the parent of a layer tar (default: none); create: the parent of a layer with this new ID' },
    name: {
      value: 'NAME',
      summary: 'import: the image’s name (default: the names in the archive); commit: the new image’s name (default: only a layer)',
    },
    comment: { value: 'TEXT', summary: 'commit: what the new layer’s step in the history says' },
    to: { value: 'FILE', summary: 'export: the file or folder to write; - is standard output' },
    format: {
      value: 'docker-archive|oci-archive|oci-layout',
      summary: 'export: the format of an image (default: docker-archive, which opens everywhere); for a layer: its chain as an image',
    },
    images: { summary: 'list: only images, each with its layers' },
    size: { value: 'SIZE', summary: 'create: the size of its disk, 20GB or 512m, in powers of 1024 (default: 127GB); Windows only' },
    at: { value: 'FOLDER', summary: 'mount: an empty folder to mount the layer at; windowsfilter only' },
    wait: { summary: 'mount: keep it until standard input ends, then release it' },
    'as-is': { summary: 'mount: keep set-id bits and capabilities, and create devices, as root (default: leave them out and list each)' },
    adopt: { value: 'ID', summary: 'base-images: create the layer of this one' },
    json: JSON_OPTION,
  },
  summary: 'A store of images and layers: portable on any system, or of Windows’ graph drivers.',
  notes: [
    'list               images, layers with their parents and state, and leftovers',
    'import FILE        imports an image archive or a layer tar and prints what it added; - is standard input',
    'export ID --to F   writes an image as an archive, or a layer’s blob unchanged; with --format a layer’s chain as an image',
    'diff ID            writes a layer’s plain tar to standard output',
    'changes ID         what the layer changed',
    'size ID            bytes of the files that the layer changed',
    'remove ID…         removes images or layers, unless they are mounted or other layers are based on them',
    'create ID          creates a working copy of an image or layer and prints its id; with --parent, ID is the new layer’s id',
    'commit ID          makes a layer of a working copy’s changes or, with --name, an image with its parent’s config and history',
    'discard ID         removes a working copy and its changes, unless it is mounted',
    'mount ID           mounts the layer’s chain and prints the folder; without --wait it stays until release or cleanup',
    'release ID         unmounts what a process that has ended left mounted, and what mount without --wait mounted',
    'cleanup            removes leftovers: folders of abandoned mounts, and blobs that nothing refers to',
    'verify             reads everything and checks it; exit code 1 if something is broken',
    'base-images        Windows’ shared base images',
    '',
    'ID is a layer’s id or at least its first four digits, or an image’s name or digest; if a layer is needed, that is its top layer.',
    'Other commands take store:ID as their IMAGE. The portable store is an OCI image layout that other tools can open; its blobs are stored',
    'unchanged. windowsfilter and windowsdiff need Windows, but a store copied from there can be listed on any system.',
  ],
};

type Verb = (context: Context, args: Arguments, driver: GraphDriver, operands: readonly string[]) => Promise<number>;

interface VerbEntry {
  readonly run: Verb;
  readonly operands: readonly [min: number, max: number];
  readonly readsOnly?: true;
}

const VERBS: Readonly<Record<keyof typeof VERB_OPERANDS, VerbEntry>> = {
  list: { run: list, operands: [0, 0], readsOnly: true },
  import: { run: importInto, operands: [1, 1] },
  export: { run: exportFrom, operands: [1, 1] },
  diff: { run: diffOf, operands: [1, 1] },
  changes: { run: changes, operands: [1, 1] },
  size: { run: size, operands: [1, 1], readsOnly: true },
  remove: { run: removeFrom, operands: [1, Number.POSITIVE_INFINITY] },
  create: { run: create, operands: [1, 1] },
  commit: { run: commit, operands: [1, 1] },
  discard: { run: discard, operands: [1, 1] },
  mount: { run: mount, operands: [1, 1] },
  release: { run: release, operands: [1, 1] },
  verify: { run: verify, operands: [0, 0] },
  cleanup: { run: cleanup, operands: [0, 0] },
  'base-images': { run: baseImages, operands: [0, 0] },
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const [verb = '', ...operands] = args.operands;
  const known: VerbEntry | undefined = Object.hasOwn(VERBS, verb) ? VERBS[verb as keyof typeof VERBS] : undefined;
  if (known === undefined) throw usageError(`store has no command ${displayText(verb)}: ${Object.keys(VERBS).join(', ')}`);
  const [min, max] = known.operands;
  if (operands.length < min || operands.length > max) {
    throw usageError(`store ${verb} takes ${argumentCount(min, max)}`);
  }
  if (verb !== 'import' && !(await hasStore(args))) {
    if (max > 0) throw noStore(args);
    if (!args.flag('json')) context.note(noStore(args).message);
    return EXIT.done;
  }
  const driver = await openStore(args, known.readsOnly === true);
  return known.run(context, args, driver, operands);
}

async function list(context: Context, args: Arguments, driver: GraphDriver): Promise<number> {
  const images = (await driver.images?.list()) ?? [];
  if (args.flag('images')) {
    if (args.flag('json')) for (const image of images) context.out.write(`${jsonText(imageFacts(image))}\n`);
    else tableOfImages(context, images);
    return EXIT.done;
  }
  const layers = await driver.list();
  if (layers.length + images.length === 0 && !args.flag('json')) {
    context.note('the store is empty');
    return EXIT.done;
  }
  if (args.flag('json')) {
    for (const { id, parent, chain, state, problem, images: of } of layers) {
      const shown = state === 'leftover' ? (chain.length === 0 ? 'removing' : 'broken') : state;
      // All null for Windows stores, which would have to export the layer to compute these.
      const { digest = null, diffId = null, sizeBytes: size = null } = state === 'ready' ? await driver.metadata(id) : {};
      const facts = { diffId, digest, size };
      const line = {
        id,
        parent,
        ...facts,
        chain,
        driver: driver.name,
        state: shown,
        ...(problem === null ? {} : { problem }),
        ...(of === undefined ? {} : { images: of }),
      };
      context.out.write(`${jsonText(line)}\n`);
    }
    return EXIT.done;
  }
  if (images.length > 0) {
    tableOfImages(context, images);
    context.out.write('\n');
  }
  const inChains = afterParents(layers);
  const rows = inChains.map(({ id, parent, chain, state, problem }) => [
    shortId(id),
    parent === null ? '·' : shortId(parent),
    String(chain.length),
    displayText(problem === null ? state : `${state}: ${problem}`),
  ]);
  const table = formatTable([{ title: 'layer' }, { title: 'parent' }, { title: 'below', align: 'right' }, { title: 'state' }], rows);
  for (const line of table) context.out.write(`${line}\n`);
  return EXIT.done;
}

/** Sorts layers by id, but each after its parent and next to its siblings. */
function afterParents(layers: readonly LayerInfo[]): LayerInfo[] {
  const sorted = [...layers].sort((a, b) => (a.id < b.id ? -1 : 1));
  const ids = new Set(sorted.map(({ id }) => id));
  const above = new Map<string, LayerInfo[]>();
  for (const layer of sorted) {
    if (layer.parent === null) continue;
    const siblings = above.get(layer.parent);
    if (siblings === undefined) above.set(layer.parent, [layer]);
    else siblings.push(layer);
  }
  const order = new Set<LayerInfo>();
  const walk = (first: LayerInfo): void => {
    const left = [first];
    for (let layer = left.pop(); layer !== undefined; layer = left.pop()) {
      if (order.has(layer)) continue;
      order.add(layer);
      for (const next of (above.get(layer.id) ?? []).toReversed()) left.push(next);
    }
  };
  for (const layer of sorted) if (layer.parent === null || !ids.has(layer.parent)) walk(layer);
  // Layers whose parents form a cycle haven't been visited yet, because no root leads to them.
  for (const layer of sorted) walk(layer);
  return [...order];
}

function tableOfImages(context: Context, images: readonly StoredImage[]): void {
  const rows = images.map((image) => [
    imageName(image),
    displayText(image.platform),
    image.manifestDigest.slice(0, 'sha256:'.length + 12),
    String(image.layers.length),
    formatSize(image.sizeBytes),
    displayText(image.problem === null ? 'ready' : `broken: ${image.problem}`),
  ]);
  const columns = [
    { title: 'image' },
    { title: 'platform' },
    { title: 'manifest' },
    { title: 'layers', align: 'right' },
    { title: 'size', align: 'right' },
    { title: 'state' },
  ] as const;
  for (const line of formatTable(columns, rows)) context.out.write(`${line}\n`);
}

/** Shortens ids with 64 digits. */
function shortId(id: string): string {
  return /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : displayText(id);
}

async function changes(context: Context, args: Arguments, driver: GraphDriver, [word = '']: readonly string[]): Promise<number> {
  const id = await findStoredLayer(driver, word);
  const marks = { added: '+', modified: '~', removed: '−' } as const;
  for await (const { kind, path: changed } of driver.changes(id, { signal: context.signal })) {
    context.out.write(
      args.flag('json') ? `{"kind":"${kind}","path":${jsonString(changed)}}\n` : `${marks[kind]} ${displayText(changed)}\n`,
    );
    if (context.out.full) await context.out.drain();
  }
  return EXIT.done;
}

async function size(context: Context, args: Arguments, driver: GraphDriver, [word = '']: readonly string[]): Promise<number> {
  const id = await findStoredLayer(driver, word);
  const bytes = await driver.diffSize(id, { signal: context.signal });
  context.out.write(args.flag('json') ? `${jsonText({ id, size: bytes })}\n` : `${bytes}\n`);
  return EXIT.done;
}

async function create(context: Context, args: Arguments, driver: GraphDriver, [word = '']: readonly string[]): Promise<number> {
  const base = args.value('parent');
  const size = args.value('size');
  const sizeBytes = size === undefined ? undefined : (parseBinarySize(size) ?? undefined);
  if (size !== undefined && sizeBytes === undefined) throw usageError(`--size takes a size such as 20GB, not ${displayText(size)}`);
  if (sizeBytes !== undefined && driver.name === 'portable') throw usageError('--size is for Windows layers, which have disks');
  const parent = await findStoredLayer(driver, base ?? word);
  const id = base === undefined ? newLayerId() : word;
  await driver.createReadWrite(id, parent, { ...callOptions(context), ...(sizeBytes === undefined ? {} : { sizeBytes }) });
  context.out.write(`${args.flag('json') ? jsonText({ id, parent }) : displayText(id)}\n`);
  return EXIT.done;
}

async function mount(context: Context, args: Arguments, driver: GraphDriver, [word = '']: readonly string[]): Promise<number> {
  const at = args.value('at');
  if (at !== undefined && driver.name === 'portable') throw usageError('--at is for Windows layers, whose mounts are volumes');
  const id = await findStoredLayer(driver, word);
  const mounted = await driver.mount(id, {
    ...(at === undefined ? {} : { at: path.resolve(at) }),
    signal: context.signal,
    asIs: args.flag('as-is'),
    onFinding: ({ message, path: of }) => context.warn(of === undefined ? message : `${of}: ${message}`),
  });
  context.out.write(`${displayText(mounted.path)}\n`);
  // The mount outlives this process.
  if (!args.flag('wait')) return EXIT.done;
  await using _held = mounted;
  await context.out.drain();
  await untilInputEnds(context.signal);
  return EXIT.done;
}

async function commit(context: Context, args: Arguments, driver: GraphDriver, [word = '']: readonly string[]): Promise<number> {
  const id = await findStoredLayer(driver, word);
  const choice = { name: args.value('name'), comment: args.value('comment') };
  if (choice.comment !== undefined && choice.name === undefined) throw usageError('--comment needs --name: a layer alone has no history');
  return printImported(context, args, await commitCopy(driver, id, choice, callOptions(context)));
}

async function discard(context: Context, _args: Arguments, driver: GraphDriver, [word = '']: readonly string[]): Promise<number> {
  const id = await findStoredLayer(driver, word);
  await discardCopy(driver, id, callOptions(context));
  context.out.write(`${displayText(id)}\n`);
  return EXIT.done;
}

/** Runs `store release`: releases a mount whose process has exited. */
async function release(context: Context, _args: Arguments, driver: GraphDriver, [word = '']: readonly string[]): Promise<number> {
  const id = await findStoredLayer(driver, word);
  if (driver.releaseLeft === undefined) throw usageError(`${driver.name} has no mounts that outlive their process`);
  await driver.releaseLeft(id, callOptions(context));
  context.out.write(`${displayText(id)}\n`);
  return EXIT.done;
}

function untilInputEnds(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    process.stdin.on('end', resolve).on('error', resolve).resume();
  });
}

async function cleanup(context: Context, _args: Arguments, driver: GraphDriver): Promise<number> {
  const removed = await driver.cleanup(callOptions(context));
  for (const name of removed) context.out.write(`${displayText(name)}\n`);
  if (removed.length === 0) context.note('nothing to clean up');
  return EXIT.done;
}

async function verify(context: Context, args: Arguments, driver: GraphDriver): Promise<number> {
  let layers = 0;
  const problems = await verifyStore(driver, {
    signal: context.signal,
    onLayer: ({ id }) => {
      layers++;
      context.progress.update({ phase: `verifying ${shortId(id)}`, doneBytes: 0, totalBytes: null });
    },
  });
  context.progress.clear();
  for (const { id, message } of problems) {
    context.out.write(args.flag('json') ? `${jsonText({ id, message })}\n` : `${displayText(id)}: ${displayText(message)}\n`);
  }
  if (problems.length === 0 && !args.flag('json')) {
    const images = (await driver.images?.list()) ?? [];
    const checked = [plural(layers, 'layer'), ...(images.length === 0 ? [] : [plural(images.length, 'image')])].join(' and ');
    context.note(`${checked} checked, nothing is broken`);
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
