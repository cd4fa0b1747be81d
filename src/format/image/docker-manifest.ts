// `manifest.json` of a docker-archive (Docker 1.10 and later, skopeo, crane, kaniko) is a list of images, each
//
//   { "Config": "<path>", "RepoTags": ["name:tag", …] or null, "Layers": ["<path>", …], "LayerSources": { "<diffID>": descriptor } }
//
// Paths name members of the archive; layers are listed bottom first. Docker 24 and earlier write `<hex>.json` and `<id>/layer.tar`;
// Docker 25 and later write `blobs/sha256/<hex>`; crane and kaniko write `sha256:<hex>` and `<hex>.tar.gz`. `LayerSources` (Docker 1.12
// and later) contains the descriptors of pulled layers, with urls if the layer is foreign.
//
// Source: moby image/tarexport; Docker image spec v1.2, Combined Image JSON + Filesystem Changeset Format.
import { LayerscopeError } from '#model';
import { fieldReader } from './json-fields.ts';
import { asArray, asObject, asText, asTexts, jsonKind } from './json-value.ts';
import { type Descriptor, parseDescriptor } from './oci-manifest.ts';

/** Limits for one archive. An image that can be run has at most 127 layers. */
export const MAX_IMAGES = 10_000;
export const MAX_LAYERS = 100_000;

export interface DockerImage {
  /** Path of the config; null if missing. */
  readonly config: string | null;
  readonly repoTags: readonly string[];
  readonly layers: readonly string[];
  readonly layerSources: ReadonlyMap<string, Descriptor>;
}

/**
 * Returns a clause with the reason why the document is not a docker-archive's manifest.json; null if it is. Layers can contain files with
 * that name too, with any content.
 */
export function dockerManifestProblem(value: unknown): string | null {
  if (isDockerManifest(value)) return null;
  return Array.isArray(value)
    ? 'manifest.json is a list with entries that are not images'
    : `manifest.json is ${jsonKind(value)}, not a list of images`;
}

/** Whether the document is a docker-archive's manifest, rather than a file with that name in a layer. */
export function isDockerManifest(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.every((item) => asObject(item) !== null));
}

const imageFields = fieldReader('Config', 'RepoTags', 'Layers', 'LayerSources');

/**
 * Parses `manifest.json`. Throws BAD_MANIFEST if it is `null` (moby#41842) or not a list of images, or if an image's Layers is not a list
 * of paths; TOO_LARGE.
 */
export function parseDockerManifest(value: unknown): DockerImage[] {
  if (value === null) throw new LayerscopeError('BAD_MANIFEST', 'manifest.json is null: the archive was written without images');
  if (!Array.isArray(value)) throw new LayerscopeError('BAD_MANIFEST', 'manifest.json is not a list of images');
  if (value.length > MAX_IMAGES) throw tooMany();
  let parts = 0;
  return value.map((item, index) => {
    const object = imageFields(item);
    if (object === null) throw new LayerscopeError('BAD_MANIFEST', `manifest.json: entry ${index} is not an object`);
    const { Layers: layers } = object;
    if (layers !== undefined && layers !== null && !(Array.isArray(layers) && layers.every((path) => typeof path === 'string'))) {
      throw new LayerscopeError('BAD_MANIFEST', `manifest.json: Layers of entry ${index} is not a list of paths`);
    }
    parts += asArray(layers).length + asArray(object.RepoTags).length;
    if (parts > MAX_LAYERS) throw tooMany();
    const sources = new Map<string, Descriptor>();
    for (const [diffId, source] of Object.entries(asObject(object.LayerSources) ?? {})) {
      const descriptor = parseDescriptor(source);
      if (descriptor !== null) sources.set(diffId, descriptor);
    }
    return { config: asText(object.Config), repoTags: asTexts(object.RepoTags), layers: asTexts(object.Layers), layerSources: sources };
  });
}

function tooMany(): LayerscopeError {
  return new LayerscopeError('TOO_LARGE', `an archive of more than ${MAX_IMAGES} images, or ${MAX_LAYERS} layers and names`);
}

/**
 * Returns the digest in a member's path: `blobs/sha256/<hex>` or `sha256:<hex>`, with or without a suffix, or `<hex>` with one. Suffixes
 * are `.json`, `.tar`, `.tar.gz` and `.tar.zst`. Null if there is no digest.
 */
export function digestInPath(path: string): string | null {
  const hex = /(?:^|\/)(?:blobs\/sha256\/|sha256:)([0-9a-f]{64})(?:\.tar(?:\.gz|\.zst)?|\.json)?$/.exec(path)?.[1];
  if (hex !== undefined) return `sha256:${hex}`;
  const named = /^(?:\.\/)?([0-9a-f]{64})(?:\.tar(?:\.gz|\.zst)?|\.json)$/.exec(path)?.[1];
  return named === undefined ? null : `sha256:${named}`;
}
