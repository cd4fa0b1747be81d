// Reads what attestations and signatures say, while the index that lists them is walked.
import { parseStatement, parseStatementHead, STATEMENT_HEAD_BYTES, type Statement, signedDigest } from '#format/attestation';
import { asObject, type Descriptor, MEDIA_TYPE, type OciManifest, parseJson } from '#format/image';
import type { AttestationReport, FindingCode } from '#model';
import { algorithmOf, Digester } from '../blob/digest.ts';
import { refusalCode } from '../members/member-refused.ts';
import { blobName, type MemberStore, readDocument, type StoredRange } from '../members/member-store.ts';
import type { BlobSource } from '../types.ts';
import { rangeSource } from './range-source.ts';

/** A layer of an attestation, as far as it was read. */
export interface ReadStatement {
  readonly status: AttestationReport['status'];
  /** Null if the statement isn't in the archive or wasn't read. */
  readonly statement: Pick<Statement, 'predicateType' | 'subjects'> | null;
  /** The type according to an annotation. */
  readonly statedType: string | null;
}

/** Why a small document couldn't be read. */
type Failure = 'missing' | 'damaged' | 'too-large';

export class StatementReader {
  readonly #store: MemberStore;
  readonly #report: (code: FindingCode, message: string) => void;
  /** Each blob is read once, however many manifests name it. */
  readonly #read = new Map<string, ReadStatement>();

  constructor(store: MemberStore, report: (code: FindingCode, message: string) => void) {
    this.#store = store;
    this.#report = report;
  }

  /** Reads a statement: bare, in an envelope or in a bundle. Content that doesn't match its digest is damaged, and reported. */
  read(layer: Descriptor): ReadStatement {
    const known = this.#read.get(layer.digest);
    if (known !== undefined) return known;
    const { annotations } = layer;
    const statedType =
      annotations['in-toto.io/predicate-type'] ?? annotations.predicateType ?? annotations['dev.sigstore.bundle.predicateType'] ?? null;
    const found = { ...this.#look(layer), statedType };
    this.#read.set(layer.digest, found);
    return found;
  }

  #look(layer: Descriptor): Pick<ReadStatement, 'status' | 'statement'> {
    const range = this.#find(layer);
    if (range === null) return { status: 'missing', statement: null };
    // The statements of a fetched image arrive later.
    if (range.arriving !== undefined) return { status: 'present', statement: null };
    const value = this.#json(layer, true);
    if (value === 'too-large') return this.#lookAtHead(range);
    if (value === 'missing' || value === 'damaged') return { status: value, statement: null };
    try {
      const statement = parseStatement(value.json);
      if (statement === null) return { status: 'damaged', statement: null };
      const { predicateType, subjects } = statement;
      return { status: 'present', statement: { predicateType, subjects } };
    } catch (error) {
      refusalCode(error, 'attestation-unreadable');
      return { status: 'damaged', statement: null };
    }
  }

  /** Reads only the start of a large statement, such as an SBOM that lists every file. */
  #lookAtHead(range: StoredRange): Pick<ReadStatement, 'status' | 'statement'> {
    const head = this.#store.head(range, STATEMENT_HEAD_BYTES);
    const statement = parseStatementHead(head);
    const isObject = /^\s*\{/.test(Buffer.from(head.subarray(0, 64)).toString('latin1'));
    return { status: isObject ? 'present' : 'damaged', statement };
  }

  /** Returns the subject of a cosign signature, from its payload. Source: cosign specs/SIGNATURE_SPEC.md, Simple Signing. */
  signedDigest({ layers }: OciManifest): string | null {
    const payload = layers.find(({ mediaType }) => mediaType === MEDIA_TYPE.simpleSigning);
    const value = payload === undefined ? null : this.#json(payload, false);
    return value === null || typeof value === 'string' ? null : signedDigest(value.json);
  }

  /** Returns the blob of a layer; null if it is missing or can't be accessed. */
  source(layer: Descriptor): BlobSource | null {
    const range = this.#find(layer);
    return range === null ? null : rangeSource(range, 'none', layer.digest);
  }

  #find({ digest }: Descriptor): StoredRange | null {
    try {
      return digest === '' ? null : this.#store.find(blobName(digest));
    } catch (error) {
      refusalCode(error, 'attestation-unreadable');
      return null;
    }
  }

  /** Reads a small blob as JSON. `isChecked` says whether to check its digest. */
  #json({ digest }: Descriptor, isChecked: boolean): { readonly json: unknown } | Failure {
    try {
      const bytes = digest === '' ? null : readDocument(this.#store, blobName(digest), 'statement');
      if (bytes === null) return 'missing';
      if (isChecked && !this.#isIntact(bytes, digest)) return 'damaged';
      const json = parseJson(bytes, digest);
      return asObject(json) === null ? 'damaged' : { json };
    } catch (error) {
      return refusalCode(error, 'attestation-unreadable') === 'too-large' ? 'too-large' : 'damaged';
    }
  }

  #isIntact(bytes: Uint8Array, digest: string): boolean {
    const digester = new Digester(algorithmOf(digest));
    digester.update(bytes);
    const measured = digester.finish();
    if (measured !== digest) this.#report('digest-mismatch', `statement ${digest}: its content hashes to ${measured}`);
    return measured === digest;
  }
}
