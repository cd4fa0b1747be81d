// Writes an image to a separate file. Blobs, manifests and config are copied unchanged, so that every digest stays the same.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { besideName, HeldFolder, openNamedFolder, type TargetFolder } from '#files';
import { MEDIA_TYPE } from '#format/image';
import { LayerscopeError } from '#model';
import { type CopyOptions, copyBlob, readBlob } from '../blob/copy-blob.ts';
import { writeError } from '../blob/source-file.ts';
import { blobName } from '../members/member-store.ts';
import type { ArchiveImage, ArchiveRoot, RootDescriptor } from '../types.ts';
import { type NewMember, packTar } from './write-archive.ts';

export type ImageFileFormat = 'docker-archive' | 'oci-archive';

const LAYOUT = JSON.stringify({ imageLayoutVersion: '1.0.0' });
const REF_NAME = 'org.opencontainers.image.ref.name';

/**
 * Yields a tar of an image: an OCI archive, or a docker-archive in the format of Docker 25 and later, which is an OCI archive with a
 * manifest.json. The output is deterministic. Throws UNSUPPORTED for a root without a manifest, or for several images in a docker-archive;
 * while reading, DIGEST_MISMATCH, IO, CANCELLED.
 */
export async function* packImage(root: ArchiveRoot, format: ImageFileFormat, options: CopyOptions = {}): AsyncGenerator<Uint8Array> {
  const descriptor = descriptorOf(root);
  const manifest = format === 'docker-archive' ? dockerManifest(root) : null;
  const blobs = root.blobs.map(({ digest, source }) => {
    const stated = { ...source, statedDigest: digest };
    return { digest, sizeBytes: source.length, bytes: () => readBlob(stated, options) };
  });
  yield* packTar(membersOf({ blobs, descriptor, names: root.names, manifest }));
}

/** A blob to write, read just before it is written. */
export interface MemberBlob {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly bytes: () => AsyncIterable<Uint8Array>;
}

/** Like {@link packImage}, for generated blobs. `docker` is the image for manifest.json, null for an OCI archive. */
export async function* packBlobs({
  blobs,
  descriptor,
  names,
  docker,
}: {
  readonly blobs: readonly MemberBlob[];
  readonly descriptor: RootDescriptor;
  readonly names: readonly string[];
  readonly docker: { readonly configDigest: string; readonly layers: readonly string[] } | null;
}): AsyncGenerator<Uint8Array> {
  const tags = names.map(dockerTag).filter((tag) => tag !== null);
  const manifest =
    docker === null
      ? null
      : { Config: blobName(docker.configDigest), RepoTags: tags.length === 0 ? null : tags, Layers: docker.layers.map(blobName) };
  yield* packTar(membersOf({ blobs, descriptor, names, manifest }));
}

interface WrittenImage {
  readonly blobs: readonly MemberBlob[];
  readonly descriptor: RootDescriptor;
  readonly names: readonly string[];
  readonly manifest: object | null;
}

function* membersOf({ blobs, descriptor, names, manifest }: WrittenImage): Generator<NewMember> {
  yield { name: 'blobs/', type: 'directory' };
  const folders = new Set<string>();
  for (const { digest, sizeBytes, bytes } of [...blobs].sort((a, b) => (a.digest < b.digest ? -1 : 1))) {
    const name = blobName(digest);
    const folder = name.slice(0, name.lastIndexOf('/') + 1);
    if (!folders.has(folder)) {
      folders.add(folder);
      yield { name: folder, type: 'directory' };
    }
    yield { name, content: { sizeBytes, bytes } };
  }
  yield { name: 'index.json', body: indexOf(descriptor, names) };
  if (manifest !== null) yield { name: 'manifest.json', body: JSON.stringify([manifest]) };
  yield { name: 'oci-layout', body: LAYOUT };
}

/**
 * Writes an image as an OCI layout into a new or empty folder. Leaves nothing behind on failure. Throws what {@link packImage} throws;
 * EXISTS.
 */
export async function writeLayout(root: ArchiveRoot, folder: string, options: CopyOptions = {}): Promise<void> {
  const descriptor = descriptorOf(root);
  using parent = openParentOf(folder);
  const target = path.join(parent.inside, path.basename(path.resolve(folder)));
  const unfinished = besideName(target);
  let isPlaced = false;
  using held = heldFolder(unfinished, parent, folder);
  try {
    for (const { digest, source } of root.blobs) {
      const file = path.join(held.inside, ...blobName(digest).split('/'));
      await mkdir(path.dirname(file), { recursive: true });
      await copyBlob({ ...source, statedDigest: digest }, file, options);
    }
    await writeFile(path.join(held.inside, 'index.json'), indexOf(descriptor, root.names));
    await writeFile(path.join(held.inside, 'oci-layout'), LAYOUT);
    parent.requireThere();
    held.placeAt(target, 0o777 & ~process.umask());
    isPlaced = true;
    parent.requireThere();
  } catch (error) {
    held.discardAt(isPlaced ? target : unfinished);
    throw parent.naming(writeError(error, folder));
  }
}

function heldFolder(unfinished: string, parent: TargetFolder, folder: string): HeldFolder {
  try {
    return new HeldFolder(unfinished);
  } catch (error) {
    throw parent.naming(writeError(error, folder));
  }
}

function openParentOf(folder: string): TargetFolder {
  try {
    return openNamedFolder(path.dirname(path.resolve(folder)));
  } catch (error) {
    throw writeError(error, folder);
  }
}

function descriptorOf(root: ArchiveRoot): RootDescriptor {
  if (root.descriptor === null) throw new LayerscopeError('UNSUPPORTED', 'the image has no manifest: import it into a store first');
  return root.descriptor;
}

/** Returns one entry per name; without names, a single unnamed entry. */
export function namedEntries(descriptor: RootDescriptor, names: readonly string[]): RootDescriptor[] {
  const { annotations: stated = {}, ...fields } = descriptor;
  const rest = Object.fromEntries(Object.entries(stated).filter(([key]) => key !== REF_NAME && key !== 'io.containerd.image.name'));
  if (names.length === 0) return [{ ...fields, ...(Object.keys(rest).length === 0 ? {} : { annotations: rest }) } as RootDescriptor];
  return names.map((name) => ({ ...fields, annotations: { ...rest, [REF_NAME]: name } }) as RootDescriptor);
}

function indexOf(descriptor: RootDescriptor, names: readonly string[]): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests: namedEntries(descriptor, names) });
}

/** Returns the manifest.json entry of an image. Source: moby image/tarexport. */
function dockerManifest({ images, names }: ArchiveRoot): object {
  const [image] = images;
  if (image === undefined || images.length > 1 || image.configDigest === null) {
    throw new LayerscopeError('UNSUPPORTED', 'a docker-archive holds the image of a single platform: choose one, or write an OCI archive');
  }
  const tags = names.map(dockerTag).filter((tag) => tag !== null);
  return {
    Config: blobName(image.configDigest),
    RepoTags: tags.length === 0 ? null : tags,
    Layers: image.layers.map(({ digest }) => blobName(digest ?? '')),
    ...foreignSources(image),
  };
}

function foreignSources({ layers }: ArchiveImage): object {
  const foreign = layers.filter(({ status, diffId }) => status === 'foreign' && diffId !== null);
  if (foreign.length === 0) return {};
  const sources = foreign.map(({ diffId, digest, mediaType, blobBytes, urls }) => [diffId, { mediaType, size: blobBytes, digest, urls }]);
  return { LayerSources: Object.fromEntries(sources) };
}

/** Returns a name as Docker's `name:tag`; null if Docker would reject it. Source: the grammar of distribution's reference package. */
function dockerTag(name: string): string | null {
  const match =
    /^((?:[A-Za-z0-9.-]+(?::[0-9]+)?\/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)(?::(\w[\w.-]{0,127}))?$/.exec(
      name,
    );
  return match === null ? null : `${match[1]}:${match[2] ?? 'latest'}`;
}
