// DSSE wraps what is signed:
//
//   { "payloadType": "application/vnd.in-toto+json", "payload": BASE64, "signatures": [ { "keyid", "sig": BASE64 } ] }
//
// A Sigstore bundle has such an envelope in `dsseEnvelope`, or a signature of a digest in `messageSignature`.
//
// Source: secure-systems-lab/dsse envelope.md; sigstore/protobuf-specs, sigstore_bundle.proto.
import { asArray, asObject, asText, type JsonObject } from '#format/image';
import { decodeBase64 } from './base64.ts';

/** Maximum number of signatures to read from one envelope. */
const MAX_SIGNATURES = 100;

/** A signed payload. Nothing in it has been verified. */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  /** The signatures that are valid base64. */
  readonly signatures: readonly Uint8Array[];
}

/**
 * Returns the envelope in a parsed document, which may itself be an envelope or a bundle that contains one. Null if there is none, or if
 * its payload isn't base64.
 */
export function envelopeOf(value: unknown): Envelope | null {
  const object = asObject(value);
  if (object === null) return null;
  return readEnvelope(object) ?? readEnvelope(asObject(object.dsseEnvelope) ?? {});
}

/** Whether a parsed document claims to be an envelope or a bundle, readable or not. */
export function isSignedDocument(value: unknown): boolean {
  const object = asObject(value);
  if (object === null) return false;
  return (object.payload !== undefined && object.payloadType !== undefined) || object.dsseEnvelope !== undefined;
}

function readEnvelope({ payloadType, payload, signatures }: JsonObject): Envelope | null {
  const type = asText(payloadType);
  const bytes = typeof payload === 'string' ? decodeBase64(payload) : null;
  if (type === null || bytes === null) return null;
  const decoded = asArray(signatures)
    .slice(0, MAX_SIGNATURES)
    .map((each) => decodeBase64(asText(asObject(each)?.sig) ?? '!'));
  return { payloadType: type, payload: bytes, signatures: decoded.filter((each) => each !== null) };
}
