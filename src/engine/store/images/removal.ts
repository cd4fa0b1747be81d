// Plans and performs removals from a store: what else is deleted, and in which order.
import type { CallOptions, GraphDriver, LayerInfo, StoredImage } from '#driver';
import { displayText, LayerscopeError } from '#model';

/** What removing an image or a layer deletes. */
export interface Removal {
  /** With `name`, only a name is removed, because the image has others. */
  readonly kind: 'image' | 'name' | 'layer' | 'copy';
  /** Bytes that nothing else in the store uses: of the blobs or, for a working copy, of its changes. */
  readonly freedBytes: number;
  /** Number of removed layers, without working copies. */
  readonly layers: number;
  /** Ids of layers that prevent the removal because they are based on a removed layer, topmost first. */
  readonly users: readonly { readonly id: string; readonly isCopy: boolean }[];
  /** Ids of removed layers and of `users`, so that their mounts can be released. */
  readonly ids: readonly string[];
}

/** Determines what removing `what` (an image's name or digest, or a layer's id) would delete. Changes nothing. Throws NOT_FOUND. */
export async function planRemoval(driver: GraphDriver, what: string, options: CallOptions = {}): Promise<Removal> {
  const layers = await driver.list();
  const images = (await driver.images?.list()) ?? [];
  const meant = images.filter(({ names, manifestDigest, root }) => [...names, manifestDigest, root.descriptor?.digest].includes(what));
  const [image] = meant;
  if (image !== undefined) {
    const byName = image.names.includes(what);
    if (byName && image.names.length > 1) return { kind: 'name', freedBytes: 0, layers: 0, users: [], ids: [] };
    return imageRemoval(meant, images, layers);
  }
  const layer = layers.find(({ id }) => id === what);
  if (layer === undefined) throw new LayerscopeError('NOT_FOUND', `the store has no image or layer ${displayText(what)}`);
  const users = usersOf(new Set([what]), layers);
  const isCopy = layer.readWrite === true;
  const freedBytes = isCopy ? await driver.diffSize(what, options) : (layer.sizeBytes ?? 0);
  return { kind: isCopy ? 'copy' : 'layer', freedBytes, layers: isCopy ? 0 : 1, users, ids: [what, ...users.map(({ id }) => id)] };
}

/**
 * Returns how many bytes a removal frees, including those of the working copies that it also deletes. A working copy that can't be read
 * counts as 0.
 */
export async function freedWithCopies(driver: GraphDriver, { freedBytes, users }: Removal): Promise<number> {
  let bytes = freedBytes;
  for (const { id, isCopy } of users) if (isCopy) bytes += await driver.diffSize(id).catch(() => 0);
  return bytes;
}

function imageRemoval(meant: readonly StoredImage[], images: readonly StoredImage[], layers: readonly LayerInfo[]): Removal {
  const others = images.filter((image) => !meant.includes(image));
  const needed = new Set(others.flatMap((image) => image.layers));
  const ids = new Set(meant.flatMap((image) => image.layers).filter((id) => !needed.has(id)));
  const kept = new Set(others.flatMap(({ root }) => root.blobs.map(({ digest }) => digest)));
  const blobs = new Map(meant.flatMap(({ root }) => root.blobs.map(({ digest, source }) => [digest, source.length] as const)));
  let freedBytes = 0;
  for (const [digest, bytes] of blobs) if (!kept.has(digest)) freedBytes += bytes;
  const users = usersOf(ids, layers);
  return { kind: 'image', freedBytes, layers: ids.size, users, ids: [...ids, ...users.map(({ id }) => id)] };
}

/** Returns the other layers based on `ids`, each after the layers based on it. */
function usersOf(ids: ReadonlySet<string>, layers: readonly LayerInfo[]): Removal['users'] {
  return layers
    .filter(({ id, chain }) => !ids.has(id) && chain.some((below) => ids.has(below)))
    .sort((a, b) => b.chain.length - a.chain.length)
    .map(({ id, readWrite }) => ({ id, isCopy: readWrite === true }));
}

/** Removes an image's name, an image, a layer or a leftover. Throws NOT_FOUND; EXISTS if the layer is in use. */
export async function removeStored(driver: GraphDriver, what: string, options: CallOptions = {}): Promise<void> {
  const image = (await driver.images?.list())?.find((each) => each.names.includes(what) || each.manifestDigest === what);
  if (image !== undefined) await driver.images?.remove(what, options);
  else await driver.remove(what, options);
}

/** Removes a working copy with its changes. Throws NOT_FOUND; USAGE for any other layer; EXISTS while the copy is mounted. */
export async function discardCopy(driver: GraphDriver, id: string, options: CallOptions = {}): Promise<void> {
  const layer = (await driver.list()).find((known) => known.id === id);
  if (layer !== undefined && layer.readWrite !== true)
    throw new LayerscopeError('USAGE', `layer ${displayText(id.slice(0, 12))} is not a working copy: remove it with store remove`);
  await driver.remove(id, options);
}
