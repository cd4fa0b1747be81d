// Docker's own data root, for graph drivers that store a layer's files in a folder:
//
//   image/DRIVER/repositories.json                  names: {"Repositories":{"app":{"app:1":"sha256:ID","app@sha256:…":"sha256:ID"}}}
//   image/DRIVER/imagedb/content/sha256/ID          the image's config, whose hash is its id
//   image/DRIVER/layerdb/sha256/CHAINID/            diff, parent, size, cache-id, tar-split.json.gz
//   overlay2/CACHEID/diff/, vfs/dir/CACHEID/        the files
//
// Source: moby image/store.go, layer/filestore.go, daemon/graphdriver.
import path from 'node:path';
import type { Archive, LayerParts } from '#archive';
import { chainIds, sha256 } from '#archive';
import { asObject, asSize, asText, parseImageConfig, parseJson, platformName } from '#format/image';
import { type EngineName, tryReference } from '#format/reference';
import { isDigest, LayerscopeError, setTime } from '#model';
import type { ImageSource, ListedImage, OpenSourceOptions, SourceOptions, SourceWord } from '../types.ts';
import { type Candidate, chooseCandidate, otherWay, shownReference } from './choose.ts';
import { layerFolder, namesIn, readJson, readSmall, readText } from './documents.ts';

/** The folder in which each graph driver stores a layer's files. */
const FOLDERS: Readonly<Record<string, (cacheId: string) => string>> = {
  overlay2: (id) => path.join('overlay2', id, 'diff'),
  'fuse-overlayfs': (id) => path.join('fuse-overlayfs', id, 'diff'),
  vfs: (id) => path.join('vfs', 'dir', id),
};
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;
/** Maximum number of layers in an image; Docker's own limit is 125. */
const MAX_LAYERS = 1000;
const HEX = /^[0-9a-f]{64}$/;
/** Cache ids are random hex; with user namespaces or old versions, they have a suffix. */
const CACHE_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

interface DockerImage extends Candidate {
  readonly driver: string;
}

/** Creates a source of Docker's images in a data root, such as `/var/lib/docker`. */
export function dockerRootSource(root: string): ImageSource {
  return {
    kind: 'docker',
    engine: 'docker',
    place: root,
    answers: (word) => (word.kind === 'engine' && word.engine === 'docker') || word.kind === 'name',
    list: (options) => listImages(root, options),
    platforms: async (word) => {
      chooseCandidate(await images(root), nameOf(word));
      return [];
    },
    open: (word, options) => openImage(root, nameOf(word), options),
  };
}

function nameOf(word: SourceWord): EngineName {
  if (word.kind === 'engine' || word.kind === 'name') return word.name;
  throw new LayerscopeError('INTERNAL', `${word.kind} is not an image of Docker`);
}

/** Returns every image of every driver, because Docker keeps those of earlier drivers. */
async function images(root: string): Promise<readonly DockerImage[]> {
  const found: DockerImage[] = [];
  for (const driver of await namesIn(root, 'image')) {
    if (!Object.hasOwn(FOLDERS, driver)) continue;
    const folder = path.join('image', driver);
    const named = namesById(await readJson(root, path.join(folder, 'repositories.json')));
    const ids = await namesIn(root, path.join(folder, 'imagedb', 'content', 'sha256'));
    for (const hex of ids) {
      const id = `sha256:${hex}`;
      if (HEX.test(hex)) found.push({ id, driver, ...(named.get(id) ?? { names: [], digestNames: [] }) });
    }
  }
  return found;
}

function namesById(document: unknown): Map<string, { readonly names: string[]; readonly digestNames: string[] }> {
  const byId = new Map<string, { readonly names: string[]; readonly digestNames: string[] }>();
  for (const repository of Object.values(asObject(asObject(document)?.Repositories) ?? {})) {
    for (const [name, id] of Object.entries(asObject(repository) ?? {})) {
      if (typeof id !== 'string') continue;
      const known = byId.get(id) ?? { names: [], digestNames: [] };
      byId.set(id, known);
      (name.includes('@') ? known.digestNames : known.names).push(name);
    }
  }
  return byId;
}

/** Maximum number of layers whose sizes are looked up for a list; images beyond this limit are listed without a size. */
const MAX_SIZES = 50_000;

type ConfigFacts = ReturnType<typeof parseImageConfig>;

/**
 * Returns the parts of a config that a list shows. If a config can't be used, only that image is affected, and the problem is reported when
 * it is opened.
 */
function configFacts(value: unknown): { readonly platform: ConfigFacts['platform']; readonly diffIds: ConfigFacts['diffIds'] | null } {
  try {
    return parseImageConfig(value);
  } catch {
    return { platform: null, diffIds: null };
  }
}

async function listImages(root: string, { signal }: SourceOptions): Promise<readonly ListedImage[]> {
  const listed: ListedImage[] = [];
  const sizes = new Map<string, number | null>();
  for (const image of await images(root)) {
    signal?.throwIfAborted();
    const { id, names, digestNames, driver } = image;
    const value = await readConfig(root, image).catch(() => null);
    const { platform, diffIds } = configFacts(value);
    // Limits the number of layers whose sizes are read: each takes a disk access, and a config may list thousands.
    const isKnown = value !== null && diffIds !== null && sizes.size + diffIds.length <= MAX_SIZES;
    let sizeBytes: number | null = isKnown ? 0 : null;
    for (const chainId of isKnown ? chainIds(diffIds) : []) {
      const key = `${driver} ${chainId}`;
      if (!sizes.has(key)) sizes.set(key, chainId === null ? null : await layerSize(root, driver, chainId));
      const size = sizes.get(key) ?? null;
      sizeBytes = sizeBytes === null || size === null ? null : asSize(sizeBytes + size);
    }
    listed.push({
      names,
      id,
      digest: tryReference(digestNames[0] ?? '')?.digest ?? null,
      sizeBytes,
      created: setTime(asText(asObject(value)?.created)),
      platform: platform === null ? null : platformName(platform),
    });
  }
  return listed;
}

function metadataFolder(driver: string, chainId: string): string {
  return path.join('image', driver, 'layerdb', 'sha256', chainId.slice(chainId.indexOf(':') + 1));
}

async function layerSize(root: string, driver: string, chainId: string): Promise<number | null> {
  const file = path.join(metadataFolder(driver, chainId), 'size');
  const text = await readText(root, file).catch(() => null);
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Reads an image's config. Throws NOT_FOUND; DIGEST_MISMATCH if the config doesn't match the id. */
async function readConfig(root: string, { id, driver }: DockerImage): Promise<unknown> {
  const file = configFile(driver, id);
  const bytes = await readSmall(root, file, MAX_CONFIG_BYTES);
  if (bytes === null) throw new LayerscopeError('NOT_FOUND', 'no such image');
  if (sha256(bytes) !== id) throw new LayerscopeError('DIGEST_MISMATCH', `${file}: the config of ${id} has a different hash`);
  return parseJson(bytes, file);
}

function configFile(driver: string, id: string): string {
  return path.join('image', driver, 'imagedb', 'content', 'sha256', id.slice('sha256:'.length));
}

async function openImage(root: string, name: EngineName, options: OpenSourceOptions): Promise<Archive> {
  const image = chooseCandidate(await images(root), name);
  const { driver, id, names, digestNames } = image;
  const { diffIds } = parseImageConfig(await readConfig(root, image));
  if (diffIds.length > MAX_LAYERS) throw new LayerscopeError('TOO_LARGE', `the image has more than ${MAX_LAYERS} layers`);
  const layers: (LayerParts | null)[] = [];
  for (const [index, chainId] of chainIds(diffIds).entries()) {
    layers.push(chainId === null ? null : await layerParts(root, driver, chainId, diffIds[index] ?? null));
  }
  const digest = tryReference(digestNames[0] ?? '')?.digest ?? null;
  const reference = shownReference(name, image);
  const source = { kind: 'docker', host: root, reference, digest, fetchedBytes: 0, requests: 0, verified: false } as const;
  const configPath = path.join(root, configFile(driver, id));
  const { reader, signal, onProgress } = options;
  return reader.openParts(
    {
      title: names[0] ?? id,
      format: 'docker',
      source,
      names,
      configPath,
      configDigest: id,
      manifestDigest: null,
      layers,
      ...otherWay(options),
    },
    { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) },
  );
}

/** Returns a layer's parts; null if the layer is missing. Throws DIGEST_MISMATCH if the stored layer is a different one; PERMISSION, IO. */
async function layerParts(root: string, driver: string, chainId: string, diffId: string | null): Promise<LayerParts | null> {
  const folder = metadataFolder(driver, chainId);
  const read = (file: string) => readText(root, path.join(folder, file));
  const [found, cacheId] = [await read('diff'), await read('cache-id')];
  if (found === null || cacheId === null) return null;
  if (!isDigest(found) || found !== diffId) throw new LayerscopeError('DIGEST_MISMATCH', `${folder}/diff names a different layer`);
  if (!CACHE_ID.test(cacheId)) throw new LayerscopeError('DAMAGED', `${folder}/cache-id is not an id`);
  const files = FOLDERS[driver]?.(cacheId) ?? '';
  return { metadata: path.join(root, folder, 'tar-split.json.gz'), folder: await layerFolder(root, files) };
}
