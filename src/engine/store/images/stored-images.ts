// Whole images in a store: imported, exported, and opened like any archive.
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
import { asLayerscopeError, displayText, LayerscopeError } from '#model';
import { sweepBeside } from '../../export/place-file.ts';
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

/** Finds a layer, or the top layer of an image. Throws as {@link findStored}; NOT_FOUND for an image without layers. */
export async function findStoredLayer(driver: GraphDriver, text: string): Promise<string> {
  const found = await findStored(driver, text);
  if (found.kind === 'layer') return found.id;
  const top = found.image.layers.at(-1);
  if (top === undefined) throw new LayerscopeError('NOT_FOUND', `image ${displayText(text)} has no layers`);
  return top;
}

/** What was imported: images, or layers if the driver keeps no images or the file is a layer. */
export type Imported =
  | { readonly kind: 'images'; readonly images: readonly StoredImage[] }
  | { readonly kind: 'layers'; readonly ids: readonly string[]; readonly sizeBytes: number };

/** All roots of an archive, or that of the chosen image. */
function chosenRoots(archive: Archive, choice: ImageChoice): readonly ArchiveRoot[] {
  if (choice.image === undefined && choice.platform === undefined) return archive.roots();
  const image = chooseImage(archive, choice);
  const root = archive.roots().find(({ images }) => images.includes(image));
  if (root === undefined) throw new LayerscopeError('NOT_FOUND', `image ${image.index} can't be imported by itself`);
  return [rootOfImage(root, image)];
}

/**
 * Imports an archive: whole images with all their blobs if the driver keeps images, otherwise the chosen image's layers as a chain; a
 * layer tar becomes a single layer. A failure leaves nothing behind.
 */
export async function importArchive(
  driver: GraphDriver,
  archive: Archive,
  choice: ImageChoice & { readonly name?: string | undefined } = {},
  options: ApplyOptions = {},
): Promise<Imported> {
  if (archive.format !== 'layer' && driver.images !== undefined) {
    const roots = chosenRoots(archive, choice);
    if (choice.name !== undefined && roots.length > 1) throw new LayerscopeError('USAGE', 'one name for several images: choose one image');
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

/** Streams an image as an archive. Throws UNSUPPORTED as {@link packImage}. */
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
  await writeNewFile(to, packStoredImage(stored, format, options));
}

/**
 * Opens a stored image (with all platforms of that name) or a layer with its chain as an archive. Dispose of it before the reader.
 * Layers that the driver doesn't keep as blobs are first written to `folder`.
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

/** A chain's layers as files, lowest first: the store's blobs, or tars spooled from it. */
export interface SpooledChain {
  readonly id: string;
  readonly os: string;
  readonly layers: readonly { readonly file: string; readonly digest: string | null; readonly diffId: string | null }[];
  /** Spooled files, which the owner removes. */
  readonly spooled: readonly string[];
}

/** Finds the blobs of a layer and its chain. Layers not kept as blobs are written to `folder`. A failure leaves nothing behind. */
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
    return { id, os: await systemOf(driver, id), layers, spooled };
  } catch (error) {
    await removeAll(spooled);
    throw error;
  }
}

/** The operating system a layer is for: the driver's, or in a portable store that of an image containing it. */
async function systemOf(driver: GraphDriver, id: string): Promise<string> {
  if (driver.name !== 'portable') return 'windows';
  const images = (await driver.images?.list()) ?? [];
  const os = images.find(({ layers }) => layers.includes(id))?.image.os;
  return os === undefined || os === 'unknown' ? 'linux' : os;
}

async function removeAll(files: readonly string[]): Promise<void> {
  for (const file of files) await rm(file, { force: true });
}

/** Opens a spooled chain as an archive; closing it removes the spooled files. */
export async function openSpooled(reader: ArchiveReader, { id, os, layers, spooled }: SpooledChain, title: string): Promise<Archive> {
  try {
    return await reader.openLayers({ title, name: id, os, layers, onClose: () => removeAll(spooled) });
  } catch (error) {
    await removeAll(spooled);
    throw error;
  }
}

/** An archive reduced to some of its images, renumbered. */
function narrowed(archive: Archive, wanted: (image: ArchiveImage) => boolean, text: string): Archive {
  const chosen = archive.images.filter(wanted);
  const numbers = new Map(chosen.map((image, index) => [image.index, index]));
  return {
    ...archive,
    title: `store:${text}`,
    images: chosen.map((image, index) => ({ ...image, index })),
    findings: archive.findings.flatMap((found) => {
      const { image } = found;
      if (image === undefined) return [];
      const index = numbers.get(image);
      return index === undefined ? [] : [{ ...found, image: index }];
    }),
  };
}
