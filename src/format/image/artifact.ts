// Artifacts are what registries and layouts contain besides images: Helm charts, WebAssembly, models, signatures, attestations, bills of
// materials, any file. Artifacts have manifests too, some with an image config. According to the OCI image-spec (manifest.md, Guidelines
// for Artifact Usage) `artifactType` is the type, or else the config's media type; older tools only set the layers' media types (cosign,
// BuildKit). An image has an image config, or a config of a type that image builders use (moby's ImageTypes), and layers whose media types
// image layers may have.

import type { ArtifactKind } from '#model';
import { MEDIA_TYPE } from './media-type.ts';
import { ATTESTATION_MANIFEST, type Descriptor, type OciManifest } from './oci-manifest.ts';

const IMAGE_CONFIGS: ReadonlySet<string> = new Set([MEDIA_TYPE.ociConfig, MEDIA_TYPE.dockerConfig]);

/** Wrong media types that image builders have given their configs. Source: moby, distribution/pull_v2 and registry. */
const LOOSE_CONFIGS: ReadonlySet<string> = new Set([
  '',
  'application/octet-stream',
  'application/json',
  'text/html',
  'text/plain',
  MEDIA_TYPE.dockerPlugin,
]);

/**
 * Media types of placeholder configs. The layers of such a manifest are files, although their media type is often that of an image layer by
 * default (ORAS).
 */
const NO_CONFIGS: ReadonlySet<string> = new Set([MEDIA_TYPE.ociEmpty, 'application/vnd.unknown.config.v1+json']);

const MANIFESTS: ReadonlySet<string> = new Set([
  MEDIA_TYPE.ociManifest,
  MEDIA_TYPE.ociIndex,
  MEDIA_TYPE.ociArtifact,
  MEDIA_TYPE.dockerManifest,
  MEDIA_TYPE.dockerIndex,
]);

/** Whether the media type is an OCI or Docker layer's, including foreign and encrypted ones. */
function isImageLayerType(mediaType: string): boolean {
  return /^application\/vnd\.(?:oci\.image\.layer\.|docker\.(?:container\.)?image\.rootfs\.)/.test(mediaType);
}

/**
 * Whether an image layer may have this media type. With an image config, many unofficial types are accepted, but not JSON, XML or
 * WebAssembly.
 */
function mayBeLayerType(mediaType: string | null): boolean {
  if (mediaType === null || !mediaType.includes('/') || isImageLayerType(mediaType)) return true;
  if (/\+(?:json|xml|wasm)$/.test(mediaType)) return false;
  return /[/.+-](?:layer|tar|tgz|gzip|octet-stream)(?:$|[.+-])/.test(mediaType);
}

/** Whether the media type is that of an image config, or is missing. */
export function isImageConfigType(mediaType: string | null): boolean {
  return mediaType === null || IMAGE_CONFIGS.has(mediaType);
}

/**
 * Whether the descriptor's media type allows it to be a manifest or an index. An index can also list other blobs, as BuildKit's cache
 * indexes do.
 */
export function mayBeManifest({ mediaType }: Descriptor): boolean {
  return mediaType === null || /json|jws|manifest/.test(mediaType);
}

/** Whether the media type is that of a manifest or an index, or is missing. */
export function isManifestType(mediaType: string | null): boolean {
  return mediaType === null || MANIFESTS.has(mediaType);
}

/** Whether the manifest is an artifact's rather than an image's. `descriptor` is the one that named the manifest. */
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

/** Returns the `artifactType` of the manifest or its descriptor. A registry may set the descriptor's to the config's media type. */
function statedType({ artifactType }: OciManifest, descriptor: Descriptor): string | null {
  const stated = artifactType ?? descriptor.artifactType;
  return stated === null || IMAGE_CONFIGS.has(stated) || stated === MEDIA_TYPE.dockerPlugin ? null : stated;
}

/**
 * Returns the artifact's type as its manifest states it, or else its config's media type; null if there is none. The descriptor's type is
 * used only if the config's media type says nothing.
 */
export function artifactTypeOf(manifest: OciManifest, descriptor: Descriptor): string | null {
  const config = manifest.config?.mediaType ?? null;
  const saysNothing = config === null || NO_CONFIGS.has(config) || IMAGE_CONFIGS.has(config);
  return manifest.artifactType ?? (saysNothing ? statedType(manifest, descriptor) : null) ?? config;
}

const SBOM_TYPES: ReadonlySet<string> = new Set([
  'application/spdx+json',
  'text/spdx',
  'text/spdx+json',
  'application/vnd.cyclonedx+json',
  'application/vnd.cyclonedx+xml',
  'application/vnd.cyclonedx',
]);

/**
 * Returns the kind of artifact, based on its type and its layers' media types. `hasStatement`: whether a layer contains a statement, which
 * distinguishes a bundle with an attestation from one with a signature.
 */
export function artifactKindOf(manifest: OciManifest, descriptor: Descriptor, hasStatement: boolean): ArtifactKind {
  const types = manifest.layers.map(({ mediaType }) => mediaType ?? '');
  const type = artifactTypeOf(manifest, descriptor);
  if (type === MEDIA_TYPE.notarySignature || types.some((each) => each.includes('simplesigning'))) return 'signature';
  if (type === MEDIA_TYPE.helmConfig) return 'chart';
  if (types.some((each) => SBOM_TYPES.has(each))) return 'sbom';
  if (types.some((each) => each.includes('dsse'))) return 'attestation';
  if (types.some((each) => each.includes('sigstore.bundle'))) return hasStatement ? 'attestation' : 'signature';
  // BuildKit marks attestations in the index; a manifest marked as something else isn't an attestation.
  const marked = descriptor.annotations['vnd.docker.reference.type'] ?? ATTESTATION_MANIFEST;
  return types.includes(MEDIA_TYPE.inToto) && marked === ATTESTATION_MANIFEST ? 'attestation' : 'other';
}

/** Returns the distinct media types stated for the manifest's config and layers. */
export function mediaTypesOf({ config, layers }: OciManifest): readonly string[] {
  const all = [config, ...layers].map((descriptor) => descriptor?.mediaType ?? null);
  return [...new Set(all.filter((type) => type !== null))];
}

/**
 * Returns the digest of the manifest that an artifact refers to, according to its own manifest, its descriptor or its name (cosign's
 * `sha256-<hex>.sig`).
 */
export function subjectOf(manifest: OciManifest, descriptor: Descriptor, names: readonly string[]): string | null {
  const attested = descriptor.annotations['vnd.docker.reference.digest'];
  const named = names.map((name) => /(?:^|:)(sha256)-([0-9a-f]{64})(?:\.\w+)?$/.exec(name)).find((match) => match !== null);
  return manifest.subject ?? attested ?? (named ? `${named[1]}:${named[2]}` : null);
}
