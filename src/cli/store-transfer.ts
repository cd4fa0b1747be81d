// Imports, exports and removals of images and layers.
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { type Archive, createReader } from '#archive';
import type { GraphDriver, StoredImage } from '#driver';
import {
  exportImage,
  exportLayer,
  exportStoredImage,
  findStored,
  findStoredLayer,
  type Imported,
  importArchive,
  importLayerTar,
  newLayerId,
  openSpooled,
  packStoredImage,
  type StoredImageFormat,
  spoolChain,
  writeNewFile,
} from '#engine';
import { makeMarkedFolder } from '#files';
import { displayText, formatSize, jsonText, LayerscopeError, shortDigest } from '#model';
import type { Arguments } from './arguments.ts';
import { usageError } from './arguments.ts';
import { callOptions } from './call-options.ts';
import { type Context, EXIT } from './context.ts';
import { openInput } from './open-input.ts';

const FORMATS: readonly StoredImageFormat[] = ['docker-archive', 'oci-archive', 'oci-layout'];

/** Runs `store import` for an image archive or a layer tar. */
export async function importInto(
  context: Context,
  args: Arguments,
  driver: GraphDriver,
  [source = '']: readonly string[],
): Promise<number> {
  let done = 0;
  const options = {
    ...callOptions(context),
    onFinding: ({ message, path }: { readonly message: string; readonly path?: string }) =>
      context.warn(path === undefined ? message : `${path}: ${message}`),
    onProgress: (bytes: number) => {
      done += bytes;
      context.progress.update({ phase: 'import', doneBytes: done, totalBytes: null });
    },
  };
  // With --id or --parent the file must be a layer tar, so its type need not be detected.
  if (args.value('id') !== undefined || args.value('parent') !== undefined) {
    const parent = args.value('parent');
    const id = args.value('id') ?? newLayerId();
    const below = parent === undefined ? null : await findStoredLayer(driver, parent);
    const tar = source === '-' ? { stream: process.stdin } : { file: source };
    const { sizeBytes } = await importLayerTar(driver, { id, parent: below, tar }, options);
    return printImported(context, args, { kind: 'layers', ids: [id], sizeBytes });
  }
  await using input = await openInput(context, args, source, { store: false });
  warnOf(context, input.archive);
  const choice = { image: args.value('image'), platform: args.value('platform'), name: args.value('name') };
  return printImported(context, args, await importArchive(driver, input.archive, choice, options));
}

function warnOf(context: Context, { findings }: Archive): void {
  for (const { severity, code, message } of findings) if (severity === 'error') context.warn(`${code}: ${message}`);
}

/** Prints the images or layers that were added. */
export function printImported(context: Context, args: Arguments, imported: Imported): number {
  context.progress.clear();
  if (imported.kind === 'layers') {
    const { ids, sizeBytes } = imported;
    for (const id of args.flag('json') ? ids.slice(-1) : ids) {
      context.out.write(`${args.flag('json') ? jsonText({ id, sizeBytes }) : displayText(id)}\n`);
    }
    return EXIT.done;
  }
  for (const image of imported.images) {
    context.out.write(args.flag('json') ? `${jsonText(imageFacts(image))}\n` : `${imageName(image)}  ${image.manifestDigest}\n`);
  }
  return EXIT.done;
}

/** Formats an image of the store for JSON output. */
export function imageFacts({ names, platform, manifestDigest, configDigest, layers, sizeBytes, problem }: StoredImage): object {
  const state = problem === null ? { state: 'ready' } : { state: 'broken', problem };
  return { names, platform, manifestDigest, configDigest, layers, size: sizeBytes, ...state };
}

export function imageName({ names, manifestDigest }: StoredImage): string {
  return names.length === 0 ? shortDigest(manifestDigest) : names.map(displayText).join(', ');
}

/**
 * Runs `store export`. For an image, writes an archive. For a layer, writes its blob as stored or, with `--format`, an image made of the
 * layer and its chain.
 */
export async function exportFrom(context: Context, args: Arguments, driver: GraphDriver, [word = '']: readonly string[]): Promise<number> {
  const to = args.value('to');
  if (to === undefined) throw usageError('store export needs --to FILE');
  const found = await findStored(driver, word, args.value('platform'));
  const given = args.value('format');
  const format = FORMATS.find((known) => known === (given ?? 'docker-archive'));
  if (format === undefined) throw usageError(`no format ${displayText(given ?? '')}: ${FORMATS.join(', ')}`);
  if (found.kind === 'layer') {
    if (given === undefined) return exportOneLayer(context, driver, found.id, to);
    if (format === 'oci-layout') throw usageError('the chain of a layer can only be written as docker-archive or oci-archive');
    return exportOneChain(context, driver, { id: found.id, format, to });
  }
  const options = { signal: context.signal };
  if (to === '-') {
    if (format === 'oci-layout') throw usageError('oci-layout writes a folder, not standard output: use --to FOLDER');
    for await (const bytes of packStoredImage(found.image, format, options)) await context.out.writeBytes(bytes.slice());
    return EXIT.done;
  }
  await exportStoredImage(found.image, format, to, options);
  context.out.write(`${displayText(to)}: ${imageName(found.image)}\n`);
  return EXIT.done;
}

/** Exports a layer and its chain as an image, with a new config and manifest. */
async function exportOneChain(
  context: Context,
  driver: GraphDriver,
  { id, format, to }: { readonly id: string; readonly format: 'docker-archive' | 'oci-archive'; readonly to: string },
): Promise<number> {
  const { signal } = context;
  const folder = makeMarkedFolder(tmpdir(), 'layerscope-chain-');
  try {
    await using reader = createReader({ cacheFolder: null, workers: 0 });
    await using archive = await openSpooled(reader, await spoolChain(driver, id, folder, { signal }), `store:${id}`);
    const pieces = exportImage(archive, { image: 0, format }).bytes(signal);
    if (to === '-') {
      for await (const bytes of pieces) await context.out.writeBytes(bytes.slice());
      return EXIT.done;
    }
    const bytes = await writeNewFile(to, pieces);
    context.out.write(`${displayText(to)}: ${formatSize(bytes)}\n`);
    return EXIT.done;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function exportOneLayer(context: Context, driver: GraphDriver, id: string, to: string): Promise<number> {
  const options = { signal: context.signal };
  if (to === '-') {
    const pieces = driver.blobs?.read(id, options) ?? driver.diff(id, options);
    for await (const bytes of pieces) await context.out.writeBytes(bytes.slice());
    return EXIT.done;
  }
  const { bytes } = await exportLayer(driver, id, to, options);
  context.out.write(`${displayText(to)}: ${formatSize(bytes)}\n`);
  return EXIT.done;
}

/** Runs `store diff`: writes a layer's plain tar to standard output. */
export async function diffOf(context: Context, _args: Arguments, driver: GraphDriver, [word = '']: readonly string[]): Promise<number> {
  const id = await findStoredLayer(driver, word);
  for await (const bytes of driver.diff(id, { signal: context.signal })) await context.out.writeBytes(bytes.slice());
  return EXIT.done;
}

/**
 * Runs `store remove`: removes images by name or digest, layers by id. Prints an error for each that can't be removed; with a single
 * operand, throws the error.
 */
export async function removeFrom(context: Context, _args: Arguments, driver: GraphDriver, words: readonly string[]): Promise<number> {
  let code: number = EXIT.done;
  for (const word of words) {
    try {
      await removeOne(context, driver, word);
      context.out.write(`${displayText(word)}\n`);
    } catch (error) {
      if (!(error instanceof LayerscopeError) || error.code === 'CANCELLED' || words.length === 1) throw error;
      context.error(error.code, error.message);
      code = EXIT.unreadable;
    }
  }
  return code;
}

async function removeOne(context: Context, driver: GraphDriver, word: string): Promise<void> {
  const found = await findStored(driver, word).catch(async (error: unknown) => {
    if (!(error instanceof LayerscopeError) || error.code !== 'NOT_FOUND') throw error;
    // Also removes broken layers and leftovers.
    await driver.remove(word, callOptions(context)).catch((thrown: unknown) => {
      const isNone = thrown instanceof LayerscopeError && (thrown.code === 'NOT_FOUND' || thrown.code === 'NAME_REFUSED');
      throw isNone ? error : thrown;
    });
    return null;
  });
  if (found === null) return;
  if (found.kind === 'layer') return driver.remove(found.id, callOptions(context));
  const { names, manifestDigest, root } = found.image;
  const name = names.find((known) => known === word) ?? (names.length === 1 ? names[0] : undefined);
  await driver.images?.remove(name ?? root.descriptor?.digest ?? manifestDigest, callOptions(context));
}
