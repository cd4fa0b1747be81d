// Writes small WebAssembly modules, for operations on 16 bytes at once, which JavaScript lacks. Code is a list of bytes in postfix order:
// the operands, then the operation. Source: WebAssembly Core Specification 3.0, chapter 5, Binary Format.

export type Code = readonly number[];

/** Value types. A block without a result has type {@link NOTHING}. */
const I32 = 0x7f;
const V128 = 0x7b;
const NOTHING = 0x40;

const VECTOR = 0xfd;

/** Encodes an unsigned number, seven bits per byte, lowest first (LEB128). */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): Code {
  const isLast = value >= -0x40 && value < 0x40;
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}

const listed = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (content: Code): Code => [...unsigned(content.length), ...content];
const section = (id: number, content: Code): Code => [id, ...sized(content)];
const named = (name: string): Code => sized(Array.from(name, (character) => character.charCodeAt(0)));

const operation =
  (...code: number[]) =>
  (...operands: readonly Code[]): Code => [...operands.flat(), ...code];
const vectorOperation = (code: number, ...more: number[]) => operation(VECTOR, ...unsigned(code), ...more);

export const get = (local: number): Code => [0x20, local];
export const set = (local: number, value: Code): Code => [...value, 0x21, local];

export const i32 = {
  of: (value: number): Code => [0x41, ...signed(value)],
  add: operation(0x6a),
  or: operation(0x72),
  shiftLeft: operation(0x74),
  /** Whether the first number is less than the second, both unsigned. */
  isLess: operation(0x49),
  countOnes: operation(0x69),
  store: operation(0x36, 2, 0),
} as const;

/** Operations on vectors of 16 bytes; `shiftRight` treats them as eight 16-bit numbers. */
export const v128 = {
  of: (bytes: readonly number[]): Code => [VECTOR, 0x0c, ...bytes],
  load: (address: Code, offset = 0): Code => [...address, VECTOR, 0, 0, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [...address, ...value, VECTOR, 0x0b, 0, ...unsigned(offset)],
  and: vectorOperation(0x4e),
  or: vectorOperation(0x50),
  xor: vectorOperation(0x51),
  isAny: vectorOperation(0x53),
  equal: vectorOperation(0x23),
  notEqual: vectorOperation(0x24),
  /** Collects the highest bit of each byte. */
  bits: vectorOperation(0x64),
  shiftRight: vectorOperation(0x8d),
  /** Selects bytes of the first vector by the indexes in the second, from 0 to 15. */
  look: vectorOperation(0x0e),
  /** Like `look`, but faster, and missing in older engines. For indexes over 15, the result depends on the processor. */
  lookFast: vectorOperation(0x100),
  /** Joins the last `count` bytes of the first vector and the first `16 - count` bytes of the second. */
  joined: (first: Code, second: Code, count: number): Code =>
    vectorOperation(0x0d, ...Array.from({ length: 16 }, (_, at) => 16 - count + at))(first, second),
} as const;

/** Operations on vectors of four 32-bit numbers. */
export const i32x4 = {
  /** Repeats a number four times. */
  of: (value: number): Code => [...i32.of(value), VECTOR, 0x11],
  add: vectorOperation(0xae),
  multiply: vectorOperation(0xb5),
  shiftLeft: vectorOperation(0xab),
  /** Shifts each number right, filling with zeros. */
  shiftRight: vectorOperation(0xad),
} as const;

export const when = (condition: Code, then: readonly Code[]): Code => [...condition, 0x04, NOTHING, ...then.flat(), 0x0b];
/** Runs `body` until `again` is false. */
export const loop = (body: readonly Code[], again: Code): Code => [0x03, NOTHING, ...body.flat(), ...again, 0x0d, 0, 0x0b];

/** A function that takes and returns numbers. Its locals are the parameters, then the `numbers`, then the `vectors`. */
export interface FunctionCode {
  readonly name: string;
  readonly parameters: number;
  readonly numbers: number;
  readonly vectors: number;
  readonly body: readonly Code[];
}

const PAGE = 64 * 1024;

/** Encodes a module that exports the given functions, and its memory as `memory`. */
export function moduleOf(functions: readonly FunctionCode[], memoryBytes: number): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [0x60, ...listed(Array.from({ length: parameters }, () => [I32])), ...listed([[I32]])]);
  const exported = functions.map(({ name }, at) => [...named(name), 0, ...unsigned(at)]);
  const bodies = functions.map(({ numbers, vectors, body }) => {
    const locals = listed([
      [...unsigned(numbers), I32],
      [...unsigned(vectors), V128],
    ]);
    return sized([...locals, ...body.flat(), 0x0b]);
  });
  return Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...section(1, listed(types)),
    ...section(3, listed(functions.map((_, at) => unsigned(at)))),
    ...section(5, listed([[0, ...unsigned(Math.ceil(memoryBytes / PAGE))]])),
    ...section(7, listed([[...named('memory'), 2, 0], ...exported])),
    ...section(10, listed(bodies)),
  );
}
