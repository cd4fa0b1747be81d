// The other end of a driver's connection, frame by frame, which can send what our own code never would.
import type { Socket } from 'node:net';
import { encodeFrame, encodeJson, FRAME, type Frame, FrameReader, type FrameType } from '../../src/driver/remote/frames.ts';
import { encodeHello, newNonce, PROTOCOL_VERSION, proofOf, type Role } from '../../src/driver/remote/handshake.ts';

export class RawPeer {
  readonly socket: Socket;
  /** All received frames. */
  readonly frames: Frame[] = [];
  /** Whether the connection is closed. */
  isClosed = false;
  readonly #reader = new FrameReader();
  #waiting: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => {
      this.#reader.push(bytes, (frame) => this.frames.push(frame));
      this.#wake();
    });
    // Tests provoke errors by cutting the connection during a write.
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

  /** Waits for the first frame of that type and, if given, of that call. Throws if the connection ends first. */
  async frame(type: FrameType, call?: number): Promise<Frame> {
    for (;;) {
      const found = this.frames.find((frame) => frame.type === type && (call === undefined || frame.call === call));
      if (found !== undefined) return found;
      if (this.isClosed) throw new Error(`the connection ended before a frame of type ${type} arrived`);
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

  /** Performs the handshake in the given role, with the given faults. */
  async shake(secret: Uint8Array, wrong: { readonly role?: Role; readonly version?: number; readonly proveAs?: Role } = {}): Promise<void> {
    const { role = 'client', version = PROTOCOL_VERSION, proveAs = role } = wrong;
    const nonce = newNonce();
    this.send(FRAME.hello, 0, encodeHello(nonce, version));
    const theirs = (await this.frame(FRAME.hello)).payload.subarray(4);
    const nonces = role === 'client' ? { client: nonce, server: theirs } : { client: theirs, server: nonce };
    this.send(FRAME.proof, 0, proofOf(secret, proveAs, nonces));
  }
}
