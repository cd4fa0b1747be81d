// What is in a registry or a layout beside images: Helm charts, WebAssembly, models, signatures, attestations, bills of materials, any
// file. They come as manifests too, some with an image's config. By the OCI image-spec (manifest.md, Guidelines for Artifact Usage)
// `artifactType` says what it is, else the config's media type; older tools said it by the layers' media types alone (cosign, BuildKit).
// An image is what has an image's config, or one that writers of images call so (moby's ImageTypes), and layers that may be an image's.

import { MEDIA_TYPE } from './media-type.ts';
import type { Descriptor, OciManifest } from './oci-manifest.ts';

const IMAGE_CONFIGS: ReadonlySet<string> = new Set([MEDIA_TYPE.ociConfig, MEDIA_TYPE.dockerConfig]);

/** What writers of images have called their configs, besides the right names. Source: moby, distribution/pull_v2 and registry. */
const LOOSE_CONFIGS: ReadonlySet<string> = new Set([
  '',
  'application/octet-stream',
  'application/json',
  'text/html',
  'text/plain',
  MEDIA_TYPE.dockerPlugin,
]);

/** Configs that say that there is none: the layers, often named as an image's by default, are files (ORAS). */
const NO_CONFIGS: ReadonlySet<string> = new Set([MEDIA_TYPE.ociEmpty, 'application/vnd.unknown.config.v1+json']);

const MANIFESTS: ReadonlySet<string> = new Set([
  MEDIA_TYPE.ociManifest,
  MEDIA_TYPE.ociIndex,
  MEDIA_TYPE.ociArtifact,
  MEDIA_TYPE.dockerManifest,
  MEDIA_TYPE.dockerIndex,
]);

/** Is it a layer's media type: OCI's, Docker's, kept elsewhere or encrypted? */
function isImageLayerType(mediaType: string): boolean {
  return /^application\/vnd\.(?:oci\.image\.layer\.|docker\.(?:container\.)?image\.rootfs\.)/.test(mediaType);
}

/** May a layer of an image be called so? Many writers' words are let pass beside an image's config; JSON, text and modules are none. */
function mayBeLayerType(mediaType: string | null): boolean {
  if (mediaType === null || !mediaType.includes('/') || isImageLayerType(mediaType)) return true;
  if (/\+(?:json|xml|wasm)$/.test(mediaType)) return false;
  return /[/.+-](?:layer|tar|tgz|gzip|octet-stream)(?:$|[.+-])/.test(mediaType);
}

export function isImageConfigType(mediaType: string | null): boolean {
  return mediaType === null || IMAGE_CONFIGS.has(mediaType);
}

/** Does it lead to a manifest or an index, as far as its media type says? Indexes name blobs as well: BuildKit's caches do. */
export function mayBeManifest({ mediaType }: Descriptor): boolean {
  return mediaType === null || /json|jws|manifest/.test(mediaType);
}

/** Does it say that it leads to a manifest or an index, or nothing at all? */
export function isManifestType(mediaType: string | null): boolean {
  return mediaType === null || MANIFESTS.has(mediaType);
}

/** Is what the manifest holds no image? `descriptor`: what led to it. */
export function isArtifact(manifest: OciManifest, descriptor: Descriptor): boolean {
  if (manifest.mediaType === MEDIA_TYPE.ociArtifact) return true;
  if (statedType(manifest, descriptor) !== null) return true;
  const config = manifest.config?.mediaType ?? null;
  if (config !== null && NO_CONFIGS.has(config)) return true;
  const types = manifest.layers.map(({ mediaType }) => mediaType);
  const hasImageLayers = types.some((type) => type !== null && isImageLayerType(type));
  if (!isImageConfigType(config)) return !(hasImageLayers && LOOSE_CONFIGS.has(config ?? ''));
  if (hasImageLayers) return false;
  return types.length > 0 && !types.some(mayBeLayerType);
}

/** `artifactType`, of the manifest or of what led to it; there a registry writes the config's media type where the manifest has none. */
function statedType({ artifactType }: OciManifest, descriptor: Descriptor): string | null {
  const stated = artifactType ?? descriptor.artifactType;
  return stated === null || IMAGE_CONFIGS.has(stated) || stated === MEDIA_TYPE.dockerPlugin ? null : stated;
}

/** What kind of artifact it is; null where only its layers tell. */
export function artifactTypeOf(manifest: OciManifest, descriptor: Descriptor): string | null {
  const config = manifest.config?.mediaType ?? null;
  return statedType(manifest, descriptor) ?? (config === null || IMAGE_CONFIGS.has(config) || NO_CONFIGS.has(config) ? null : config);
}

/** Media types of its config and layers, each once, as stated. */
export function mediaTypesOf({ config, layers }: OciManifest): readonly string[] {
  const all = [config, ...layers].map((descriptor) => descriptor?.mediaType ?? null);
  return [...new Set(all.filter((type) => type !== null))];
}

/** What the artifact is about, as its manifest, the entry or its name states it: `sha256-<hex>.sig` is how cosign names a signature. */
export function subjectOf(manifest: OciManifest, descriptor: Descriptor, names: readonly string[]): string | null {
  const attested = descriptor.annotations['vnd.docker.reference.digest'];
  const named = names.map((name) => /(?:^|:)(sha256)-([0-9a-f]{64})(?:\.\w+)?$/.exec(name)).find((match) => match !== null);
  return manifest.subject ?? attested ?? (named ? `${named[1]}:${named[2]}` : null);
}
