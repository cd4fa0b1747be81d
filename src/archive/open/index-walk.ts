// Follows index.json to images and artifacts.
import {
  annotatedName,
  artifactKindOf,
  artifactTypeOf,
  attestedDigest,
  type Descriptor,
  isArtifact,
  isManifestType,
  mayBeManifest,
  mediaTypesOf,
  type OciIndex,
  type OciManifest,
  parseIndexed,
  parseJson,
  platformName,
  repeatedFieldProblem,
  subjectOf,
} from '#format/image';
import { displayText, type FindingCode, LayerscopeError } from '#model';
import { algorithmOf, Digester } from '../blob/digest.ts';
import { EmbeddedContent } from '../members/embedded-content.ts';
import { refusalCode } from '../members/member-refused.ts';
import { blobName, boundsOf, readDocument } from '../members/member-store.ts';
import type { OverlayMembers } from '../members/overlay-members.ts';
import type { ArchiveArtifact, ArchiveAttestation, ArtifactFile } from '../types.ts';
import { StatementReader } from './statement-reader.ts';

/** Maximum nesting of indexes; real ones have two levels. */
const MAX_DEPTH = 16;
/** Maximum number of index entries in total. */
const MAX_ENTRIES = 10_000;
/** Maximum number of layers and configs that the manifests name in total. */
const MAX_DESCRIPTORS = 100_000;
/** Maximum number of characters shown of an ill-formed digest. */
const MAX_SHOWN = 200;

/** An image that an index leads to. */
export interface OciImage {
  readonly descriptor: Descriptor;
  readonly manifest: OciManifest;
  readonly names: Set<string>;
  readonly attestations: ArchiveAttestation[];
  /** Whether the manifest hashes to its digest. */
  readonly isIntact: boolean;
}

export interface Problem {
  readonly code: FindingCode;
  readonly message: string;
}

interface Artifact {
  readonly descriptor: Descriptor;
  /** Null if the entry is the artifact itself: a blob without a manifest. */
  readonly manifest: OciManifest | null;
  readonly names: Set<string>;
  readonly subject: string | null;
  /**
   * For an attestation, the digest of the image that it is about. If the archive has that image, the attestation isn't listed as an
   * artifact.
   */
  readonly attests?: string;
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
  /** By image, then by digest of the attestation manifest. */
  readonly #attestations = new Map<string, Map<string, ArchiveAttestation[]>>();
  readonly #statements: StatementReader;
  /** Every manifest and index that was read, and whether it hashes to its digest. */
  readonly #documents = new Map<string, boolean>();
  #entries = 0;
  #descriptors = 0;
  readonly #maxEntries: number;
  readonly #maxDescriptors: number;

  constructor(store: OverlayMembers) {
    this.#store = store;
    const { times } = boundsOf(store);
    this.#maxEntries = MAX_ENTRIES * times;
    this.#maxDescriptors = MAX_DESCRIPTORS * times;
    this.#embedded = new EmbeddedContent(store, (code, message) => this.report(code, message));
    this.#statements = new StatementReader(store, (code, message) => this.report(code, message));
  }

  report(code: FindingCode, message: string): void {
    this.problems.push({ code, message });
  }

  follow(index: OciIndex, what: string, names: readonly string[] = [], above: ReadonlySet<string> = new Set(), depth = 1): void {
    const { manifests, malformed } = index;
    if (malformed > 0) this.report('bad-descriptor', `${what}: ${malformed === 1 ? '1 entry has' : `${malformed} entries have`} no digest`);
    for (const descriptor of manifests) {
      if (++this.#entries > this.#maxEntries) {
        if (this.#entries === this.#maxEntries + 1)
          this.report('index-entry-skipped', `the index has more than ${this.#maxEntries} entries: the rest are left out`);
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
    const about = attestedDigest(descriptor);
    if (about !== null && this.#attestations.get(about)?.has(digest)) return;
    const own = annotatedName(descriptor);
    const names = own === null ? above : [own];
    const known = about === null ? this.#images.get(digest) : undefined;
    for (const name of known === undefined ? [] : names) known?.names.add(name);
    // An index's name applies to its images, but not to the artifacts in it.
    const artifact = about === null ? this.#artifacts.get(digest) : undefined;
    if (artifact !== undefined && own !== null) artifact.names.add(own);
    if (known !== undefined || artifact !== undefined) return;
    if (parents.has(digest)) {
      this.report('index-entry-skipped', `index ${digest} refers to itself, through ${depth - 1} ${depth === 2 ? 'step' : 'steps'}`);
      return;
    }
    this.#embedded.take(descriptor, 'manifest');
    if (!mayBeManifest(descriptor)) {
      this.#checkPart(descriptor, 'the index');
      this.#artifacts.set(digest, { descriptor, manifest: null, names: new Set(own === null ? [] : [own]), subject: null });
      return;
    }
    const document = this.#document(descriptor);
    if (document === null) {
      if (about !== null) this.#attest(about, digest, [brokenManifest(digest, this.#isThere(digest))]);
    } else if (document.kind === 'index') {
      if (depth >= MAX_DEPTH) this.report('index-entry-skipped', `index ${digest} is nested more than ${MAX_DEPTH} deep`);
      else this.follow(document, `index ${digest}`, names, new Set([...parents, digest]), depth + 1);
    } else this.#manifest(descriptor, document, { own, names, about });
  }

  #manifest(
    descriptor: Descriptor,
    manifest: OciManifest,
    { own, names, about }: { readonly own: string | null; readonly names: readonly string[]; readonly about: string | null },
  ): void {
    const { digest } = descriptor;
    this.#descriptors += manifest.layers.length + 1;
    if (this.#descriptors > this.#maxDescriptors) {
      this.report('too-large', `manifest ${digest}: the manifests name more than ${this.#maxDescriptors} blobs`);
      return;
    }
    for (const part of [manifest.config, ...manifest.layers]) if (part !== null) this.#embedded.take(part, 'blob');
    if (!isArtifact(manifest, descriptor)) {
      const isIntact = this.#documents.get(digest) === true;
      if (!this.#images.has(digest)) this.#images.set(digest, { descriptor, manifest, names: new Set(names), attestations: [], isIntact });
      return;
    }
    for (const part of new Map([manifest.config, ...manifest.layers].map((each) => [each?.digestText, each])).values())
      if (part !== null && part !== undefined) this.#checkPart(part, `artifact ${digest}`);
    const subject = subjectOf(manifest, descriptor, names) ?? this.#statements.signedDigest(manifest);
    const artifact = { descriptor, manifest, names: new Set(own === null ? [] : [own]), subject };
    if (about === null) this.#artifacts.set(digest, artifact);
    else {
      this.#artifacts.set(`${about} ${digest}`, { ...artifact, attests: about });
      this.#attest(about, digest, this.#statementsIn(digest, manifest, about));
    }
  }

  #attest(about: string, digest: string, attestations: ArchiveAttestation[]): void {
    const ofImage = this.#attestations.get(about) ?? new Map<string, ArchiveAttestation[]>();
    this.#attestations.set(about, ofImage.set(digest, attestations));
  }

  #isThere(digest: string): boolean {
    try {
      return this.#store.find(blobName(digest)) !== null;
    } catch {
      return true;
    }
  }

  /** Returns the statements of an attestation manifest. Reports a manifest without a readable statement. */
  #statementsIn(manifestDigest: string, { layers }: OciManifest, about: string): ArchiveAttestation[] {
    const found = layers.map((layer): ArchiveAttestation => {
      const { status, statement, statedType } = this.#statements.read(layer);
      const type = statement?.predicateType ?? statedType;
      return {
        manifestDigest,
        digest: layer.digest === '' ? null : layer.digest,
        predicateType: type === null ? null : displayText(type),
        matches: statement?.subjects.has(about) ?? false,
        status,
        source: this.#statements.source(layer),
      };
    });
    if (!found.some(({ status }) => status === 'present'))
      this.report('attestation-unreadable', `attestation ${manifestDigest} has no readable statement`);
    return found;
  }

  /** Reports a blob that is missing or doesn't have its stated size. Doesn't read its content. */
  #checkPart({ digest, digestText, size, urls }: Descriptor, of: string): void {
    if (digest === '') {
      if (digestText === '') this.report('bad-descriptor', `${of} lists a blob without a digest`);
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

  /** Reads an entry's document; null if it is missing, unreadable or neither an index nor a manifest. */
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
      this.#documents.set(digest, measured === digest);
      if (measured !== digest) this.report('digest-mismatch', `${what}: its content hashes to ${measured}`);
      else if (size !== null && size !== bytes.length)
        this.report('size-mismatch', `${what} has ${bytes.length} bytes, but its descriptor says ${size}`);
      const document = parseIndexed(parseJson(bytes, what));
      const repeated = document === null ? null : repeatedFieldProblem(bytes, what);
      if (repeated !== null) this.report('manifest-disagreement', repeated);
      if (document !== null) return document;
      if (isManifestType(mediaType)) this.report('manifest-unreadable', `${what} is neither a manifest nor an index`);
      else this.#artifacts.set(digest, { descriptor, manifest: null, names: new Set(), subject: null });
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

  images(): OciImage[] {
    for (const [digest, image] of this.#images)
      if (image.attestations.length === 0)
        for (const attestations of this.#attestations.get(digest)?.values() ?? [])
          for (const attestation of attestations) image.attestations.push(attestation);
    return [...this.#images.values()];
  }

  /** Returns the entries that are neither images nor attestations for images in this archive. */
  artifacts(): ArchiveArtifact[] {
    const listed = new Map<string, Artifact>();
    for (const artifact of this.#artifacts.values()) {
      const { descriptor, attests } = artifact;
      const isAttestation = attests !== undefined && (this.#images.has(attests) || this.#artifacts.has(descriptor.digest));
      if (!isAttestation && !listed.has(descriptor.digest)) listed.set(descriptor.digest, artifact);
    }
    return [...listed.values()].map((artifact, index) => this.#artifact(artifact, index));
  }

  #artifact({ descriptor, manifest, names, subject }: Artifact, index: number): ArchiveArtifact {
    const parts = manifest === null ? [descriptor] : manifest.layers;
    const statedTypes = manifest === null ? [] : this.#predicateTypes(manifest);
    const kind = manifest === null ? 'other' : artifactKindOf(manifest, descriptor, statedTypes.length > 0);
    const type = manifest === null ? descriptor.artifactType : artifactTypeOf(manifest, descriptor);
    return {
      index,
      digest: descriptor.digest,
      artifactType: type === null ? null : displayText(type),
      kind,
      mediaTypes: (manifest === null ? [descriptor.mediaType ?? ''] : mediaTypesOf(manifest)).map(displayText),
      subject: subject === null ? null : shownDigest(subject),
      ...(subject === null ? {} : { subjectHere: this.#documents.has(subject) }),
      bytes: parts.reduce((sum, { size }) => sum + (size ?? 0), 0),
      names: [...names].map(displayText),
      predicateTypes: kind === 'attestation' ? statedTypes.map(displayText) : [],
      files: parts.map((part) => this.#file(part)),
      isSubjectIntact: subject !== null && this.#documents.get(subject) === true,
    };
  }

  #predicateTypes({ layers }: OciManifest): string[] {
    const statements = layers.filter(({ mediaType }) => mediaType !== null && STATEMENT_TYPE.test(mediaType));
    return statements.map((layer) => this.#statements.read(layer).statement?.predicateType ?? null).filter((type) => type !== null);
  }

  #file(part: Descriptor): ArtifactFile {
    const { annotations, digest, mediaType, size } = part;
    const name = annotations['org.opencontainers.image.title'] ?? null;
    return {
      name: name === null ? null : displayText(name),
      mediaType: mediaType === null ? null : displayText(mediaType),
      digest: digest === '' ? null : digest,
      size: size ?? 0,
      source: this.#statements.source(part),
      signature: annotations['dev.cosignproject.cosign/signature'] ?? null,
    };
  }
}

/** Media types of layers that may hold a statement. */
const STATEMENT_TYPE = /in-toto|dsse|sigstore\.bundle/;

/** Returns an entry for an attestation manifest that can't be read. */
function brokenManifest(manifestDigest: string, isThere: boolean): ArchiveAttestation {
  return { manifestDigest, digest: null, predicateType: null, matches: false, status: isThere ? 'damaged' : 'missing', source: null };
}
