import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { promisify } from 'node:util';
import type { ArchiveArtifact, ArtifactFile, BlobSource } from '#archive';
import { type SignedPayload, signedPayload } from '#format/attestation';
import { isCancelled, LayerscopeError, throwIfCancelled } from '#model';
import { readWhole } from './read-whole.ts';

/** Shorter RSA keys can be broken. */
const MIN_RSA_BITS = 2048;
/** Maximum size of signed content, in bytes; an SBOM that lists all files takes tens of megabytes. */
const MAX_SIGNED_BYTES = 64 * 1024 * 1024;
/** Maximum number of an artifact's files that are searched for signatures. */
const MAX_FILES = 100;
/** Maximum number of bytes read and hashed for all signatures of an archive; content with several signatures is hashed for each. */
const MAX_BYTES_IN_ALL = 256 * 1024 * 1024;

/**
 * Parses a public key in PEM: ECDSA on P-256, RSA or Ed25519. `what` names it in messages. Throws USAGE if it is a private key, a
 * certificate or no key at all; UNSUPPORTED for others.
 */
export function parsePublicKey(pem: string, what: string): KeyObject {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) throw new LayerscopeError('USAGE', `${what} is a private key: give the public key`);
  if (/-----BEGIN CERTIFICATE-----/.test(pem))
    throw new LayerscopeError('USAGE', `${what} is a certificate: give the plain public key; certificates are not checked`);
  let key: KeyObject;
  try {
    key = createPublicKey({ key: pem, format: 'pem' });
  } catch (cause) {
    throw new LayerscopeError('USAGE', `${what} is not a public key in PEM`, { cause });
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const isKnown =
    type === 'ed25519' ||
    (type === 'ec' && details?.namedCurve === 'prime256v1') ||
    (type === 'rsa' && (details?.modulusLength ?? 0) >= MIN_RSA_BITS);
  if (!isKnown) throw new LayerscopeError('UNSUPPORTED', `${what} is neither ECDSA on P-256, RSA of 2048 bits or more, nor Ed25519`);
  return key;
}

/**
 * Checks signatures and signed attestations with a key. Returns each such artifact with `verified`: whether one of its signatures was made
 * with that key, over a payload that names the artifact's subject, and the subject's manifest has the digest that was signed. Other
 * artifacts are returned unchanged. Content that can't be read isn't verified, nor are signatures beyond the limits above; for the latter,
 * `onProblem` is called once per artifact. Throws CANCELLED.
 */
export async function verifySignatures(
  artifacts: readonly ArchiveArtifact[],
  key: KeyObject,
  { signal, onProblem }: { readonly signal?: AbortSignal; readonly onProblem: (error: LayerscopeError) => void },
): Promise<ArchiveArtifact[]> {
  const check = new KeyCheck(key, signal);
  const checked: ArchiveArtifact[] = [];
  for (const artifact of artifacts) {
    const isSigned = artifact.kind === 'signature' || artifact.kind === 'attestation';
    checked.push(isSigned ? { ...artifact, verified: await verdict(artifact, check, onProblem) } : artifact);
  }
  return checked;
}

async function verdict(artifact: ArchiveArtifact, check: KeyCheck, onProblem: (error: LayerscopeError) => void): Promise<boolean> {
  try {
    return await check.isVerified(artifact);
  } catch (error) {
    if (isCancelled(error) || !(error instanceof LayerscopeError)) throw error;
    onProblem(error);
    return false;
  }
}

/** A payload, and the signatures in annotations of the files that have it. */
interface SignedFile {
  readonly source: BlobSource;
  readonly annotated: string[];
}

/** Returns the files that can be read, with files of identical content combined. */
function signedFiles(files: readonly ArtifactFile[]): Iterable<SignedFile> {
  const found = new Map<string | ArtifactFile, SignedFile>();
  for (const file of files) {
    const { source, digest, signature } = file;
    if (source === null) continue;
    // An envelope contains its signatures, so the same bytes with and without an annotation are two payloads.
    const content = digest === null ? file : `${digest} ${signature === null}`;
    const known = found.get(content) ?? { source, annotated: [] };
    found.set(content, known);
    if (signature !== null) known.annotated.push(signature);
  }
  return found.values();
}

/** Runs on another thread, because hashing a large payload is slow and a document may have a hundred signatures. */
const verifyAside = promisify(verify);

/** Checks signatures with one key, within the limits. */
class KeyCheck {
  readonly #key: KeyObject;
  readonly #signal: AbortSignal | undefined;
  #left = MAX_BYTES_IN_ALL;

  constructor(key: KeyObject, signal: AbortSignal | undefined) {
    this.#key = key;
    this.#signal = signal;
  }

  /** Throws TOO_LARGE if none of the signatures that could be checked is valid and some weren't checked; CANCELLED. */
  async isVerified({ digest, subject, isSubjectIntact, files }: ArchiveArtifact): Promise<boolean> {
    if (subject === null || !isSubjectIntact) return false;
    for (const file of signedFiles(files.slice(0, MAX_FILES))) {
      if (file.source.length > MAX_SIGNED_BYTES) continue;
      this.#take(file.source.length, digest);
      const payload = await this.#read(file);
      if (payload?.isAbout(subject) === true && (await this.#isSigned(payload, digest))) return true;
    }
    if (files.length > MAX_FILES) throw tooMany(digest, `only the first ${MAX_FILES} files were looked at`);
    return false;
  }

  /** Returns null if the payload can't be read. */
  async #read({ source, annotated }: SignedFile): Promise<SignedPayload | null> {
    try {
      return signedPayload(await readWhole(source, MAX_SIGNED_BYTES, this.#signal), annotated);
    } catch (error) {
      if (isCancelled(error) || !(error instanceof LayerscopeError)) throw error;
      return null;
    }
  }

  async #isSigned({ bytes, signatures }: SignedPayload, digest: string): Promise<boolean> {
    const hash = this.#key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
    for (const signature of signatures) {
      throwIfCancelled(this.#signal);
      this.#take(bytes.length, digest);
      try {
        if (await verifyAside(hash, bytes, this.#key, signature)) return true;
      } catch {
        // OpenSSL may throw for bytes that aren't a signature at all.
      }
    }
    return false;
  }

  #take(bytes: number, digest: string): void {
    if (bytes > this.#left) throw tooMany(digest, `the archive's signatures cover more than ${MAX_BYTES_IN_ALL} bytes`);
    this.#left -= bytes;
  }
}

function tooMany(digest: string, why: string): LayerscopeError {
  return new LayerscopeError('TOO_LARGE', `${digest} has too many signatures, and is not verified: ${why}`);
}
