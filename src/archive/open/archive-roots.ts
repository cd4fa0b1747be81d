// Collects the blobs below an archive's index entries, so that images can be copied: manifests, configs, layers, attestations, indexes.
import {
  annotatedName,
  asObject,
  type Descriptor,
  exactEntries,
  MEDIA_TYPE,
  parseDescriptor,
  parseIndexed,
  parseJson,
} from '#format/image';
import { type ArchiveFormat, displayText, LayerscopeError } from '#model';
import { SourceFile } from '../blob/source-file.ts';
import {
  blobName,
  boundsOf,
  compressionAt,
  MAX_DOCUMENT_BYTES,
  type MemberStore,
  readDocument,
  renewDocuments,
  type StoredRange,
} from '../members/member-store.ts';
import type { ArchiveImage, ArchiveRoot, RootBlob, RootDescriptor } from '../types.ts';
import { rangeSource } from './range-source.ts';

const MAX_DEPTH = 16;
const MAX_BLOBS = 1_000_000;

/**
 * Returns the entries of index.json that lead to images, followed by images that are listed only in the files specific to a docker-archive.
 */
export function archiveRoots(format: ArchiveFormat, store: MemberStore, images: readonly ArchiveImage[]): ArchiveRoot[] {
  renewDocuments(store);
  const byManifest = new Map<string, ArchiveImage>();
  for (const image of images) if (image.manifestDigest !== null) byManifest.set(image.manifestDigest, image);
  const roots = new Map<string, ArchiveRoot>();
  const namesOf = new Map<string, Set<string>>();
  const covered = new Set<ArchiveImage>();
  for (const { descriptor, fields } of byManifest.size === 0 ? [] : indexEntries(store)) {
    const name = annotatedName(descriptor);
    const known = namesOf.get(descriptor.digest);
    if (known !== undefined) {
      if (name !== null) known.add(displayText(name));
      continue;
    }
    const walk = new RootWalk(store);
    walk.follow(descriptor, 0);
    const held = walk.manifests.map((digest) => byManifest.get(digest)).filter((image) => image !== undefined);
    // Skip standalone signatures, charts and attestations.
    if (held.length === 0) continue;
    for (const image of held) covered.add(image);
    // A docker-archive's own list of names takes precedence, because annotations may contain only the tag.
    const tags = format === 'docker-archive' ? held.flatMap((image) => image.tags) : [];
    namesOf.set(descriptor.digest, new Set(tags.length > 0 ? tags : name === null ? [] : [displayText(name)]));
    roots.set(descriptor.digest, { descriptor: fields, names: [], images: held, blobs: walk.blobs });
  }
  for (const [digest, root] of roots) roots.set(digest, { ...root, names: [...(namesOf.get(digest) ?? [])] });
  const others = images.filter((image) => !covered.has(image));
  return [...roots.values(), ...others.map((image) => ({ descriptor: null, names: image.tags, images: [image], blobs: [] }))];
}

/** Narrows a root that has several images to one of them, using that image's manifest. */
export function rootOfImage(root: ArchiveRoot, image: ArchiveImage): ArchiveRoot {
  if (root.descriptor === null || root.descriptor.digest === image.manifestDigest || image.manifestDigest === null) return root;
  const index = root.blobs.findIndex(({ digest }) => digest === image.manifestDigest);
  const manifest = root.blobs[index];
  if (manifest === undefined) return root;
  const named = new Set([manifest.digest, image.configDigest, ...image.layers.map(({ digest }) => digest)]);
  const document = parseJson(readRange(manifest), `manifest ${manifest.digest}`);
  return {
    descriptor: {
      mediaType: asObject(document)?.mediaType ?? MEDIA_TYPE.ociManifest,
      digest: manifest.digest,
      size: manifest.source.length,
      ...platformField(image),
    },
    names: root.names,
    images: [image],
    blobs: root.blobs.filter(({ digest }) => named.has(digest)),
  };
}

/** Returns the `platform` field for a descriptor, from the image's config; omitted if unknown. Source: OCI image-spec image-index.md. */
export function platformField({ platform, osVersion }: ArchiveImage): { readonly platform?: Readonly<Record<string, string>> } {
  const [os = '', architecture, variant] = platform.split('/');
  if (architecture === undefined) return {};
  return {
    platform: {
      architecture,
      os,
      ...(osVersion === undefined ? {} : { 'os.version': osVersion }),
      ...(variant === undefined ? {} : { variant }),
    },
  };
}

function readRange({ source }: RootBlob): Uint8Array {
  using file = new SourceFile(source.path, source.identity);
  const bytes = new Uint8Array(source.length);
  return bytes.subarray(0, file.read(bytes, source.start));
}

function* indexEntries(store: MemberStore): Generator<{ readonly descriptor: Descriptor; readonly fields: RootDescriptor }> {
  const bytes = readDocument(store, 'index.json');
  if (bytes === null) return;
  for (const entry of exactEntries(parseJson(bytes, 'index.json', boundsOf(store).times))) {
    const descriptor = parseDescriptor(entry);
    if (descriptor !== null) yield { descriptor, fields: entry as RootDescriptor };
  }
}

/** Follows descriptors down to the layers; skips what is missing or unreadable. */
class RootWalk {
  readonly blobs: RootBlob[] = [];
  readonly manifests: string[] = [];
  readonly #store: MemberStore;
  readonly #seen = new Set<string>();

  constructor(store: MemberStore) {
    this.#store = store;
  }

  follow({ digest }: Descriptor, depth: number): void {
    const range = this.#claim(digest);
    if (range === null) return;
    const document = range.length > MAX_DOCUMENT_BYTES || depth > MAX_DEPTH ? null : this.#document(digest);
    if (document?.kind === 'index') for (const entry of document.manifests) this.follow(entry, depth + 1);
    if (document?.kind === 'manifest') {
      this.manifests.push(digest);
      for (const { digest: leaf } of [...document.layers, ...(document.config === null ? [] : [document.config])]) {
        const found = this.#claim(leaf);
        if (found !== null) this.#add(leaf, found);
      }
    }
    this.#add(digest, range);
  }

  /** Returns the location of a blob on the first visit; null on later visits or if the blob is missing. */
  #claim(digest: string): StoredRange | null {
    if (digest === '' || this.#seen.has(digest)) return null;
    if (this.#seen.size >= MAX_BLOBS) throw new LayerscopeError('TOO_LARGE', `the image has more than ${MAX_BLOBS} blobs`);
    this.#seen.add(digest);
    return this.#quietly(() => this.#store.find(blobName(digest)));
  }

  #add(digest: string, range: StoredRange): void {
    this.blobs.push({ digest, source: rangeSource(range, compressionAt(this.#store, range), digest) });
  }

  #document(digest: string): ReturnType<typeof parseIndexed> {
    return this.#quietly(() => {
      const bytes = readDocument(this.#store, blobName(digest));
      return bytes === null ? null : parseIndexed(parseJson(bytes, digest));
    });
  }

  /** Runs `work`. Returns null for an unreadable blob, which the archive's findings already report. */
  #quietly<T>(work: () => T | null): T | null {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof LayerscopeError) || error.code === 'IO' || error.code === 'PERMISSION' || error.code === 'TOO_LARGE')
        throw error;
      return null;
    }
  }
}
