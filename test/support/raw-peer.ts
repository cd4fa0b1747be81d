// The other end of a driver's connection, frame by frame: it says what a program of ours never would.
import type { Socket } from 'node:net';
import { encodeFrame, encodeJson, FRAME, type Frame, FrameReader, type FrameType } from '../../src/driver/remote/frames.ts';
import { encodeHello, newNonce, PROTOCOL_VERSION, proofOf, type Role } from '../../src/driver/remote/handshake.ts';

export class RawPeer {
  readonly socket: Socket;
  /** All frames that came. */
  readonly frames: Frame[] = [];
  /** Whether the connection is gone. */
  isClosed = false;
  readonly #reader = new FrameReader();
  #waiting: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => {
      this.#reader.push(bytes, (frame) => this.frames.push(frame));
      this.#wake();
    });
    // A connection that is cut under what is written is what is tried here.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  send(type: FrameType, call: number, payload?: Uint8Array): void {
    this.socket.write(encodeFrame(type, call, payload));
  }

  request(call: number, method: string, input: unknown, more: object = {}): void {
    this.send(FRAME.request, call, encodeJson({ method, input, isCancelled: false, ...more }));
  }

  /** The first frame of that type, and of that call where it is given; waits for it. Throws where the connection ends before. */
  async frame(type: FrameType, call?: number): Promise<Frame> {
    for (;;) {
      const found = this.frames.find((frame) => frame.type === type && (call === undefined || frame.call === call));
      if (found !== undefined) return found;
      if (this.isClosed) throw new Error(`the connection ended before a frame of type ${type} came`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async answer(call: number): Promise<unknown> {
    const found = await Promise.race([this.frame(FRAME.reply, call), this.frame(FRAME.error, call)]);
    return JSON.parse(Buffer.from(found.payload).toString());
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Shakes hands as a peer of that role, with what is wrong about it. */
  async shake(secret: Uint8Array, wrong: { readonly role?: Role; readonly version?: number; readonly proveAs?: Role } = {}): Promise<void> {
    const { role = 'client', version = PROTOCOL_VERSION, proveAs = role } = wrong;
    const nonce = newNonce();
    this.send(FRAME.hello, 0, encodeHello(nonce, version));
    const theirs = (await this.frame(FRAME.hello)).payload.subarray(4);
    const nonces = role === 'client' ? { client: nonce, server: theirs } : { client: theirs, server: nonce };
    this.send(FRAME.proof, 0, proofOf(secret, proveAs, nonces));
  }
}
