// Frames over a pipe or socket.
//
//   offset  size
//   0       4     u32 LE: number of bytes that follow, 5 plus the payload
//   4       1     type, one of FRAME
//   5       4     u32 LE: the number of the call; 0 during the handshake
//   9             payload: JSON in UTF-8 (request, reply, error, event), raw bytes (hello, proof, data), u32 LE (credit), nothing
//                 (end, cancel)
//
// An excessive length is refused as soon as its four bytes have arrived, before any memory is allocated.
import { decodeUtf8, encodeUtf8, LayerscopeError } from '#model';

export const FRAME = {
  hello: 1,
  proof: 2,
  request: 3,
  reply: 4,
  error: 5,
  event: 6,
  data: 7,
  end: 8,
  credit: 9,
  cancel: 10,
} as const;

export type FrameType = (typeof FRAME)[keyof typeof FRAME];

export interface Frame {
  readonly type: FrameType;
  readonly call: number;
  /** Owned by the receiver. */
  readonly payload: Uint8Array;
}

/** Maximum length of a frame, without its length field. */
export const MAX_FRAME_BYTES = 1024 * 1024;

const LENGTH_BYTES = 4;
const HEAD_BYTES = 9;
/** Size of type and call number, which follow the length in every frame. */
const FIXED_BYTES = HEAD_BYTES - LENGTH_BYTES;
export const MAX_PAYLOAD_BYTES = MAX_FRAME_BYTES - FIXED_BYTES;

const FRAME_TYPES: ReadonlySet<number> = new Set(Object.values(FRAME));

function isFrameType(type: number): type is FrameType {
  return FRAME_TYPES.has(type);
}

const NOTHING = new Uint8Array();

/** Encodes a frame. Copies the payload, so the caller may reuse it. Throws TOO_LARGE. */
export function encodeFrame(type: FrameType, call: number, payload: Uint8Array = NOTHING): Uint8Array {
  if (payload.length > MAX_PAYLOAD_BYTES) {
    throw new LayerscopeError('TOO_LARGE', `a message of ${payload.length} bytes: a frame holds ${MAX_PAYLOAD_BYTES}`);
  }
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  frame.writeUInt32LE(FIXED_BYTES + payload.length, 0);
  frame.writeUInt8(type, LENGTH_BYTES);
  frame.writeUInt32LE(call, LENGTH_BYTES + 1);
  frame.set(payload, HEAD_BYTES);
  return frame;
}

/** Encodes a JSON payload. */
export function encodeJson(value: unknown): Uint8Array {
  return encodeUtf8(JSON.stringify(value));
}

/** Decodes a JSON payload. Throws BAD_REQUEST if it isn't JSON in UTF-8. */
export function decodeJson(payload: Uint8Array): unknown {
  const text = decodeUtf8(payload);
  if (text === null) throw new LayerscopeError('BAD_REQUEST', 'a message that is not UTF-8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LayerscopeError('BAD_REQUEST', 'a message that is not JSON', { cause });
  }
}

/** Encodes a payload of one u32. */
export function encodeCount(count: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(count);
  return bytes;
}

/** Decodes a payload of one u32. Throws BAD_REQUEST if the payload isn't four bytes, or is zero. */
export function decodeCount(payload: Uint8Array): number {
  const count = payload.length === 4 ? Buffer.from(payload.buffer, payload.byteOffset, 4).readUInt32LE() : 0;
  if (count === 0) throw new LayerscopeError('BAD_REQUEST', 'an invalid credit');
  return count;
}

/** Splits received bytes into frames. Buffers one frame at most. Not usable after an error. */
export class FrameReader {
  /** Largest accepted length field. Applies from the next frame on. */
  maxFrameBytes = MAX_FRAME_BYTES;
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headBytes = 0;
  #payload: Buffer | null = null;
  #payloadBytes = 0;

  /** Whether a frame has begun but isn't complete. */
  get isInside(): boolean {
    return this.#headBytes > 0;
  }

  /** Adds bytes and calls `onFrame` for each completed frame. Throws BAD_REQUEST for an invalid length or type. */
  push(bytes: Uint8Array, onFrame: (frame: Frame) => void): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#payload === null) at += this.#takeHead(bytes.subarray(at));
      else at += this.#takePayload(bytes.subarray(at));
      const payload = this.#payload;
      if (payload === null || this.#payloadBytes < payload.length) continue;
      const type = this.#head.readUInt8(LENGTH_BYTES);
      if (!isFrameType(type)) throw new LayerscopeError('BAD_REQUEST', `a frame of unknown type ${type}`);
      const call = this.#head.readUInt32LE(LENGTH_BYTES + 1);
      this.#payload = null;
      this.#headBytes = 0;
      onFrame({ type, call, payload });
    }
  }

  #takeHead(bytes: Uint8Array): number {
    const wanted = this.#headBytes < LENGTH_BYTES ? LENGTH_BYTES : HEAD_BYTES;
    const taken = bytes.subarray(0, wanted - this.#headBytes);
    this.#head.set(taken, this.#headBytes);
    this.#headBytes += taken.length;
    const length = this.#head.readUInt32LE(0);
    if (this.#headBytes === LENGTH_BYTES && (length < FIXED_BYTES || length > this.maxFrameBytes)) {
      throw new LayerscopeError('BAD_REQUEST', `a frame of ${length} bytes: ${FIXED_BYTES} to ${this.maxFrameBytes} are allowed`);
    }
    if (this.#headBytes === HEAD_BYTES) {
      this.#payload = Buffer.allocUnsafe(length - FIXED_BYTES);
      this.#payloadBytes = 0;
    }
    return taken.length;
  }

  #takePayload(bytes: Uint8Array): number {
    const payload = this.#payload ?? Buffer.alloc(0);
    const taken = bytes.subarray(0, payload.length - this.#payloadBytes);
    payload.set(taken, this.#payloadBytes);
    this.#payloadBytes += taken.length;
    return taken.length;
  }
}
