// An OCI image layout: `oci-layout` (a version), `index.json` and `blobs/<algorithm>/<hex>`. The index names manifests by descriptor
// (media type, size, digest, platform, annotations); an index may name further indexes. A manifest names the image's config and its
// layers, the bottom first, by descriptor again. Docker's schema 2 has the same shape under media types of its own.
//
// Source: OCI image-spec image-layout.md, image-index.md, manifest.md, descriptor.md; Docker distribution manifest v2, schema 2.
// Writers of the wild leave `mediaType` out, write `manifests: null` (moby#47210), and name what is no image at all:
// attestations (unknown/unknown), artifacts. What a document is, its fields decide; media types are only hints.
import { isDigest } from '#model';
import { asArray, asObject, asSize, asText, asTexts, type JsonObject } from './json-value.ts';
import { MEDIA_TYPE } from './media-type.ts';
import { type Platform, parsePlatform } from './platform.ts';

/** A pointer to content. The digest has a valid form; size and media type are what somebody stated. */
export interface Descriptor {
  readonly digest: string;
  readonly mediaType: string | null;
  readonly size: number | null;
  readonly urls: readonly string[];
  readonly platform: Platform | null;
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType: string | null;
}

export interface OciManifest {
  readonly kind: 'manifest';
  readonly config: Descriptor | null;
  readonly layers: readonly Descriptor[];
  /** It holds something else than an image: a signature, an attestation, a chart. */
  readonly isArtifact: boolean;
}

export interface OciIndex {
  readonly kind: 'index';
  readonly manifests: readonly Descriptor[];
  /** Entries that are no descriptors. */
  readonly malformed: number;
}

function parseAnnotations(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(asObject(value) ?? {}).filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}

/** Null where the value is no descriptor, or its digest is malformed. */
export function parseDescriptor(value: unknown): Descriptor | null {
  const object = asObject(value);
  const digest = asText(object?.digest);
  if (object === null || digest === null || !isDigest(digest)) return null;
  return {
    digest,
    mediaType: asText(object.mediaType),
    size: asSize(object.size),
    urls: asTexts(object.urls),
    platform: parsePlatform(object.platform),
    annotations: parseAnnotations(object.annotations),
    artifactType: asText(object.artifactType),
  };
}

function descriptors(value: unknown): { list: readonly Descriptor[]; malformed: number } {
  const all = asArray(value).map(parseDescriptor);
  const list = all.filter((descriptor) => descriptor !== null);
  return { list, malformed: all.length - list.length };
}

/** `index.json`. Null where it isn't an object; no manifests where it names none (`null` included). */
export function parseIndex(value: unknown): OciIndex | null {
  const object = asObject(value);
  if (object === null) return null;
  const { list, malformed } = descriptors(object.manifests);
  return { kind: 'index', manifests: list, malformed };
}

/** The document behind an index entry: an index or a manifest, by its fields. Null where it is neither. */
export function parseIndexed(value: unknown): OciIndex | OciManifest | null {
  const object = asObject(value);
  if (object === null) return null;
  const stated = asText(object.mediaType);
  if (stated === MEDIA_TYPE.ociIndex || stated === MEDIA_TYPE.dockerIndex) return parseIndex(object);
  if (object.layers !== undefined || object.config !== undefined) return parseManifest(object);
  return object.manifests === undefined ? null : parseIndex(object);
}

function parseManifest(object: JsonObject): OciManifest {
  const config = parseDescriptor(object.config);
  const layers = asArray(object.layers).map(
    (layer) =>
      parseDescriptor(layer) ?? { digest: '', mediaType: null, size: null, urls: [], platform: null, annotations: {}, artifactType: null },
  );
  const isArtifact =
    asText(object.artifactType) !== null ||
    config?.mediaType === MEDIA_TYPE.ociEmpty ||
    (layers.length > 0 && layers.every((layer) => layer.mediaType === MEDIA_TYPE.inToto));
  return { kind: 'manifest', config, layers, isArtifact };
}

/** The digest that an attestation is about; null where the entry is no attestation. Source: BuildKit attestation-storage.md. */
export function attestedDigest(descriptor: Descriptor): string | null {
  if (descriptor.annotations['vnd.docker.reference.type'] !== 'attestation-manifest') return null;
  return descriptor.annotations['vnd.docker.reference.digest'] ?? '';
}

/** What a tool called the image; null where it didn't. containerd's full name says more than the tag beside it. */
export function annotatedName(descriptor: Descriptor): string | null {
  return (
    asText(descriptor.annotations['io.containerd.image.name']) ??
    asText(descriptor.annotations['org.opencontainers.image.ref.name']) ??
    null
  );
}
