// Authenticates the two sides to each other by a 256-bit secret that both have received by other means.
//
//   hello   u32 LE version of this protocol, 32 random bytes (the nonce)         each side, at once
//   proof   HMAC-SHA256(secret, "layerscope driver\0" version role "\0" the client's nonce, the server's nonce)
//
// A proof covers the role, so that it can't be reflected, and both nonces, so that it can't be replayed. The handshake authenticates the
// peer, not later frames; the pipe's access rights keep others from writing into the connection.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { LayerscopeError } from '#model';
import type { FrameChannel } from './channel.ts';
import { encodeCount, FRAME, type Frame, MAX_FRAME_BYTES } from './frames.ts';

/** Both sides run the same program, so a different version means a different installation and is refused. */
export const PROTOCOL_VERSION = 1;

const SECRET_BYTES = 32;
const NONCE_BYTES = 32;
const PROOF_BYTES = 32;
const VERSION_BYTES = 4;
/** Maximum length of a frame from a peer that hasn't proven itself yet. */
const STRANGER_FRAME_BYTES = 64;

const HANDSHAKE_MS = 10_000;

export type Role = 'client' | 'server';

export interface HandshakeOptions {
  readonly role: Role;
  /** 32 random bytes that only the two sides know. */
  readonly secret: Uint8Array;
  /** How long the other side may take to prove itself. Default 10 s. */
  readonly handshakeMs?: number | undefined;
  /** Called with every frame after the proof. */
  readonly next: (frame: Frame) => void;
}

/** Encodes the payload of a hello. */
export function encodeHello(nonce: Uint8Array, version: number = PROTOCOL_VERSION): Uint8Array {
  return Buffer.concat([encodeCount(version), nonce]);
}

export function newNonce(): Uint8Array {
  return randomBytes(NONCE_BYTES);
}

/** Returns the proof that the side with this role sends. */
export function proofOf(secret: Uint8Array, role: Role, nonces: Readonly<Record<Role, Uint8Array>>): Uint8Array {
  return createHmac('sha256', secret)
    .update('layerscope driver\0')
    .update(encodeCount(PROTOCOL_VERSION))
    .update(`${role}\0`)
    .update(nonces.client)
    .update(nonces.server)
    .digest();
}

/**
 * Performs the handshake. If it fails, cuts the connection and throws the reason: FORBIDDEN (a wrong proof, or an unexpected frame),
 * UNSUPPORTED (a different version), IO (too slow, or the other side left), BAD_REQUEST (invalid frames; a secret of the wrong length).
 */
export async function shakeHands(channel: FrameChannel, options: HandshakeOptions): Promise<void> {
  const { role, secret, next, handshakeMs = HANDSHAKE_MS } = options;
  if (secret.length !== SECRET_BYTES) {
    channel.cut(null);
    throw new LayerscopeError('BAD_REQUEST', `a secret of ${secret.length} bytes instead of ${SECRET_BYTES}`);
  }
  const other: Role = role === 'client' ? 'server' : 'client';
  const nonce = newNonce();
  const timer = setTimeout(
    () => channel.cut(new LayerscopeError('IO', `the ${other} did not prove itself in ${handshakeMs} ms`)),
    handshakeMs,
  );
  try {
    channel.reader.maxFrameBytes = STRANGER_FRAME_BYTES;
    const done = new Promise<void>((resolve) => {
      let theirs: Uint8Array | null = null;
      channel.onFrame = ({ type, call, payload }) => {
        const wanted = theirs === null ? FRAME.hello : FRAME.proof;
        if (type !== wanted || call !== 0)
          throw new LayerscopeError('FORBIDDEN', `the ${other} sent something else before it had proven itself`);
        if (theirs === null) {
          theirs = nonceOf(payload, other);
          channel.send(FRAME.proof, 0, proofOf(secret, role, pair(role, nonce, theirs)));
          return;
        }
        const proof = proofOf(secret, other, pair(role, nonce, theirs));
        if (payload.length !== PROOF_BYTES || !timingSafeEqual(payload, proof)) {
          throw new LayerscopeError('FORBIDDEN', `the ${other} does not know the secret`);
        }
        // The limit is raised immediately, because the next frame may be in the same bytes.
        channel.reader.maxFrameBytes = MAX_FRAME_BYTES;
        channel.onFrame = next;
        resolve();
      };
    });
    channel.send(FRAME.hello, 0, encodeHello(nonce));
    const lost = channel.closed.then((error) => {
      throw error ?? new LayerscopeError('IO', `the ${other} ended the connection before it had proven itself`);
    });
    await Promise.race([done, lost]);
  } finally {
    clearTimeout(timer);
  }
}

function pair(role: Role, mine: Uint8Array, theirs: Uint8Array): Readonly<Record<Role, Uint8Array>> {
  return role === 'client' ? { client: mine, server: theirs } : { client: theirs, server: mine };
}

function nonceOf(hello: Uint8Array, other: Role): Uint8Array {
  const version = hello.length < VERSION_BYTES ? null : Buffer.from(hello).readUInt32LE();
  if (version !== null && version !== PROTOCOL_VERSION) {
    throw new LayerscopeError(
      'UNSUPPORTED',
      `the ${other} speaks version ${version} of the driver's protocol, this is version ${PROTOCOL_VERSION}`,
    );
  }
  if (hello.length !== VERSION_BYTES + NONCE_BYTES) throw new LayerscopeError('FORBIDDEN', `malformed hello from the ${other}`);
  return hello.slice(VERSION_BYTES);
}
