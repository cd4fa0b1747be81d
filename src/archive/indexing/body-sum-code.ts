// The step of `body-sum.ts` for all four columns at once: each of four vectors holds one lane of every column.

import { type Code, type FunctionCode, get, i32, i32x4, instancesOf, loop, moduleOf, set, v128 } from '#vectors';

export const PRIME_1 = 0x9e3779b1;
export const PRIME_2 = 0x85ebca77;
export const BLOCK_BYTES = 64;
const VECTOR_BYTES = 16;

/** Size of the area in the code's memory that bytes can be read into. */
const ROOM_BYTES = 1024 * 1024;
/** Layout of the code's memory: the lanes, then copied bytes, then bytes read directly into it. */
const LANES_AT = 0;
const COPY_AT = LANES_AT + BLOCK_BYTES;
const COPY_BYTES = 32 * 1024;
const ROOM_AT = COPY_AT + COPY_BYTES;
const MEMORY = ROOM_AT + ROOM_BYTES;

/** `take(at, end)` adds the blocks between the addresses `at` and `end`, with `at` less than `end`, to the lanes. Returns `end`. */
function takeCode(): FunctionCode {
  const [at, end] = [0, 1];
  const [a, b, c, d, other, prime1, prime2] = [2, 3, 4, 5, 6, 7, 8];
  const lanes = [a, b, c, d];
  const words = (piece: number): Code => i32x4.multiply(v128.load(get(at), piece * VECTOR_BYTES), get(prime2));
  const turned = (lane: number): Code =>
    i32x4.multiply(v128.or(i32x4.shiftLeft(get(lane), i32.of(13)), i32x4.shiftRight(get(lane), i32.of(19))), get(prime1));
  return {
    name: 'take',
    parameters: 2,
    numbers: 0,
    vectors: 7,
    body: [
      set(prime1, i32x4.of(PRIME_1 | 0)),
      set(prime2, i32x4.of(PRIME_2 | 0)),
      ...lanes.map((lane, index) => set(lane, v128.load(i32.of(LANES_AT), index * VECTOR_BYTES))),
      loop(
        [
          set(other, v128.xor(get(d), get(c))),
          set(d, i32x4.add(get(other), words(3))),
          set(c, i32x4.add(v128.xor(get(c), get(b)), words(2))),
          set(b, i32x4.add(v128.xor(get(b), get(a)), words(1))),
          set(a, i32x4.add(v128.xor(get(a), get(other)), words(0))),
          set(other, turned(d)),
          set(d, turned(c)),
          set(c, turned(b)),
          set(b, turned(a)),
          set(a, get(other)),
          set(at, i32.add(get(at), i32.of(BLOCK_BYTES))),
        ],
        i32.isLess(get(at), get(end)),
      ),
      ...lanes.map((lane, index) => v128.store(i32.of(LANES_AT), get(lane), index * VECTOR_BYTES)),
      get(at),
    ],
  };
}

interface TakeCode {
  readonly memory: { readonly buffer: ArrayBuffer };
  take(at: number, end: number): number;
}

const newTakeCode = instancesOf<TakeCode>(() => moduleOf([takeCode()], MEMORY));

/** Runs the step with vectors, in its own memory. */
export class BodySumCode {
  /** Bytes in this area are summed without copying them. */
  readonly room: Uint8Array<ArrayBuffer>;
  readonly #code: TakeCode;
  readonly #lanes: Int32Array;
  readonly #copy: Uint8Array;

  constructor(code: TakeCode) {
    const { buffer } = code.memory;
    this.#code = code;
    this.#lanes = new Int32Array(buffer, LANES_AT, BLOCK_BYTES / 4);
    this.#copy = new Uint8Array(buffer, COPY_AT, COPY_BYTES);
    this.room = new Uint8Array(buffer, ROOM_AT, ROOM_BYTES);
  }

  /** Adds the bytes from `start` to `end`, which must be one or more whole blocks, to the lanes. */
  take(lanes: Int32Array, bytes: Uint8Array, start: number, end: number): void {
    this.#lanes.set(lanes);
    if (bytes.buffer === this.room.buffer) this.#code.take(bytes.byteOffset + start, bytes.byteOffset + end);
    else {
      for (let at = start; at < end; at += COPY_BYTES) {
        const piece = bytes.subarray(at, Math.min(end, at + COPY_BYTES));
        this.#copy.set(piece);
        this.#code.take(COPY_AT, COPY_AT + piece.length);
      }
    }
    lanes.set(this.#lanes);
  }
}

let shared: BodySumCode | null | undefined;

/** Returns this thread's code; null if vectors aren't available, or there is no memory for them. */
export function bodySumCode(): BodySumCode | null {
  if (shared === undefined) {
    const code = newTakeCode();
    shared = code === null ? null : new BodySumCode(code);
  }
  return shared;
}

/**
 * Returns a buffer for reading `length` bytes piece by piece; each piece must be used up before anything else runs on this thread. If
 * `length` makes it worthwhile, the buffer is in the code's memory, so that its bytes are summed in place.
 */
export function roomToRead(length: number): Uint8Array<ArrayBuffer> {
  if (length <= COPY_BYTES) return new Uint8Array(length);
  return bodySumCode()?.room ?? new Uint8Array(ROOM_BYTES);
}
