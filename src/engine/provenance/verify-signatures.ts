import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { promisify } from 'node:util';
import type { ArchiveArtifact } from '#archive';
import { type SignedPayload, signedPayload } from '#format/attestation';
import { isCancelled, LayerscopeError, throwIfCancelled } from '#model';
import { readWhole } from './read-whole.ts';

/** Shorter RSA keys can be broken. */
const MIN_RSA_BITS = 2048;
/** Size limit of what is signed; an SBOM with all files takes some tens of megabytes. */
const MAX_SIGNED_BYTES = 64 * 1024 * 1024;

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
 * Checks signatures and signed attestations with a key. Returns each such artifact with `verified`: whether one of its signatures is by
 * that key, over a payload that names the artifact's subject, whose manifest has the digest that was signed. Others are returned as they
 * are. What can't be read is not verified. Throws CANCELLED.
 */
export async function verifySignatures(
  artifacts: readonly ArchiveArtifact[],
  key: KeyObject,
  signal?: AbortSignal,
): Promise<ArchiveArtifact[]> {
  const checked: ArchiveArtifact[] = [];
  for (const artifact of artifacts) {
    const isSigned = artifact.kind === 'signature' || artifact.kind === 'attestation';
    checked.push(isSigned ? { ...artifact, verified: await isVerified(artifact, key, signal) } : artifact);
  }
  return checked;
}

async function isVerified({ subject, isSubjectIntact, files }: ArchiveArtifact, key: KeyObject, signal?: AbortSignal): Promise<boolean> {
  if (subject === null || !isSubjectIntact) return false;
  for (const { source, signature } of files) {
    if (source === null) continue;
    try {
      const payload = signedPayload(await readWhole(source, MAX_SIGNED_BYTES, signal), signature);
      if (payload?.isAbout(subject) === true && (await isSignedBy(payload, key, signal))) return true;
    } catch (error) {
      if (isCancelled(error) || !(error instanceof LayerscopeError)) throw error;
    }
  }
  return false;
}

/** On another thread, since hashing a large payload takes long, and a document may have a hundred signatures. */
const verifyAside = promisify(verify);

async function isSignedBy({ bytes, signatures }: SignedPayload, key: KeyObject, signal?: AbortSignal): Promise<boolean> {
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  for (const signature of signatures) {
    throwIfCancelled(signal);
    try {
      if (await verifyAside(hash, bytes, key, signature)) return true;
    } catch {
      // OpenSSL may refuse what isn't a signature at all.
    }
  }
  return false;
}
