// Imports images into a store, exports them, and opens them like any archive.
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  type Archive,
  type ArchiveImage,
  type ArchiveReader,
  type ArchiveRoot,
  packImage,
  plainTarOf,
  rootOfImage,
  writeLayout,
} from '#archive';
import type { ApplyOptions, CallOptions, GraphDriver, StoredImage } from '#driver';
import { asLayerscopeError, displayText, type HistoryReport, LayerscopeError, shortDigest } from '#model';
import { sweepBeside } from '../../export/named-file.ts';
import { chooseImage, type ImageChoice, pickImage } from '../../image/choose-image.ts';
import { importLayerTar, newLayerId, writeNewFile } from './layer-transfer.ts';

export type StoredImageFormat = 'docker-archive' | 'oci-archive' | 'oci-layout';

/** What a name in a store refers to. */
export type Stored = { readonly kind: 'image'; readonly image: StoredImage } | { readonly kind: 'layer'; readonly id: string };

/**
 * Finds what `text` refers to: a layer's id, an image's name or digest, or at least the first four digits of a layer's id.
 * Throws NOT_FOUND; USAGE if several ids start with it.
 */
export async function findStored(driver: GraphDriver, text: string, platform?: string): Promise<Stored> {
  if (await driver.exists(text)) return { kind: 'layer', id: text };
  const images = (await driver.images?.list()) ?? [];
  try {
    const named = images.map(({ image, names }) => ({ ...image, names: [...names, ...image.names] }));
    const chosen = pickImage(named, { image: text, platform });
    const image = images.find((known) => known.image.index === chosen.index);
    if (image !== undefined && !/^\d{1,5}$/.test(text)) return { kind: 'image', image };
  } catch (error) {
    if (!(error instanceof LayerscopeError) || error.code !== 'NOT_FOUND' || error.message.startsWith('no image for')) throw error;
  }
  const fitting = text.length < 4 ? [] : (await driver.list()).filter(({ id }) => id.startsWith(text));
  const [first, second] = fitting;
  if (first === undefined) {
    throw new LayerscopeError(
      'NOT_FOUND',
      `the store has no ${driver.images === undefined ? 'layer' : 'image or layer'} ${displayText(text)}`,
    );
  }
  if (second !== undefined) throw new LayerscopeError('USAGE', `${displayText(text)} matches ${fitting.length} layers`);
  return { kind: 'layer', id: first.id };
}

/** Finds a layer, or the top layer of an image. Throws what {@link findStored} throws; NOT_FOUND for an image without layers. */
export async function findStoredLayer(driver: GraphDriver, text: string): Promise<string> {
  const found = await findStored(driver, text);
  if (found.kind === 'layer') return found.id;
  const top = found.image.layers.at(-1);
  if (top === undefined) throw new LayerscopeError('NOT_FOUND', `image ${displayText(text)} has no layers`);
  return top;
}

/** The result of an import: images, or layers if the driver keeps no images or the file is a layer. */
export type Imported =
  | { readonly kind: 'images'; readonly images: readonly StoredImage[] }
  | { readonly kind: 'layers'; readonly ids: readonly string[]; readonly sizeBytes: number };

/** Returns all roots of an archive, or only that of the chosen image. */
function chosenRoots(archive: Archive, choice: ImageChoice): readonly ArchiveRoot[] {
  if (choice.image === undefined && choice.platform === undefined) return archive.roots();
  const image = chooseImage(archive, choice);
  const root = archive.roots().find(({ images }) => images.includes(image));
  if (root === undefined) throw new LayerscopeError('NOT_FOUND', `image ${image.index} can't be imported on its own`);
  return [rootOfImage(root, image)];
}

/**
 * Imports an archive: images with all their blobs if the driver stores images, otherwise the chosen image's layers as a chain; a layer tar
 * becomes a single layer. A failure leaves nothing behind.
 */
export async function importArchive(
  driver: GraphDriver,
  archive: Archive,
  choice: ImageChoice & { readonly name?: string | undefined } = {},
  options: ApplyOptions = {},
): Promise<Imported> {
  if (archive.format !== 'layer' && driver.images !== undefined) {
    const roots = chosenRoots(archive, choice);
    if (choice.name !== undefined && roots.length > 1)
      throw new LayerscopeError('USAGE', 'one name can’t be given to several images: choose one image');
    return { kind: 'images', images: await driver.images.add(archive, roots, { ...options, name: choice.name }) };
  }
  return importChain(driver, chooseImage(archive, choice), options);
}

async function importChain(driver: GraphDriver, { layers }: ArchiveImage, options: ApplyOptions): Promise<Imported> {
  const ids: string[] = [];
  let sizeBytes = 0;
  try {
    for (const { blob, index } of layers) {
      if (blob === null) throw new LayerscopeError('BLOB_MISSING', `layer ${index} is not in the archive`);
      const id = newLayerId();
      const isWhole = blob.start === 0 && blob.length === (await stat(blob.path)).size;
      const tar = isWhole ? { file: blob.path } : { pieces: plainTarOf(blob, options) };
      sizeBytes += (await importLayerTar(driver, { id, parent: ids.at(-1) ?? null, tar }, options)).sizeBytes;
      ids.push(id);
    }
  } catch (error) {
    for (const id of ids.reverse()) await driver.remove(id);
    throw asLayerscopeError(error);
  }
  return { kind: 'layers', ids, sizeBytes };
}

/** Streams an image as an archive. Throws UNSUPPORTED like {@link packImage}. */
export async function* packStoredImage(
  { root, image }: StoredImage,
  format: 'docker-archive' | 'oci-archive',
  options: CallOptions = {},
): AsyncGenerator<Uint8Array> {
  yield* packImage(format === 'docker-archive' ? rootOfImage(root, image) : root, format, options);
}

/** Writes an image to a new file, or as a layout to a new folder. A failure leaves nothing behind. Throws EXISTS. */
export async function exportStoredImage(
  stored: StoredImage,
  format: StoredImageFormat,
  to: string,
  options: CallOptions = {},
): Promise<void> {
  if (format === 'oci-layout') {
    await sweepBeside(path.dirname(path.resolve(to)));
    return writeLayout(stored.root, to, options);
  }
  // The pieces may be kept, because each piece of a blob is read into its own buffer.
  await writeNewFile(to, packStoredImage(stored, format, options), { areKept: true });
}

/**
 * Opens a stored image (with all platforms of that name) or a layer with its chain as an archive. Dispose of the archive before the reader.
 * Layers that the driver doesn't store as blobs are first written to `folder`.
 */
export async function openStored(
  reader: ArchiveReader,
  driver: GraphDriver,
  text: string,
  folder: string,
  options: CallOptions = {},
): Promise<Archive> {
  const found = await findStored(driver, text);
  if (found.kind === 'image') {
    const archive = await reader.open(driver.home, options);
    const { names, root } = found.image;
    const all = (await driver.images?.list()) ?? [];
    const meant = all.filter((known) => known.root === root || known.names.some((name) => names.includes(name)));
    const digests = new Set(meant.map(({ manifestDigest }) => manifestDigest));
    return narrowed(archive, ({ manifestDigest }) => manifestDigest !== null && digests.has(manifestDigest), text);
  }
  return openSpooled(reader, await spoolChain(driver, found.id, folder, options), `store:${text}`);
}

/** Finds the image whose layers are the lowest of a chain, given lowest first; if there are several, the one with the most layers. */
export function imageOfChain(images: readonly StoredImage[], chain: readonly string[]): StoredImage | undefined {
  const fitting = images.filter(({ layers }) => layers.length > 0 && chain[layers.length - 1] === layers.at(-1));
  return fitting.sort((a, b) => b.layers.length - a.layers.length || b.names.length - a.names.length)[0];
}

/** A chain's layers as files, lowest first: the store's blobs, or tars spooled from it. */
export interface SpooledChain {
  readonly id: string;
  readonly os: string;
  /** Platform of the image that the chain is based on; `unknown` if there is none. */
  readonly platform: string;
  /** A description of the chain, safe to show: an image's name, `app:1 + working copy`, or the id. */
  readonly name: string;
  /** The steps of the image that the chain is based on; empty if there is none. */
  readonly history: readonly HistoryReport[];
  readonly layers: readonly { readonly file: string; readonly digest: string | null; readonly diffId: string | null }[];
  /** Spooled files, which the owner removes. */
  readonly spooled: readonly string[];
}

/** Finds the blobs of a layer and its chain. Layers not stored as blobs are written to `folder`. A failure leaves nothing behind. */
export async function spoolChain(driver: GraphDriver, id: string, folder: string, options: CallOptions = {}): Promise<SpooledChain> {
  const ids = [...(await driver.chain(id))].reverse().concat(id);
  const layers: { readonly file: string; readonly digest: string | null; readonly diffId: string | null }[] = [];
  const spooled: string[] = [];
  try {
    for (const [index, layer] of ids.entries()) {
      const { file, digest = null, diffId = null } = await driver.metadata(layer);
      if (file !== undefined) layers.push({ file, digest, diffId });
      else {
        const spool = path.join(folder, `${index}.tar`);
        spooled.push(spool);
        await writeNewFile(spool, driver.diff(layer, options));
        layers.push({ file: spool, digest: null, diffId: null });
      }
    }
    return { id, ...(await systemOf(driver, ids)), ...(await originOf(driver, ids)), layers, spooled };
  } catch (error) {
    await removeAll(spooled);
    throw error;
  }
}

/**
 * Returns the operating system and the platform of a chain, given lowest first. In a portable store, they are those of the image that it is
 * based on, or of one that contains its top layer.
 */
async function systemOf(driver: GraphDriver, ids: readonly string[]): Promise<{ readonly os: string; readonly platform: string }> {
  if (driver.name !== 'portable') return { os: 'windows', platform: 'unknown' };
  const images = (await driver.images?.list()) ?? [];
  const found = imageOfChain(images, ids) ?? images.find(({ layers }) => layers.includes(ids.at(-1) ?? ''));
  const { os = 'unknown', platform = 'unknown' } = found?.image ?? {};
  return { os: os === 'unknown' ? 'linux' : os, platform };
}

/** Returns the name and history steps of a chain, given lowest first: those of its image, with one step for each layer above. */
async function originOf(
  driver: GraphDriver,
  ids: readonly string[],
): Promise<{ readonly name: string; readonly history: readonly HistoryReport[] }> {
  const id = ids.at(-1) ?? '';
  const image = imageOfChain((await driver.images?.list()) ?? [], ids);
  if (image === undefined) return { name: displayText(id), history: [] };
  const isCopy = (await driver.list()).find((layer) => layer.id === id)?.readWrite === true;
  const name = displayText(image.names[0] ?? shortDigest(image.manifestDigest));
  const { history } = image.image;
  const filled = history.filter(({ emptyLayer }) => !emptyLayer).length;
  if (filled !== image.layers.length) return { name: isCopy ? `${name} + working copy` : displayText(id), history: [] };
  const above = ids.slice(filled).map((layer) => ({
    createdBy: isCopy && layer === id ? 'working copy' : null,
    created: null,
    comment: null,
    emptyLayer: false,
  }));
  return { name: isCopy ? `${name} + working copy` : above.length === 0 ? name : displayText(id), history: [...history, ...above] };
}

async function removeAll(files: readonly string[]): Promise<void> {
  for (const file of files) await rm(file, { force: true });
}

/** Opens a spooled chain as an archive; closing it removes the spooled files. */
export async function openSpooled(reader: ArchiveReader, { spooled, ...chain }: SpooledChain, title: string): Promise<Archive> {
  try {
    return await reader.openLayers({ ...chain, title, onClose: () => removeAll(spooled) });
  } catch (error) {
    await removeAll(spooled);
    throw error;
  }
}

/** Reduces an archive to some of its images, renumbered. */
function narrowed(archive: Archive, wanted: (image: ArchiveImage) => boolean, text: string): Archive {
  const chosen = archive.images.filter(wanted);
  const numbers = new Map(chosen.map((image, index) => [image.index, index]));
  const images = chosen.map((image, index) => ({ ...image, index }));
  const renumbered = new Map(chosen.map((image, index) => [image, images[index] as ArchiveImage]));
  return {
    ...archive,
    title: `store:${text}`,
    images,
    roots: () =>
      archive.roots().flatMap((root) => {
        const held = root.images.map((image) => renumbered.get(image)).filter((image) => image !== undefined);
        return held.length === 0 ? [] : [{ ...root, images: held }];
      }),
    findings: archive.findings.flatMap((found) => {
      const { image } = found;
      if (image === undefined) return [];
      const index = numbers.get(image);
      return index === undefined ? [] : [{ ...found, image: index }];
    }),
  };
}
