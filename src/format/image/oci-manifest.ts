// An OCI image layout has `oci-layout` (a version), `index.json` and `blobs/<algorithm>/<hex>`. The index lists descriptors (media type,
// size, digest, platform, annotations) of manifests and further indexes. A manifest has descriptors of the image's config and of its
// layers, bottom first. Docker's schema 2 has the same structure with other media types.
//
// Source: OCI image-spec image-layout.md, image-index.md, manifest.md, descriptor.md; Docker distribution manifest v2, schema 2.
// Real tools omit `mediaType`, write `manifests: null` (moby#47210), and list artifacts besides images (artifact.ts). Fields decide
// whether a document is an index or a manifest; media types are only hints.
import { isDigest, LayerscopeError } from '#model';
import { asArray, asObject, asSize, asText, asTexts, type JsonObject } from './json-value.ts';
import { MEDIA_TYPE } from './media-type.ts';
import { type Platform, parsePlatform } from './platform.ts';

/** A pointer to a blob. Size and media type are as stated, unchecked. */
export interface Descriptor {
  /** Empty if invalid. */
  readonly digest: string;
  /** The digest as stated, valid or not; not safe to print. */
  readonly digestText: string;
  readonly mediaType: string | null;
  readonly size: number | null;
  readonly urls: readonly string[];
  readonly platform: Platform | null;
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType: string | null;
  /** The content in base64, if it is embedded. */
  readonly data: string | null;
}

/** A manifest, as far as it could be read. */
export interface OciManifest {
  readonly kind: 'manifest';
  readonly mediaType: string | null;
  readonly config: Descriptor | null;
  readonly layers: readonly Descriptor[];
  readonly artifactType: string | null;
  /** Digest of the manifest that this one is about. */
  readonly subject: string | null;
}

/** An index, as far as it could be read. */
export interface OciIndex {
  readonly kind: 'index';
  readonly manifests: readonly Descriptor[];
  /** Number of entries that are no descriptors. */
  readonly malformed: number;
}

const ANNOTATIONS = [
  'vnd.docker.reference.type',
  'vnd.docker.reference.digest',
  'io.containerd.image.name',
  'org.opencontainers.image.ref.name',
] as const;

/** Keeps only the annotations that are used here, as there may be many others. */
function parseAnnotations(value: unknown): Readonly<Record<string, string>> {
  const object = asObject(value);
  const kept: Record<string, string> = {};
  for (const key of ANNOTATIONS) {
    const text = object !== null && Object.hasOwn(object, key) ? object[key] : null;
    if (typeof text === 'string') kept[key] = text;
  }
  return kept;
}

/** Maximum number of layers in a manifest, or entries in an index. */
const MAX_DESCRIPTORS = 20_000;

/** Parses a descriptor; null if the value has no digest. */
export function parseDescriptor(value: unknown): Descriptor | null {
  const object = asObject(value);
  const digest = asText(object?.digest);
  if (object === null || digest === null) return null;
  return {
    digest: isDigest(digest) ? digest : '',
    digestText: digest,
    mediaType: asText(object.mediaType),
    size: asSize(object.size),
    urls: asTexts(object.urls),
    platform: parsePlatform(object.platform),
    annotations: parseAnnotations(object.annotations),
    artifactType: asText(object.artifactType),
    data: asText(object.data),
  };
}

const NO_DESCRIPTOR: Descriptor = {
  digest: '',
  digestText: '',
  mediaType: null,
  size: null,
  urls: [],
  platform: null,
  annotations: {},
  artifactType: null,
  data: null,
};

function bounded(value: unknown): readonly unknown[] {
  const list = asArray(value);
  if (list.length > MAX_DESCRIPTORS)
    throw new LayerscopeError('TOO_LARGE', `a manifest with ${list.length} entries; the limit is ${MAX_DESCRIPTORS}`);
  return list;
}

function descriptors(value: unknown): { list: readonly Descriptor[]; malformed: number } {
  const all = bounded(value).map(parseDescriptor);
  const list = all.filter((descriptor) => descriptor !== null);
  return { list, malformed: all.length - list.length };
}

/** Parses `index.json`; null if it is no object or its manifests are no list. `null` or missing manifests are an empty list. Throws TOO_LARGE. */
export function parseIndex(value: unknown): OciIndex | null {
  const object = asObject(value);
  if (object === null || !(object.manifests === undefined || object.manifests === null || Array.isArray(object.manifests))) return null;
  const { list, malformed } = descriptors(object.manifests);
  return { kind: 'index', manifests: list, malformed };
}

/** Parses a document that an index lists: an index or a manifest, by its fields; null if it is neither. Throws TOO_LARGE. */
export function parseIndexed(value: unknown): OciIndex | OciManifest | null {
  const object = asObject(value);
  if (object === null) return null;
  const stated = asText(object.mediaType);
  if (stated === MEDIA_TYPE.ociIndex || stated === MEDIA_TYPE.dockerIndex) return parseIndex(object);
  if (stated === MEDIA_TYPE.ociArtifact) return parseManifest({ ...object, config: undefined, layers: object.blobs });
  if (object.layers !== undefined || object.config !== undefined) return parseManifest(object);
  return object.manifests === undefined ? null : parseIndex(object);
}

function parseManifest(object: JsonObject): OciManifest {
  return {
    kind: 'manifest',
    mediaType: asText(object.mediaType),
    config: parseDescriptor(object.config),
    layers: bounded(object.layers).map((layer) => parseDescriptor(layer) ?? NO_DESCRIPTOR),
    artifactType: asText(object.artifactType),
    subject: asText(asObject(object.subject)?.digest),
  };
}

/** The digest that an attestation is about; null if the descriptor is no attestation's. Source: BuildKit attestation-storage.md. */
export function attestedDigest(descriptor: Descriptor): string | null {
  if (descriptor.annotations['vnd.docker.reference.type'] !== 'attestation-manifest') return null;
  return descriptor.annotations['vnd.docker.reference.digest'] ?? '';
}

/** The image's name in the annotations, or null. containerd's full name comes first, as the other is often only a tag. */
export function annotatedName(descriptor: Descriptor): string | null {
  return (
    asText(descriptor.annotations['io.containerd.image.name']) ??
    asText(descriptor.annotations['org.opencontainers.image.ref.name']) ??
    null
  );
}
