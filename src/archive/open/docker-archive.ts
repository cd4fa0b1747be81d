import {
  type DockerImage,
  digestInPath,
  type LegacyLayer,
  type Platform,
  parseJson,
  parseLegacyLayer,
  parsePlatform,
  parseRepositories,
} from '#format/image';
import { displayText, LayerscopeError } from '#model';
import { refusalCode } from '../members/member-refused.ts';
import { blobName, type MemberStore, readDocument, storeName } from '../members/member-store.ts';
import type { ImageList, LayerPlan } from './image-list.ts';
import type { OciImage } from './index-walk.ts';
import { layerPlan } from './oci-layout.ts';

/** Maximum number of layers in a chain; Docker's own limit is 125. */
const MAX_CHAIN = 4096;

/**
 * Adds the images of manifest.json to the list. `oci` has the images of index.json, which archives from Docker 25 and later contain too.
 * They supply digests, media types and the platform if both files name the same layers; otherwise manifest.json takes precedence.
 */
export function addDockerImages(list: ImageList, store: MemberStore, images: readonly DockerImage[], oci: readonly OciImage[]): void {
  for (const image of images) {
    const index = list.nextIndex;
    const configName = image.config === null ? null : memberName(store, image.config);
    const stated = configName === null ? null : digestInPath(configName);
    const twinOf = (digest: string | null) => oci.find(({ manifest }) => digest !== null && manifest.config?.digest === digest) ?? null;
    const size = twinOf(stated)?.manifest.config?.size ?? null;
    const config = list.readConfig(configName === null ? null : { name: configName, digest: stated, size, isImageConfig: true });
    const configDigest = stated ?? config?.digest ?? null;
    const plans = image.layers.map((path, layer) => dockerLayer(memberName(store, path), config?.fields.diffIds[layer] ?? null, image));
    const twin = twinOf(configDigest);
    const agrees = twin !== null && sameLayers(store, plans, twin);
    if (twin === null && oci.length > 0) {
      list.report('manifest-disagreement', 'no manifest of index.json has the config that manifest.json names', { image: index });
    } else if (twin !== null && !agrees) {
      const { layers } = twin.manifest;
      list.report(
        'manifest-disagreement',
        `manifest.json names ${plans.length} layers, but the OCI manifest names ${layers.length === plans.length ? 'different ones' : layers.length}`,
        { image: index },
      );
    }
    list.add({
      names: image.repoTags,
      platform: twin?.descriptor.platform ?? null,
      configDigest,
      manifestDigest: agrees ? twin.descriptor.digest : null,
      layers: agrees
        ? twin.manifest.layers.map((descriptor, layer) => ({ ...layerPlan(descriptor), name: plans[layer]?.name ?? '' }))
        : plans,
      attestations: agrees ? twin.attestations : [],
      config,
      isImageConfig: true,
    });
  }
}

/**
 * Returns the name of the member that manifest.json means. Docker on Windows before 18.04 wrote `<id>\\layer.tar` for the member
 * `<id>/layer.tar`.
 */
function memberName(store: MemberStore, path: string): string {
  const name = storeName(path);
  if (!name.includes('\\') || lookUp(store, name) !== null) return name;
  const slashes = name.replaceAll('\\', '/');
  return lookUp(store, slashes) === null ? name : slashes;
}

function dockerLayer(name: string, diffId: string | null, image: DockerImage): LayerPlan {
  const digest = digestInPath(name);
  // A source counts only if it describes this blob: older versions of Docker recorded the layer as it was in the registry.
  const source = diffId === null ? undefined : image.layerSources.get(diffId);
  const same = source !== undefined && source.digest === digest;
  return {
    name,
    digest,
    mediaType: same || (source?.urls.length ?? 0) > 0 ? (source?.mediaType ?? null) : null,
    size: same ? source.size : null,
    urls: source?.urls ?? [],
  };
}

/** Whether manifest.json and the OCI manifest name the same blobs in the same order. */
function sameLayers(store: MemberStore, plans: readonly LayerPlan[], { manifest }: OciImage): boolean {
  if (plans.length !== manifest.layers.length) return false;
  return plans.every((plan, index) => {
    const name = blobName(manifest.layers[index]?.digest ?? '');
    if (plan.name === name) return true;
    const [a, b] = [lookUp(store, plan.name), name === '' ? null : lookUp(store, name)];
    return a !== null && b !== null && a.start === b.start && a.path === b.path;
  });
}

function lookUp(store: MemberStore, name: string): ReturnType<MemberStore['find']> {
  try {
    return store.find(name);
  } catch (error) {
    refusalCode(error, 'path-escape'); // the problem is reported when the blob is read
    return null;
  }
}

/** Whether the archive has layers in the format of Docker 1.9 or earlier. */
export function hasLegacyLayers(store: MemberStore): boolean {
  for (const name of store.names()) if (legacyId(name) !== null) return true;
  return false;
}

function legacyId(name: string): string | null {
  return /^([0-9a-f]{64})\/json$/.exec(name)?.[1] ?? null;
}

/** Adds the images of an archive without manifest.json, from `repositories` and each layer's `json`. Throws BAD_MANIFEST. */
export function addLegacyImages(list: ImageList, store: MemberStore): void {
  const repositories = readDocument(store, 'repositories');
  const tagged = repositories === null ? new Map<string, readonly string[]>() : parseRepositories(parseJson(repositories, 'repositories'));
  const tops = tagged.size > 0 ? [...tagged.keys()] : untaggedTops(store);
  for (const top of tops) addLegacyImage(list, store, top, tagged.get(top) ?? []);
}

/** Returns the ids of layers that no other layer has as parent. */
function untaggedTops(store: MemberStore): string[] {
  const ids: string[] = [];
  const parents = new Set<string>();
  for (const name of store.names()) {
    const id = legacyId(name);
    if (id === null) continue;
    ids.push(id);
    const parent = parentOf(store, id);
    if (parent) parents.add(parent);
  }
  return ids.filter((id) => !parents.has(id));
}

/** A layer's `json` file. */
interface LegacyDocument {
  readonly layer: LegacyLayer;
  readonly platform: Platform | null;
  readonly bytes: Uint8Array;
}

/**
 * Returns the id of the parent layer. Null if there is none or the layer's `json` can't be read, which is reported when the image is added.
 */
function parentOf(store: MemberStore, id: string): string | null {
  try {
    return readLegacyLayer(store, id)?.layer.parent ?? null;
  } catch (error) {
    refusalCode(error, 'config-unreadable');
    return null;
  }
}

function readLegacyLayer(store: MemberStore, id: string): LegacyDocument | null {
  const bytes = readDocument(store, `${storeName(id)}/json`);
  if (bytes === null) return null;
  const value = parseJson(bytes, `${id.slice(0, 12)}/json`);
  return { layer: parseLegacyLayer(id, value), platform: parsePlatform(value), bytes };
}

function addLegacyImage(list: ImageList, store: MemberStore, top: string, names: readonly string[]): void {
  const image = list.nextIndex;
  const chain: LegacyDocument[] = [];
  const seen = new Set<string>();
  for (let id: string | null = top; id !== null; ) {
    if (seen.has(id) || seen.size >= MAX_CHAIN) {
      list.report('parent-loop', `the parents of ${displayText(top.slice(0, 12))} form a loop`, { image });
      break;
    }
    seen.add(id);
    const read = tryLegacyLayer(list, store, id, image);
    if (read === null) break;
    chain.unshift(read);
    id = read.layer.parent;
  }
  const highest = chain.at(-1);
  const history = chain.map(({ layer }) => layer.history);
  list.add({
    names,
    standIn: top.slice(0, 12),
    platform: null,
    configDigest: null,
    manifestDigest: null,
    layers: chain.map(({ layer }) => ({ name: `${storeName(layer.id)}/layer.tar`, digest: null, mediaType: null, size: null, urls: [] })),
    attestations: [],
    // The top layer's `json` serves as the config. It has no diffIDs, and only its own history step.
    config:
      highest === undefined
        ? null
        : {
            bytes: highest.bytes,
            fields: { platform: highest.platform, history, diffIds: chain.map(() => null), illFormedDiffIds: new Map() },
            digest: null,
            range: null,
          },
    isImageConfig: true,
  });
}

function tryLegacyLayer(list: ImageList, store: MemberStore, id: string, image: number): ReturnType<typeof readLegacyLayer> {
  try {
    const read = readLegacyLayer(store, id);
    if (read === null) list.report('missing-blob', `layer ${displayText(id.slice(0, 12))} is not in the archive`, { image });
    return read;
  } catch (error) {
    const code = refusalCode(error, 'config-unreadable');
    if (error instanceof LayerscopeError) list.report(code, `layer ${displayText(id.slice(0, 12))}: ${error.message}`, { image });
    return null;
  }
}
