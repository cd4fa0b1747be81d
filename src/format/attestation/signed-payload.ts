// What cosign signs:
//
// - Simple signing: a layer of the artifact is a JSON payload, and the signature of its bytes is in the layer's annotation.
// - Attestations and bundles: a DSSE envelope, whose signature covers `DSSEv1 LENGTH TYPE LENGTH PAYLOAD` (PAE).
//
// Source: cosign specs/SIGNATURE_SPEC.md; secure-systems-lab/dsse protocol.md, Signature Definition.
import { asObject, parseJson } from '#format/image';
import { encodeUtf8, LayerscopeError } from '#model';
import { decodeBase64 } from './base64.ts';
import { type Envelope, envelopeOf } from './envelope.ts';
import { isAbout, parseStatement } from './statement.ts';

/** Signed bytes, the signatures that claim to cover them, and a way to check which manifest they are about. */
export interface SignedPayload {
  readonly bytes: Uint8Array;
  readonly signatures: readonly Uint8Array[];
  /** Whether the payload names the manifest with this digest. */
  isAbout(digest: string): boolean;
}

/** Returns the bytes that a DSSE signature covers. */
export function preAuthEncoding({ payloadType, payload }: Envelope): Uint8Array {
  const type = encodeUtf8(payloadType);
  const head = encodeUtf8(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

/**
 * Returns what is signed in a layer of an artifact. `annotated`: the signatures in the annotations of a simple-signing layer, in base64;
 * none if the layer is an envelope. Null if the layer contains nothing that can be checked with a plain key.
 */
export function signedPayload(layer: Uint8Array, annotated: readonly string[]): SignedPayload | null {
  const value = tryJson(layer);
  if (annotated.length > 0) {
    const signatures = annotated.map(decodeBase64).filter((each) => each !== null);
    if (signatures.length === 0 || value === null) return null;
    return { bytes: layer, signatures, isAbout: (digest) => signedDigest(value) === digest };
  }
  const envelope = envelopeOf(value);
  if (envelope === null) return null;
  const payload = tryJson(envelope.payload);
  const statement = payload === null ? null : parseStatement(payload);
  return {
    bytes: preAuthEncoding(envelope),
    signatures: envelope.signatures,
    isAbout: (digest) => statement !== null && isAbout(statement, digest),
  };
}

/** Returns the digest of the manifest that a simple-signing payload names; null if it names none. */
export function signedDigest(payload: unknown): string | null {
  const critical = asObject(asObject(payload)?.critical);
  const digest = asObject(critical?.image)?.['docker-manifest-digest'];
  return typeof digest === 'string' && digest !== '' ? digest : null;
}

function tryJson(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes, 'the payload');
  } catch (error) {
    if (error instanceof LayerscopeError) return null;
    throw error;
  }
}
