// Follows index.json to images and artifacts.
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

/** Maximum nesting of indexes; real ones have two levels. */
const MAX_DEPTH = 16;
/** Maximum number of index entries in total. */
const MAX_ENTRIES = 10_000;
/** Maximum number of layers and configs that the manifests name in total. */
const MAX_DESCRIPTORS = 100_000;
/** Bytes to check of a statement that is too large to read. */
const HEAD_BYTES = 64;
/** Characters to show of an ill-formed digest. */
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
  /** Null if the entry is itself the artifact, a blob. */
  readonly manifest: OciManifest | null;
  readonly names: string[];
  subject: string | null;
}

/** Shortens an ill-formed digest for display. */
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
    this.#embedded = new EmbeddedContent(store, (code, message) => this.report(code, message));
  }

  report(code: FindingCode, message: string): void {
    this.problems.push({ code, message });
  }

  follow(index: OciIndex, what: string, names: readonly string[] = [], above: ReadonlySet<string> = new Set(), depth = 1): void {
    const { manifests, malformed } = index;
    if (malformed > 0) this.report('bad-descriptor', `${what}: ${malformed === 1 ? '1 entry has' : `${malformed} entries have`} no digest`);
    for (const descriptor of manifests) {
      if (++this.#entries > MAX_ENTRIES) {
        if (this.#entries === MAX_ENTRIES + 1)
          this.report('index-entry-skipped', `the index has more than ${MAX_ENTRIES} entries: the rest are left out`);
        return;
      }
      this.#entry(descriptor, names, above, depth);
    }
  }

  #entry(descriptor: Descriptor, above: readonly string[], parents: ReadonlySet<string>, depth: number): void {
    const { digest, digestText } = descriptor;
    if (digest === '') {
      this.report('bad-digest', `an index entry names ${shownDigest(digestText)}, which is not a valid digest`);
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
      this.report('index-entry-skipped', `index ${digest} refers to itself, through ${depth - 1} ${depth === 2 ? 'step' : 'steps'}`);
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
      if (depth >= MAX_DEPTH) this.report('index-entry-skipped', `index ${digest} is nested more than ${MAX_DEPTH} deep`);
      else this.follow(document, `index ${digest}`, names, new Set([...parents, digest]), depth + 1);
    } else this.#manifest(descriptor, document, [...names]);
  }

  #manifest(descriptor: Descriptor, manifest: OciManifest, names: string[]): void {
    const { digest } = descriptor;
    this.#descriptors += manifest.layers.length + 1;
    if (this.#descriptors > MAX_DESCRIPTORS) {
      this.report('too-large', `manifest ${digest}: the manifests name more than ${MAX_DESCRIPTORS} blobs`);
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

  /** Reports a blob that is missing or has another size than stated. Doesn't read its content. */
  #checkPart({ digest, digestText, size, urls }: Descriptor, of: string): void {
    if (digest === '') {
      if (digestText === '') this.report('bad-descriptor', `${of} names a blob without a digest`);
      else this.report('bad-digest', `${of} names ${shownDigest(digestText)}, which is not a valid digest`);
      return;
    }
    try {
      const range = this.#store.find(blobName(digest));
      if (range === null && urls.length === 0) this.report('missing-blob', `${digest} of ${of} is not in the archive`);
      else if (range !== null && size !== null && size !== range.length)
        this.report('size-mismatch', `${digest} of ${of} has ${range.length} bytes, but its descriptor says ${size}`);
    } catch (error) {
      const code = refusalCode(error, 'missing-blob');
      if (error instanceof LayerscopeError) this.report(code, `${of}: ${error.message}`);
    }
  }

  /** Reads the document of an entry: null if it is missing, unreadable or of another kind. */
  #document(descriptor: Descriptor): OciIndex | OciManifest | null {
    const { digest, size, mediaType } = descriptor;
    const platform = descriptor.platform === null ? '' : ` (${platformName(descriptor.platform)})`;
    const what = `manifest ${digest}${platform}`;
    try {
      const bytes = readDocument(this.#store, blobName(digest));
      if (bytes === null) {
        this.report('missing-blob', `${what} is not in the archive`);
        return null;
      }
      const measured = this.#measure(bytes, digest);
      if (measured !== digest) this.report('digest-mismatch', `${what}: its content hashes to ${measured}`);
      else if (size !== null && size !== bytes.length)
        this.report('size-mismatch', `${what} has ${bytes.length} bytes, but its descriptor says ${size}`);
      const document = parseIndexed(parseJson(bytes, what));
      if (document !== null) return document;
      if (isManifestType(mediaType)) this.report('manifest-unreadable', `${what} is neither a manifest nor an index`);
      else this.#artifacts.set(digest, { descriptor, manifest: null, names: [], subject: null });
    } catch (error) {
      const code = refusalCode(error, 'manifest-unreadable');
      if (error instanceof LayerscopeError)
        this.report(code, error.message.includes(digest.slice(digest.indexOf(':') + 1)) ? error.message : `${what}: ${error.message}`);
    }
    return null;
  }

  #measure(bytes: Uint8Array, digest: string): string {
    const digester = new Digester(algorithmOf(digest));
    digester.update(bytes);
    return digester.finish();
  }

  /** The subject of a cosign signature, from its payload. Source: cosign specs/SIGNATURE_SPEC.md, Simple Signing. */
  #signedDigest({ layers }: OciManifest): string | null {
    const payload = layers.find(({ mediaType }) => mediaType === MEDIA_TYPE.simpleSigning);
    const critical = asObject(asObject(payload === undefined ? null : this.#json(payload))?.critical);
    const digest = asObject(critical?.image)?.['docker-manifest-digest'];
    return typeof digest === 'string' && digest !== '' ? digest : null;
  }

  /** Whether an attestation has an in-toto statement; reports one that doesn't. */
  #holdsStatement(digest: string, { layers }: OciManifest): boolean {
    const statements = layers.filter(({ mediaType }) => mediaType === MEDIA_TYPE.inToto);
    if (statements.some((layer) => this.#isStatement(layer))) return true;
    this.report('attestation-unreadable', `attestation ${digest} has no readable statement`);
    return false;
  }

  /** A bill of materials may exceed the size limit; then only its beginning is checked. */
  #isStatement(layer: Descriptor): boolean {
    const value = this.#json(layer);
    if (value !== 'too-large') return asObject(value) !== null;
    const range = this.#store.find(blobName(layer.digest));
    return range !== null && /^\s*\{/.test(Buffer.from(this.#store.head(range, HEAD_BYTES)).toString('latin1'));
  }

  /** Reads a small blob as JSON; null if that fails. */
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
