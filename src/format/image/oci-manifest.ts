// An OCI image layout contains `oci-layout` (a version), `index.json` and `blobs/<algorithm>/<hex>`. The index lists descriptors (media
// type, size, digest, platform, annotations) of manifests and further indexes. A manifest has descriptors of the image's config and of
// its layers, bottom first. Docker's schema 2 has the same structure with other media types.
//
// Source: OCI image-spec image-layout.md, image-index.md, manifest.md, descriptor.md; Docker distribution manifest v2, schema 2.
// Real tools omit `mediaType`, write `manifests: null` (moby#47210), and list artifacts besides images (artifact.ts). Fields decide
// whether a document is an index or a manifest; media types are only hints.
import { isDigest, LayerscopeError } from '#model';
import { fieldReader } from './json-fields.ts';
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

/** The readable parts of a manifest. */
export interface OciManifest {
  readonly kind: 'manifest';
  readonly mediaType: string | null;
  readonly config: Descriptor | null;
  readonly layers: readonly Descriptor[];
  readonly artifactType: string | null;
  /** Digest of the manifest that this one refers to. */
  readonly subject: string | null;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The readable parts of an index. */
export interface OciIndex {
  readonly kind: 'index';
  readonly manifests: readonly Descriptor[];
  /** Number of entries that aren't descriptors. */
  readonly malformed: number;
}

const ANNOTATIONS = [
  'vnd.docker.reference.type',
  'vnd.docker.reference.digest',
  'in-toto.io/predicate-type',
  'predicateType',
  'dev.sigstore.bundle.predicateType',
  'dev.cosignproject.cosign/signature',
  'org.opencontainers.image.title',
  'io.containerd.image.name',
  'org.opencontainers.image.ref.name',
  'containerd.io/snapshot/stargz/toc.digest',
  'containerd.io/snapshot/stargz/layer.digest',
  'io.containers.estargz.uncompressed-size',
  'io.containers.zstd-chunked.manifest-checksum',
  'io.containers.zstd-chunked.manifest-position',
  'io.github.containers.zstd-chunked.manifest-checksum',
  'io.github.containers.zstd-chunked.manifest-position',
  'io.github.containers.zstd-chunked.tarsplit-position',
  'com.amazon.soci.index-digest',
  'com.amazon.soci.image-layer-digest',
] as const;

/** Returns only the annotations that this program uses, because there may be many others. */
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

const descriptorFields = fieldReader('digest', 'mediaType', 'size', 'urls', 'platform', 'annotations', 'artifactType', 'data');
const manifestFields = fieldReader('mediaType', 'manifests', 'config', 'layers', 'blobs', 'artifactType', 'subject', 'annotations');
type ManifestFields = NonNullable<ReturnType<typeof manifestFields>>;

/** Parses a descriptor; null if the value has no digest. */
export function parseDescriptor(value: unknown): Descriptor | null {
  const object = descriptorFields(value);
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

function bounded(value: unknown, times = 1): readonly unknown[] {
  const list = asArray(value);
  const limit = MAX_DESCRIPTORS * times;
  if (list.length > limit) throw new LayerscopeError('TOO_LARGE', `a manifest with ${list.length} entries; the limit is ${limit}`);
  return list;
}

function descriptors(value: unknown, times: number): { list: readonly Descriptor[]; malformed: number } {
  const all = bounded(value, times).map(parseDescriptor);
  const list = all.filter((descriptor) => descriptor !== null);
  return { list, malformed: all.length - list.length };
}

/**
 * Parses `index.json`; null if it isn't an object or its manifests aren't a list. `null` or missing manifests are an empty list. Throws
 * TOO_LARGE for more than `times` the usual number of entries.
 */
export function parseIndex(value: unknown, times = 1): OciIndex | null {
  const object = manifestFields(value);
  if (object === null || !(object.manifests === undefined || object.manifests === null || Array.isArray(object.manifests))) return null;
  const { list, malformed } = descriptors(object.manifests, times);
  return { kind: 'index', manifests: list, malformed };
}

/**
 * Returns the entries of an index with all their fields. Names of fields that belong to a descriptor are corrected to their exact spelling.
 */
export function exactEntries(value: unknown): JsonObject[] {
  return asArray(manifestFields(value)?.manifests).flatMap((entry) => {
    const fields = descriptorFields(entry);
    if (fields === null) return [];
    const others = Object.entries(asObject(entry) ?? {}).filter(([key]) => !descriptorFields.has(key));
    return [{ ...Object.fromEntries(others), ...fields }];
  });
}

/**
 * Parses a document that an index lists. Its fields decide whether it is an index or a manifest; null for any other value. Throws
 * TOO_LARGE.
 */
export function parseIndexed(value: unknown): OciIndex | OciManifest | null {
  const object = manifestFields(value);
  if (object === null) return null;
  const stated = asText(object.mediaType);
  if (stated === MEDIA_TYPE.ociIndex || stated === MEDIA_TYPE.dockerIndex) return parseIndex(object);
  if (stated === MEDIA_TYPE.ociArtifact) return parseManifest({ ...object, config: undefined, layers: object.blobs });
  if (object.layers !== undefined || object.config !== undefined) return parseManifest(object);
  return object.manifests === undefined ? null : parseIndex(object);
}

function parseManifest(object: ManifestFields): OciManifest {
  return {
    kind: 'manifest',
    mediaType: asText(object.mediaType),
    config: parseDescriptor(object.config),
    layers: bounded(object.layers).map((layer) => parseDescriptor(layer) ?? NO_DESCRIPTOR),
    artifactType: asText(object.artifactType),
    subject: asText(descriptorFields(object.subject)?.digest),
    annotations: parseAnnotations(object.annotations),
  };
}

/** How BuildKit marks an attestation in an index. */
export const ATTESTATION_MANIFEST = 'attestation-manifest';

/**
 * Returns the digest that an attestation refers to, empty if it isn't stated; null if the descriptor isn't an attestation's. Source:
 * BuildKit attestation-storage.md.
 */
export function attestedDigest(descriptor: Descriptor): string | null {
  if (descriptor.annotations['vnd.docker.reference.type'] !== ATTESTATION_MANIFEST) return null;
  return descriptor.annotations['vnd.docker.reference.digest'] ?? '';
}

/**
 * Returns the image's name from the annotations; null if there is none. containerd's full name comes first, because the other annotation is
 * often only a tag.
 */
export function annotatedName(descriptor: Descriptor): string | null {
  return (
    asText(descriptor.annotations['io.containerd.image.name']) ??
    asText(descriptor.annotations['org.opencontainers.image.ref.name']) ??
    null
  );
}
