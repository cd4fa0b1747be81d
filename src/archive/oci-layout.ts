import {
  annotatedName,
  attestedDigest,
  type Descriptor,
  type OciManifest,
  parseIndex,
  parseIndexed,
  parseJson,
  platformName,
} from '#format/image';
import { type FindingCode, LayerscopeError } from '#model';
import { algorithmOf, Digester } from './digest.ts';
import type { ImageList, LayerPlan } from './image-list.ts';
import { type MemberStore, readDocument } from './member-store.ts';

/** Indexes nested deeper than this aren't followed: real ones are two deep. */
const MAX_DEPTH = 16;
/** Index entries followed in all. */
const MAX_ENTRIES = 10_000;

/** An image that an index leads to. */
export interface OciImage {
  readonly descriptor: Descriptor;
  readonly manifest: OciManifest;
  readonly names: string[];
  readonly attestations: string[];
}

/** What an index leads to, in order, each manifest once. */
export interface OciContent {
  readonly images: readonly OciImage[];
  /** About what isn't in `images`, of the archive as a whole. */
  readonly problems: readonly { readonly code: FindingCode; readonly message: string }[];
  /** index.json is there and names something. */
  readonly namesAny: boolean;
}

/** Name in the store of a blob; empty for a descriptor without a digest. */
export function blobName(digest: string): string {
  return digest === '' ? '' : `blobs/${digest.replace(':', '/')}`;
}

/** Follows index.json. Throws BAD_MANIFEST where it can't be used, TOO_LARGE, IO; null where there is none. */
export function readOciContent(store: MemberStore): OciContent | null {
  const bytes = readDocument(store, 'index.json');
  if (bytes === null) return null;
  const index = parseIndex(parseJson(bytes, 'index.json'));
  if (index === null) throw new LayerscopeError('BAD_MANIFEST', 'index.json is no object');
  const walk = new IndexWalk(store);
  if (index.malformed > 0) walk.tell('index-entry-skipped', `index.json: ${index.malformed} entries are no descriptors`);
  walk.follow(index.manifests, [], new Set(), 1);
  return { images: walk.finish(), problems: walk.problems, namesAny: index.manifests.length > 0 };
}

class IndexWalk {
  readonly problems: { code: FindingCode; message: string }[] = [];
  readonly #store: MemberStore;
  readonly #images = new Map<string, OciImage>();
  readonly #attestations: { digest: string; about: string }[] = [];
  #entries = 0;

  constructor(store: MemberStore) {
    this.#store = store;
  }

  tell(code: FindingCode, message: string): void {
    this.problems.push({ code, message });
  }

  follow(manifests: readonly Descriptor[], names: readonly string[], above: ReadonlySet<string>, depth: number): void {
    for (const descriptor of manifests) {
      if (++this.#entries > MAX_ENTRIES) {
        if (this.#entries === MAX_ENTRIES + 1)
          this.tell('index-entry-skipped', `more than ${MAX_ENTRIES} index entries: the rest isn't followed`);
        return;
      }
      this.#entry(descriptor, names, above, depth);
    }
  }

  #entry(descriptor: Descriptor, above: readonly string[], parents: ReadonlySet<string>, depth: number): void {
    const { digest } = descriptor;
    const about = attestedDigest(descriptor);
    if (about !== null) {
      this.#attestations.push({ digest, about });
      return;
    }
    const own = annotatedName(descriptor);
    const names = own === null ? above : [own];
    const known = this.#images.get(digest);
    if (known !== undefined) {
      for (const name of names) if (!known.names.includes(name)) known.names.push(name);
      return;
    }
    if (parents.has(digest)) {
      this.tell('index-entry-skipped', `index ${digest} names itself, over ${depth - 1} steps`);
      return;
    }
    const document = this.#document(descriptor);
    if (document === null) return;
    if (document.kind === 'index') {
      if (depth >= MAX_DEPTH) this.tell('index-entry-skipped', `index ${digest} is nested more than ${MAX_DEPTH} deep`);
      else this.follow(document.manifests, names, new Set([...parents, digest]), depth + 1);
    } else if (document.isArtifact) {
      this.tell('index-entry-skipped', `${digest} is an artifact, no image`);
    } else {
      this.#images.set(digest, { descriptor, manifest: document, names: [...names], attestations: [] });
    }
  }

  #document(descriptor: Descriptor): ReturnType<typeof parseIndexed> {
    const { digest } = descriptor;
    const platform = descriptor.platform === null ? '' : ` (${platformName(descriptor.platform)})`;
    try {
      const bytes = readDocument(this.#store, blobName(digest));
      if (bytes === null) {
        this.tell('missing-blob', `manifest ${digest}${platform} is not in the archive`);
        return null;
      }
      const digester = new Digester(algorithmOf(digest));
      digester.update(bytes);
      const measured = digester.finish();
      if (measured !== digest) this.tell('digest-mismatch', `manifest ${digest}${platform}: its content is ${measured}`);
      const document = parseIndexed(parseJson(bytes, `manifest ${digest}`));
      if (document === null) this.tell('index-entry-skipped', `${digest} is neither a manifest nor an index`);
      return document;
    } catch (error) {
      if (!(error instanceof LayerscopeError) || error.code === 'IO' || error.code === 'PERMISSION') throw error;
      this.tell(error.code === 'PATH_ESCAPE' ? 'path-escape' : 'damaged-blob', error.message);
      return null;
    }
  }

  finish(): OciImage[] {
    for (const { digest, about } of this.#attestations) {
      const image = this.#images.get(about);
      if (image === undefined)
        this.tell('index-entry-skipped', `attestation ${digest} is about ${about || 'nothing'}, which is not in the archive`);
      else if (!image.attestations.includes(digest)) image.attestations.push(digest);
    }
    return [...this.#images.values()];
  }
}

export function layerPlan(descriptor: Descriptor): LayerPlan {
  const { digest, mediaType, size, urls } = descriptor;
  return { name: blobName(digest), digest: digest === '' ? null : digest, mediaType, size, urls };
}

/** Puts the images of a layout or an OCI archive into the list. */
export function addOciImages(list: ImageList, content: OciContent): void {
  for (const { code, message } of content.problems) list.tell(code, message);
  for (const { descriptor, manifest, names, attestations } of content.images) {
    const configDigest = manifest.config?.digest ?? null;
    list.add({
      names,
      platform: descriptor.platform,
      configDigest,
      manifestDigest: descriptor.digest,
      layers: manifest.layers.map(layerPlan),
      attestations,
      config: list.readConfig(configDigest === null ? null : blobName(configDigest), configDigest),
    });
  }
}
