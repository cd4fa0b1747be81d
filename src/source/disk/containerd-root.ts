// Containerd's folder: blobs as pulled, and the names of images in a bolt database.
//
//   io.containerd.metadata.v1.bolt/meta.db       v1/NAMESPACE/images/NAME/target/{digest,mediatype,size}, size a varint
//   io.containerd.content.v1.content/blobs/ALGORITHM/HEX
//
// Source: containerd core/metadata/buckets.go, plugins/content/local.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Archive, digestLike } from '#archive';
import { type BoltBucket, BoltFile, decodeVarint } from '#format/bolt';
import { asArray, asObject, asText, type JsonObject, parseJson } from '#format/image';
import { type ContainerdName, tryReference } from '#format/reference';
import { asLayerscopeError, decodeUtf8, displayText, encodeUtf8, isDigest, LayerscopeError } from '#model';
import type { ImageSource, ListedImage, OpenSourceOptions, SourceWord } from '../types.ts';
import { type Candidate, chooseCandidate } from './choose.ts';
import { readInPlace, readSmall } from './documents.ts';

const DATABASE = path.join('io.containerd.metadata.v1.bolt', 'meta.db');
const CONTENT = 'io.containerd.content.v1.content';
/** Docker's namespace. */
const MOBY = 'moby';
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
const MAX_IMAGES = 100_000;
/** Maximum number of images shown when one is opened: each of its names counts once for each manifest of its index. */
const MAX_SHOWN = 10_000;
/** Maximum number of times to read the database. It is read again if containerd has written to it meanwhile. */
const MAX_LOOKS = 5;
const META_BYTES = 128 * 1024;

interface ContainerdImage extends Candidate {
  readonly namespace: string;
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
}

/**
 * Creates a source of the images in containerd's folder. With `docker`, the source has those that Docker stores there, in its own
 * namespace.
 */
export function containerdRootSource(root: string, engine: 'docker' | null = null): ImageSource {
  return {
    kind: engine ?? 'containerd',
    engine,
    place: root,
    answers: ({ kind, ...word }) =>
      kind === 'name' || (engine === null ? kind === 'containerd' : kind === 'engine' && 'engine' in word && word.engine === engine),
    list: async () => (await images(root)).filter(({ namespace }) => isOf(namespace, engine)).map(listed),
    // There is no platform to choose: opening an image shows every platform present.
    platforms: async (word) => {
      chooseReading(
        (await images(root)).filter(({ namespace }) => isOf(namespace, engine)),
        readingsOf(word, engine),
      );
      return [];
    },
    open: (word, options) => openImage(root, engine, readingsOf(word, engine), options),
  };
}

/** Whether a namespace belongs to an engine: only Docker's own does for `docker`, any does for null. */
function isOf(namespace: string, engine: 'docker' | null): boolean {
  return engine === null || namespace === MOBY;
}

function readingsOf(word: SourceWord, engine: 'docker' | null): readonly ContainerdName[] {
  if (word.kind === 'containerd') return word.readings;
  if (word.kind === 'engine' || word.kind === 'name') return [{ namespace: engine === null ? null : MOBY, name: word.name }];
  throw new LayerscopeError('INTERNAL', `${word.kind} is not an image of containerd`);
}

function listed({ name, id, namespace }: ContainerdImage): ListedImage {
  return { names: isDigest(name) ? [] : [name], id, digest: id, sizeBytes: null, created: null, platform: null, namespace };
}

/** Returns all images of all namespaces. Throws NOT_FOUND, PERMISSION, DAMAGED, IO. */
async function images(root: string): Promise<readonly ContainerdImage[]> {
  for (let look = 1; ; look++) {
    try {
      const found = await readInPlace(root, DATABASE, (read) => {
        const before = read(0, META_BYTES);
        const all = imagesIn(new BoltFile(read));
        // If both meta pages are the same afterwards, nothing was written meanwhile.
        return look === MAX_LOOKS || Buffer.compare(before, read(0, META_BYTES)) === 0 ? all : 'changed';
      });
      if (found === null) throw new LayerscopeError('NOT_FOUND', `${DATABASE}: no such file`);
      if (found !== 'changed') return found;
    } catch (error) {
      if (look === MAX_LOOKS || asLayerscopeError(error).code !== 'DAMAGED') throw error;
    }
  }
}

/** Maximum total length of all names. In a damaged or crafted file, namespaces may share pages, so the file's size doesn't limit them. */
const MAX_NAME_BYTES = 16 * 1024 * 1024;

function imagesIn(file: BoltFile): readonly ContainerdImage[] {
  const found: ContainerdImage[] = [];
  let nameBytes = 0;
  for (const { key: namespaceKey, bucket: namespace } of file.root.bucket(encodeUtf8('v1'))?.entries() ?? []) {
    const space = decodeUtf8(namespaceKey);
    for (const { key, bucket } of space === null ? [] : (namespace?.bucket(encodeUtf8('images'))?.entries() ?? [])) {
      nameBytes += namespaceKey.length + key.length;
      if (nameBytes > MAX_NAME_BYTES) throw new LayerscopeError('TOO_LARGE', `image names with more than ${MAX_NAME_BYTES} bytes in all`);
      const image = bucket === null || space === null ? null : imageOf(space, decodeUtf8(key), bucket.bucket(encodeUtf8('target')));
      if (image !== null) found.push(image);
      if (found.length > MAX_IMAGES) throw new LayerscopeError('TOO_LARGE', `more than ${MAX_IMAGES} images`);
    }
  }
  return found;
}

function imageOf(namespace: string, name: string | null, target: BoltBucket | null): ContainerdImage | null {
  if (name === null || target === null) return null;
  const fields = new Map<string, Uint8Array>();
  for (const { key, value } of target.entries()) if (value !== null) fields.set(decodeUtf8(key) ?? '', value);
  const digest = decodeUtf8(fields.get('digest') ?? new Uint8Array(0)) ?? '';
  const mediaType = decodeUtf8(fields.get('mediatype') ?? new Uint8Array(0)) ?? '';
  const size = decodeVarint(fields.get('size') ?? new Uint8Array(0)) ?? 0;
  if (!isDigest(digest)) return null;
  const reference = tryReference(name);
  const digestNames = reference === null ? [] : [`${reference.host}/${reference.name}@${digest}`];
  return { namespace, name, names: [name], digestNames, id: digest, mediaType, size };
}

async function openImage(
  root: string,
  engine: 'docker' | null,
  readings: readonly ContainerdName[],
  { reader }: OpenSourceOptions,
): Promise<Archive> {
  const known = (await images(root)).filter(({ namespace }) => isOf(namespace, engine));
  const image = chooseReading(known, readings);
  const { id: digest, name } = image;
  // If an image has several names, show all of them, as for an archive.
  const named = known.filter((other) => other.id === digest && other.namespace === image.namespace && !isDigest(other.name));
  const present = await presentManifests(root, image);
  const names: readonly (string | null)[] = named.length > 0 ? named.map((each) => each.name) : [null];
  if (names.length * present.length > MAX_SHOWN)
    throw new LayerscopeError('TOO_LARGE', `the image has ${names.length} names and ${present.length} manifests`);
  const manifests = names.flatMap((each) => present.map((descriptor) => withName(descriptor, each)));
  const kind = engine ?? 'containerd';
  return reader.openContent({
    title: name,
    format: kind,
    source: { kind, host: root, reference: displayText(name), digest, fetchedBytes: 0, requests: 0, verified: false },
    folder: path.join(root, CONTENT),
    index: encodeUtf8(JSON.stringify({ schemaVersion: 2, manifests })),
  });
}

function withName(descriptor: JsonObject, name: string | null): JsonObject {
  if (name === null) return descriptor;
  return { ...descriptor, annotations: { ...asObject(descriptor.annotations), 'io.containerd.image.name': name } };
}

/**
 * Returns the image's manifest, or those of its index that are present: containerd pulls one platform of an index, so missing ones are not
 * an error. Throws BLOB_MISSING if there are none; DIGEST_MISMATCH, BAD_MANIFEST, PERMISSION, IO.
 */
async function presentManifests(root: string, { id: digest, mediaType, size }: ContainerdImage): Promise<readonly JsonObject[]> {
  const own: JsonObject = { mediaType, digest, size };
  const bytes = await readSmall(root, path.relative(root, blobPath(root, digest)), MAX_DOCUMENT_BYTES);
  if (bytes === null) throw new LayerscopeError('BLOB_MISSING', `its manifest ${digest} is not in the folder`);
  const entries = asArray(asObject(parseJson(bytes, digest))?.manifests);
  if (entries.length === 0) return [own];
  if (digestLike(digest, bytes) !== digest) throw new LayerscopeError('DIGEST_MISMATCH', `${digest}: the index has a different hash`);
  const present: JsonObject[] = [];
  for (const entry of entries) {
    const descriptor = asObject(entry);
    const found = asText(descriptor?.digest);
    if (descriptor !== null && found !== null && isDigest(found) && existsSync(blobPath(root, found))) present.push(descriptor);
  }
  if (present.length === 0)
    throw new LayerscopeError('BLOB_MISSING', `none of the ${entries.length} manifests of its index are in the folder`);
  return present;
}

function blobPath(root: string, digest: string): string {
  return path.join(root, CONTENT, 'blobs', ...digest.split(':'));
}

/** Finds the image by the first reading of the name that matches; searches the namespace `default` first. Throws NOT_FOUND, USAGE. */
function chooseReading(known: readonly ContainerdImage[], readings: readonly ContainerdName[]): ContainerdImage {
  let refusal: unknown = new LayerscopeError('NOT_FOUND', 'no such image');
  for (const { namespace, name } of readings) {
    const within = namespace === null ? known : known.filter((image) => image.namespace === namespace);
    const order = [...within].sort((a, b) => Number(b.namespace === 'default') - Number(a.namespace === 'default'));
    try {
      return chooseCandidate(order, name);
    } catch (error) {
      refusal = error;
      if (asLayerscopeError(error).code !== 'NOT_FOUND') throw error;
    }
  }
  throw refusal;
}
