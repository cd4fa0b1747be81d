// Changes to bytes without knowledge of the format, except its tokens.
import type { Random } from './random.ts';

const NUMBERS = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 64n - 1n,
];
const DECIMALS = [
  '0',
  '-1',
  '1',
  '255',
  '256',
  '65535',
  '65536',
  '2147483648',
  '4294967296',
  '9007199254740991',
  '9007199254740992',
  '9223372036854775807',
  '9223372036854775808',
  '1e9',
  '0x10',
];
const LETTERS = [0, 0x0a, 0x20, 0x2f, 0x2e, 0x30, 0x39, 0x7f, 0x80, 0xc3, 0xff];

export type Bytes = Uint8Array<ArrayBuffer>;

export function joined(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Returns `bytes` with `count` bytes at `at` replaced. */
export function spliced(bytes: Uint8Array, at: number, count: number, put: Uint8Array): Bytes {
  return joined(bytes.subarray(0, at), put, bytes.subarray(at + count));
}

/** Returns one of {@link NUMBERS} or a nearby number, in 1 to 8 bytes of either byte order. */
function number(random: Random): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, random.pick(NUMBERS) + BigInt(random.int(5) - 2)), true);
  const part = bytes.slice(0, random.pick([1, 2, 4, 8]));
  return random.chance(0.5) ? part : part.reverse();
}

function randomBytes(random: Random, length: number): Bytes {
  if (random.chance(0.5)) return new Uint8Array(length).fill(random.chance(0.5) ? random.pick(LETTERS) : random.int(256));
  return Uint8Array.from({ length }, () => random.int(256));
}

/** Replaces a run of digits with another number. */
function digits(bytes: Uint8Array, random: Random): Bytes | null {
  const from = random.int(bytes.length);
  const isDigit = (at: number): boolean => (bytes[at] ?? 0) >= 0x30 && (bytes[at] ?? 0) <= 0x39;
  for (let at = from; at < Math.min(bytes.length, from + 600); at++) {
    if (!isDigit(at)) continue;
    let end = at;
    while (isDigit(end)) end++;
    const near = String(Number(Buffer.from(bytes.subarray(at, end)).toString('latin1')) + random.int(5) - 2);
    return spliced(bytes, at, end - at, Buffer.from(random.chance(0.4) ? near : random.pick(DECIMALS), 'latin1'));
  }
  return null;
}

function once(bytes: Uint8Array, random: Random, other: Uint8Array, tokens: readonly Uint8Array[]): Uint8Array {
  const at = random.int(bytes.length + 1);
  const length = random.length(Math.max(1, bytes.length - at));
  const put = (piece: Uint8Array): Uint8Array =>
    spliced(bytes, at, random.chance(0.5) ? Math.min(piece.length, bytes.length - at) : 0, piece);
  switch (random.int(11)) {
    case 0:
      return spliced(bytes, at, 1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.int(8))));
    case 1:
      return spliced(bytes, at, 1, Uint8Array.of(random.chance(0.5) ? random.pick(LETTERS) : random.int(256)));
    case 2:
      return put(number(random));
    case 3:
      return spliced(bytes, at, length, new Uint8Array(0));
    case 4:
      return put(randomBytes(random, random.length(600)));
    case 5: {
      const from = random.int(bytes.length);
      return put(bytes.slice(from, from + random.length(1024)));
    }
    case 6: {
      const from = random.int(other.length);
      return put(other.slice(from, from + random.length(4096)));
    }
    case 7:
      return random.chance(0.5) ? joined(bytes.subarray(0, at), other.subarray(random.int(other.length))) : bytes.slice(0, at);
    case 8:
      return digits(bytes, random) ?? put(number(random));
    default:
      return tokens.length === 0 ? put(number(random)) : put(random.pick(tokens));
  }
}

/** Returns the bytes with one to five changes. */
export function mutateBytes(bytes: Uint8Array, random: Random, other: Uint8Array, tokens: readonly Uint8Array[] = []): Uint8Array {
  let changed = bytes;
  for (let times = random.length(5); times > 0; times--) changed = once(changed, random, other, tokens);
  return changed;
}

/** Returns Latin-1 strings as tokens. */
export function textTokens(...texts: readonly string[]): readonly Uint8Array[] {
  return texts.map((text) => Buffer.from(text, 'latin1'));
}
