// Follows index.json to the images and artifacts that it leads to.
import {
  annotatedName,
  artifactTypeOf,
  asObject,
  attestedDigest,
  type Descriptor,
  isArtifact,
  isManifestType,
  MEDIA_TYPE,
  mayBeManifest,
  mediaTypesOf,
  type OciIndex,
  type OciManifest,
  parseIndexed,
  parseJson,
  platformName,
  subjectOf,
} from '#format/image';
import { type ArtifactReport, displayText, type FindingCode, LayerscopeError } from '#model';
import { algorithmOf, Digester } from '../blob/digest.ts';
import { EmbeddedContent } from '../members/embedded-content.ts';
import { refusalCode } from '../members/member-refused.ts';
import { blobName, readDocument } from '../members/member-store.ts';
import type { OverlayMembers } from '../members/overlay-members.ts';

/** Indexes nested deeper than this aren't followed: real ones are two deep. */
const MAX_DEPTH = 16;
/** Index entries followed in all. */
const MAX_ENTRIES = 10_000;
/** Layers and configs that the manifests name in all. */
const MAX_DESCRIPTORS = 100_000;
/** Of a statement that is too large to be read. */
const HEAD_BYTES = 64;
/** Letters of an ill-formed digest that are shown. */
const MAX_SHOWN = 200;

/** An image that an index leads to. */
export interface OciImage {
  readonly descriptor: Descriptor;
  readonly manifest: OciManifest;
  readonly names: string[];
  readonly attestations: string[];
}

export interface Problem {
  readonly code: FindingCode;
  readonly message: string;
}

interface Artifact {
  readonly descriptor: Descriptor;
  /** Null: the entry is the artifact itself, a blob. */
  readonly manifest: OciManifest | null;
  readonly names: string[];
  subject: string | null;
}

/** An ill-formed digest as it is shown. */
export function shownDigest(text: string): string {
  return displayText(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
}

export class IndexWalk {
  readonly problems: Problem[] = [];
  readonly #store: OverlayMembers;
  readonly #embedded: EmbeddedContent;
  readonly #images = new Map<string, OciImage>();
  readonly #artifacts = new Map<string, Artifact>();
  readonly #attestations: { readonly digest: string; readonly about: string }[] = [];
  #entries = 0;
  #descriptors = 0;

  constructor(store: OverlayMembers) {
    this.#store = store;
    this.#embedded = new EmbeddedContent(store, (code, message) => this.tell(code, message));
  }

  tell(code: FindingCode, message: string): void {
    this.problems.push({ code, message });
  }

  follow(index: OciIndex, what: string, names: readonly string[] = [], above: ReadonlySet<string> = new Set(), depth = 1): void {
    const { manifests, malformed } = index;
    if (malformed > 0) this.tell('bad-descriptor', `${what}: ${malformed === 1 ? '1 entry has' : `${malformed} entries have`} no digest`);
    for (const descriptor of manifests) {
      if (++this.#entries > MAX_ENTRIES) {
        if (this.#entries === MAX_ENTRIES + 1)
          this.tell('index-entry-skipped', `the index has more than ${MAX_ENTRIES} entries: the rest is left out`);
        return;
      }
      this.#entry(descriptor, names, above, depth);
    }
  }

  #entry(descriptor: Descriptor, above: readonly string[], parents: ReadonlySet<string>, depth: number): void {
    const { digest, digestText } = descriptor;
    if (digest === '') {
      this.tell('bad-digest', `an index entry names ${shownDigest(digestText)}, which is not a digest that can be followed`);
      return;
    }
    const own = annotatedName(descriptor);
    const names = own === null ? above : [own];
    const known = this.#images.get(digest) ?? this.#artifacts.get(digest);
    if (known !== undefined) {
      for (const name of names) if (!known.names.includes(name)) known.names.push(name);
      return;
    }
    if (parents.has(digest)) {
      this.tell('index-entry-skipped', `index ${digest} names itself, over ${depth - 1} ${depth === 2 ? 'step' : 'steps'}`);
      return;
    }
    this.#embedded.take(descriptor, 'manifest');
    if (!mayBeManifest(descriptor)) {
      this.#checkPart(descriptor, 'the index');
      this.#artifacts.set(digest, { descriptor, manifest: null, names: [...names], subject: null });
      return;
    }
    const document = this.#document(descriptor);
    if (document === null) return;
    if (document.kind === 'index') {
      if (depth >= MAX_DEPTH) this.tell('index-entry-skipped', `index ${digest} is nested more than ${MAX_DEPTH} deep`);
      else this.follow(document, `index ${digest}`, names, new Set([...parents, digest]), depth + 1);
    } else this.#manifest(descriptor, document, [...names]);
  }

  #manifest(descriptor: Descriptor, manifest: OciManifest, names: string[]): void {
    const { digest } = descriptor;
    this.#descriptors += manifest.layers.length + 1;
    if (this.#descriptors > MAX_DESCRIPTORS) {
      this.tell('too-large', `manifest ${digest}: the manifests name more than ${MAX_DESCRIPTORS} blobs`);
      return;
    }
    for (const part of [manifest.config, ...manifest.layers]) if (part !== null) this.#embedded.take(part, 'blob');
    if (!isArtifact(manifest, descriptor)) {
      this.#images.set(digest, { descriptor, manifest, names, attestations: [] });
      return;
    }
    for (const part of new Map([manifest.config, ...manifest.layers].map((each) => [each?.digestText, each])).values())
      if (part !== null && part !== undefined) this.#checkPart(part, `artifact ${digest}`);
    const subject = subjectOf(manifest, descriptor, names) ?? this.#signedDigest(manifest);
    this.#artifacts.set(digest, { descriptor, manifest, names, subject });
    const about = attestedDigest(descriptor);
    if (about !== null && this.#holdsStatement(digest, manifest)) this.#attestations.push({ digest, about });
  }

  /** Is the blob there, of the size that is stated? Its content is not looked at. */
  #checkPart({ digest, digestText, size, urls }: Descriptor, of: string): void {
    if (digest === '') {
      if (digestText === '') this.tell('bad-descriptor', `${of} names a blob without a digest`);
      else this.tell('bad-digest', `${of} names ${shownDigest(digestText)}, which is not a digest that can be followed`);
      return;
    }
    try {
      const range = this.#store.find(blobName(digest));
      if (range === null && urls.length === 0) this.tell('missing-blob', `${digest} of ${of} is not in the archive`);
      else if (range !== null && size !== null && size !== range.length)
        this.tell('size-mismatch', `${digest} of ${of} has ${range.length} bytes, its descriptor says ${size}`);
    } catch (error) {
      const code = refusalCode(error, 'missing-blob');
      if (error instanceof LayerscopeError) this.tell(code, `${of}: ${error.message}`);
    }
  }

  /** What is behind an entry: null where that isn't there, can't be read, or is of another kind. */
  #document(descriptor: Descriptor): OciIndex | OciManifest | null {
    const { digest, size, mediaType } = descriptor;
    const platform = descriptor.platform === null ? '' : ` (${platformName(descriptor.platform)})`;
    const what = `manifest ${digest}${platform}`;
    try {
      const bytes = readDocument(this.#store, blobName(digest));
      if (bytes === null) {
        this.tell('missing-blob', `${what} is not in the archive`);
        return null;
      }
      const measured = this.#measure(bytes, digest);
      if (measured !== digest) this.tell('digest-mismatch', `${what}: its content is ${measured}`);
      else if (size !== null && size !== bytes.length)
        this.tell('size-mismatch', `${what} has ${bytes.length} bytes, its descriptor says ${size}`);
      const document = parseIndexed(parseJson(bytes, what));
      if (document !== null) return document;
      if (isManifestType(mediaType)) this.tell('manifest-unreadable', `${what} is neither a manifest nor an index`);
      else this.#artifacts.set(digest, { descriptor, manifest: null, names: [], subject: null });
    } catch (error) {
      const code = refusalCode(error, 'manifest-unreadable');
      if (error instanceof LayerscopeError)
        this.tell(code, error.message.includes(digest.slice(digest.indexOf(':') + 1)) ? error.message : `${what}: ${error.message}`);
    }
    return null;
  }

  #measure(bytes: Uint8Array, digest: string): string {
    const digester = new Digester(algorithmOf(digest));
    digester.update(bytes);
    return digester.finish();
  }

  /** What a signature of cosign is about stands in its payload. Source: cosign specs/SIGNATURE_SPEC.md, Simple Signing. */
  #signedDigest({ layers }: OciManifest): string | null {
    const payload = layers.find(({ mediaType }) => mediaType === MEDIA_TYPE.simpleSigning);
    const critical = asObject(asObject(payload === undefined ? null : this.#json(payload))?.critical);
    const digest = asObject(critical?.image)?.['docker-manifest-digest'];
    return typeof digest === 'string' && digest !== '' ? digest : null;
  }

  /** An attestation has an in-toto statement; what only calls itself one is told. */
  #holdsStatement(digest: string, { layers }: OciManifest): boolean {
    const statements = layers.filter(({ mediaType }) => mediaType === MEDIA_TYPE.inToto);
    if (statements.some((layer) => this.#isStatement(layer))) return true;
    this.tell('attestation-unreadable', `attestation ${digest} holds no statement that can be read`);
    return false;
  }

  /** A bill of materials may be larger than what is read: then it is one if it begins like one. */
  #isStatement(layer: Descriptor): boolean {
    const value = this.#json(layer);
    if (value !== 'too-large') return asObject(value) !== null;
    const range = this.#store.find(blobName(layer.digest));
    return range !== null && /^\s*\{/.test(Buffer.from(this.#store.head(range, HEAD_BYTES)).toString('latin1'));
  }

  /** A small blob as JSON; null where it can't be read as such. */
  #json({ digest }: Descriptor): unknown {
    try {
      const bytes = digest === '' ? null : readDocument(this.#store, blobName(digest), 'statement');
      return bytes === null ? null : parseJson(bytes, digest);
    } catch (error) {
      return refusalCode(error, 'attestation-unreadable') === 'too-large' ? 'too-large' : null;
    }
  }

  images(): OciImage[] {
    for (const { digest, about } of this.#attestations) {
      const image = this.#images.get(about);
      if (image !== undefined && !image.attestations.includes(digest)) image.attestations.push(digest);
    }
    return [...this.#images.values()];
  }

  artifacts(): ArtifactReport[] {
    return [...this.#artifacts.values()].map((artifact, index) => reportOf(artifact, index));
  }
}

function reportOf({ descriptor, manifest, names, subject }: Artifact, index: number): ArtifactReport {
  const type = manifest === null ? descriptor.artifactType : artifactTypeOf(manifest, descriptor);
  const mediaTypes = manifest === null ? [descriptor.mediaType ?? ''] : mediaTypesOf(manifest);
  return {
    index,
    digest: descriptor.digest,
    artifactType: type === null ? null : displayText(type),
    mediaTypes: mediaTypes.map(displayText),
    subject: subject === null ? null : shownDigest(subject),
    bytes: manifest === null ? (descriptor.size ?? 0) : blobBytes(manifest),
    names: names.map(displayText),
  };
}

function blobBytes({ config, layers }: OciManifest): number {
  const sizes = new Map<string, number>();
  for (const part of [config, ...layers]) if (part !== null) sizes.set(part.digestText, part.size ?? 0);
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
