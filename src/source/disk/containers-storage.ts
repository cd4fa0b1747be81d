// The storage of Podman, CRI-O and Buildah (containers/storage), for drivers that store a layer's files in a folder:
//
//   overlay-images/images.json                      id, digest (of the manifest), names, layer (the top one)
//   overlay-images/ID/manifest, overlay-images/ID/=BASE64   the manifest; the config, by its digest in base64
//   overlay-layers/layers.json                      id, parent, diff-digest, diff-size
//   overlay-layers/ID.tar-split.gz
//   overlay/ID/diff/, vfs/dir/ID/                   the files
//
// Source: containers/storage images.go, layers.go.
import path from 'node:path';
import type { Archive, LayerParts } from '#archive';
import { asArray, asObject, asSize, asText, type JsonObject, parseImageConfig } from '#format/image';
import { type EngineName, tryReference } from '#format/reference';
import { isDigest, LayerscopeError, setTime } from '#model';
import type { ImageSource, ListedImage, OpenSourceOptions, SourceOptions, SourceWord } from '../types.ts';
import { type Candidate, chooseCandidate, otherWay, shownReference } from './choose.ts';
import { layerFolder, namesIn, readJson } from './documents.ts';

/** The folder in which each driver stores a layer's files. */
const FOLDERS: Readonly<Record<string, (id: string) => string>> = {
  overlay: (id) => path.join('overlay', id, 'diff'),
  vfs: (id) => path.join('vfs', 'dir', id),
};
const ID = /^[0-9a-f]{64}$/;
const MAX_LAYERS = 1000;
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

interface StoredImage extends Candidate {
  readonly driver: string;
  /** Digest of the manifest; null if unknown. */
  readonly digest: string | null;
  readonly created: string | null;
  /** Id of the top layer; null for an image without layers. */
  readonly top: string | null;
}

interface StoredLayer {
  readonly parent: string | null;
  readonly diffId: string | null;
  readonly sizeBytes: number | null;
}

/** Creates a source of the images in a storage folder of Podman and others, such as `/var/lib/containers/storage`. */
export function containersStorageSource(root: string): ImageSource {
  return {
    kind: 'podman',
    engine: 'podman',
    place: root,
    answers: (word) => (word.kind === 'engine' && word.engine === 'podman') || word.kind === 'name',
    list: (options) => listImages(root, options),
    platforms: async (word) => {
      chooseCandidate(await images(root), nameOf(word), { localhost: true });
      return [];
    },
    open: (word, options) => openImage(root, nameOf(word), options),
  };
}

function nameOf(word: SourceWord): EngineName {
  if (word.kind === 'engine' || word.kind === 'name') return word.name;
  throw new LayerscopeError('INTERNAL', `${word.kind} is not an image of Podman`);
}

async function images(root: string): Promise<readonly StoredImage[]> {
  const found: StoredImage[] = [];
  for (const folder of await namesIn(root, '')) {
    const driver = folder.replace(/-images$/, '');
    if (folder === driver || !Object.hasOwn(FOLDERS, driver)) continue;
    const file = path.join(folder, 'images.json');
    for (const value of asArray(await readJson(root, file))) {
      const image = imageOf(asObject(value), driver);
      if (image !== null) found.push(image);
    }
  }
  return found;
}

function imageOf(value: JsonObject | null, driver: string): StoredImage | null {
  const hex = asText(value?.id);
  if (value === null || hex === null || !ID.test(hex)) return null;
  const digest = asText(value.digest);
  const names = asArray(value.names).filter((name): name is string => typeof name === 'string');
  const byDigest = names.flatMap((name) => {
    const reference = tryReference(name);
    return reference === null || digest === null ? [] : [`${reference.host}/${reference.name}@${digest}`];
  });
  const top = asText(value.layer);
  return {
    id: `sha256:${hex}`,
    driver,
    names: names.filter((name) => !name.includes('@')),
    digestNames: [...names.filter((name) => name.includes('@')), ...byDigest],
    digest: digest !== null && isDigest(digest) ? digest : null,
    created: setTime(asText(value.created)),
    top: top !== null && ID.test(top) ? top : null,
  };
}

async function layersOf(root: string, driver: string): Promise<ReadonlyMap<string, StoredLayer>> {
  const layers = new Map<string, StoredLayer>();
  const file = path.join(`${driver}-layers`, 'layers.json');
  for (const value of asArray(await readJson(root, file))) {
    const object = asObject(value);
    const id = asText(object?.id);
    const size = object?.['diff-size'];
    if (object === null || id === null || !ID.test(id)) continue;
    layers.set(id, {
      parent: asText(object.parent),
      diffId: asText(object['diff-digest']),
      sizeBytes: asSize(size),
    });
  }
  return layers;
}

/** Returns the ids of an image's layers, bottom first; null if a parent is missing. Throws DAMAGED for a cycle. */
function chainOf(top: string | null, layers: ReadonlyMap<string, StoredLayer>): readonly string[] {
  const chain: string[] = [];
  for (let id = top; id !== null; id = layers.get(id)?.parent ?? null) {
    if (chain.length >= MAX_LAYERS) throw new LayerscopeError('DAMAGED', `the parents of layer ${top} form a loop or are too many`);
    chain.push(id);
  }
  return chain.reverse();
}

/** Adds up the sizes of images' layers. Caches the results, because many images share a long chain. */
class ChainSizes {
  readonly #layers: ReadonlyMap<string, StoredLayer>;
  /** For each layer, the size of its chain (null if unknown) and the number of layers in the chain. */
  readonly #known = new Map<string, { readonly bytes: number | null; readonly count: number }>();

  constructor(layers: ReadonlyMap<string, StoredLayer>) {
    this.#layers = layers;
  }

  /** Returns the size of an image's layers; null if it is unknown, or if their parents form a loop or are too many. */
  of(top: string | null): number | null {
    const above: string[] = [];
    let id = top;
    for (; id !== null && !this.#known.has(id); id = this.#layers.get(id)?.parent ?? null) {
      if (above.length >= MAX_LAYERS) {
        this.#known.set(top as string, { bytes: null, count: MAX_LAYERS });
        return null;
      }
      above.push(id);
    }
    let sum = id === null ? { bytes: 0, count: 0 } : (this.#known.get(id) as { readonly bytes: number | null; readonly count: number });
    for (const layer of above.reverse()) {
      const bytes: number | null = this.#layers.get(layer)?.sizeBytes ?? null;
      const count = sum.count + 1;
      sum = { bytes: sum.bytes === null || bytes === null || count > MAX_LAYERS ? null : asSize(sum.bytes + bytes), count };
      this.#known.set(layer, sum);
    }
    return sum.bytes;
  }
}

async function listImages(root: string, { signal }: SourceOptions): Promise<readonly ListedImage[]> {
  const byDriver = new Map<string, ChainSizes>();
  const listed: ListedImage[] = [];
  for (const { driver, id, names, digest, created, top } of await images(root)) {
    signal?.throwIfAborted();
    const sizes = byDriver.get(driver) ?? new ChainSizes(await layersOf(root, driver));
    byDriver.set(driver, sizes);
    listed.push({ names, id, digest, sizeBytes: sizes.of(top), created, platform: null });
  }
  return listed;
}

/** Returns the file name of a document: its key, unchanged or in base64 after `=`. */
function documentName(key: string): string {
  return /^[.0-9a-z]*$/.test(key) ? key : `=${Buffer.from(key).toString('base64')}`;
}

async function openImage(root: string, name: EngineName, options: OpenSourceOptions): Promise<Archive> {
  const { reader, signal, onProgress } = options;
  const image = chooseCandidate(await images(root), name, { localhost: true });
  const { driver, id, names, top } = image;
  const folder = path.join(`${driver}-images`, id.slice('sha256:'.length));
  const manifest = asObject(await readJson(root, path.join(folder, 'manifest'), MAX_DOCUMENT_BYTES));
  const stated = asText(asObject(manifest?.config)?.digest);
  const configDigest = stated !== null && isDigest(stated) ? stated : id;
  const configFile = path.join(folder, documentName(configDigest));
  const config = await readJson(root, configFile, MAX_DOCUMENT_BYTES);
  const { diffIds } = parseImageConfig(config);
  const layers = await layersOf(root, driver);
  const chain = chainOf(top, layers);
  if (config !== null && chain.length !== diffIds.length) {
    throw new LayerscopeError('DAMAGED', `the image has ${diffIds.length} layers, but the storage has ${chain.length}`);
  }
  const reference = shownReference(name, image);
  const source = { kind: 'podman', host: root, reference, digest: image.digest, fetchedBytes: 0, requests: 0, verified: false } as const;
  return reader.openParts(
    {
      title: names[0] ?? id,
      format: 'podman',
      source,
      names,
      configPath: path.join(root, configFile),
      configDigest,
      manifestDigest: image.digest,
      layers: await Promise.all(chain.map((layer, index) => partsOf(root, driver, layer, layers.get(layer), diffIds[index] ?? null))),
      ...otherWay(options),
    },
    { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) },
  );
}

/** Returns a layer's parts; null if the storage doesn't have the layer. Throws DIGEST_MISMATCH if the stored layer is a different one. */
async function partsOf(
  root: string,
  driver: string,
  id: string,
  layer: StoredLayer | undefined,
  diffId: string | null,
): Promise<LayerParts | null> {
  if (layer === undefined || !ID.test(id)) return null;
  if (layer.diffId !== null && layer.diffId !== diffId) throw new LayerscopeError('DIGEST_MISMATCH', `layer ${id} has a different diffID`);
  const files = FOLDERS[driver]?.(id) ?? '';
  return { metadata: path.join(root, `${driver}-layers`, `${id}.tar-split.gz`), folder: await layerFolder(root, files) };
}
