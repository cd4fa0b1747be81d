// A deflate block may begin at any bit, but node:zlib can only begin at a whole byte. So the stream is prefixed with empty blocks that end
// at the bit where the checkpoint's block begins. Prefix and block share that byte, with the prefix in the low bits. Source: RFC 1951, 3.2.
//
// An empty block with fixed codes has 10 bits: not final, type 1, seven zero bits for the end of the block. Such blocks add up to every
// even number modulo 8. One block with dynamic codes, of 93 bits, yields the odd numbers:
//   not final, type 2, HLIT 0, HDIST 0, HCLEN 15; code length codes: of symbols 1 and 18 one bit each, no others;
//   138 zeros (1, 127 in 7 bits), 118 zeros (1, 107 in 7 bits), length 1 for symbol 256 (0), length 1 for distance 0 (0); end of block (0)
import { LayerscopeError } from '#model';

/** Largest distance that deflate can refer back to, in bytes. */
export const WINDOW_BYTES = 32_768;

/** A position between two blocks, and what is needed to continue unpacking there. */
export interface Checkpoint {
  /** Offset in the packed bytes of the block's first whole byte. */
  readonly packedOffset: number;
  /** How many bits of the preceding byte belong to the block: 0 to 7 of its high bits. */
  readonly bits: number;
  /** Offset in the unpacked bytes. */
  readonly plainOffset: number;
  /** Up to 32 KiB of unpacked bytes before the checkpoint; less only near the start of a stream. */
  readonly window: Uint8Array;
}

/** Returns where a checkpoint's packed bytes begin: at the byte shared with the preceding block, if there is one. */
export function packedStart({ packedOffset, bits }: Pick<Checkpoint, 'packedOffset' | 'bits'>): number {
  return bits === 0 ? packedOffset : packedOffset - 1;
}

/**
 * Makes a raw deflate stream that begins at a checkpoint, to be unpacked with the checkpoint's window as the dictionary. `packed`: the
 * packed bytes, beginning at {@link packedStart}. The result may be a view of `packed`. Throws DAMAGED if `bits` isn't 0 to 7 or the first
 * byte is missing.
 */
export function resumedStream(bits: number, packed: Uint8Array): Uint8Array {
  if (!(Number.isInteger(bits) && bits >= 0 && bits <= 7)) throw new LayerscopeError('DAMAGED', `a checkpoint with ${bits} bits`);
  if (bits === 0) return packed;
  const shared = packed[0];
  if (shared === undefined) throw new LayerscopeError('DAMAGED', 'a checkpoint at the end of the packed bytes');
  const prefix = emptyBlocks(8 - bits);
  const stream = new Uint8Array(prefix.length - 1 + packed.length);
  stream.set(prefix);
  stream.set(packed.subarray(1), prefix.length);
  stream[prefix.length - 1] = (prefix.at(-1) as number) | (shared & (0xff << (8 - bits)));
  return stream;
}

/** Writes bits as deflate packs them, starting with the lowest bit of each byte. */
class BitWriter {
  readonly #bytes: number[] = [];
  #count = 0;

  /** Writes the low `width` bits of a number, lowest first. */
  write(value: number, width: number): void {
    for (let bit = 0; bit < width; bit++, this.#count++) {
      if (this.#count % 8 === 0) this.#bytes.push(0);
      const last = this.#bytes.length - 1;
      this.#bytes[last] = (this.#bytes[last] as number) | (((value >> bit) & 1) << (this.#count % 8));
    }
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** The order in which a block lists the lengths of its code length codes. */
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LONG_RUN = 127;
const REST_OF_RUN = 107;

function writeDynamicBlock(out: BitWriter): void {
  out.write(0, 1);
  out.write(2, 2);
  out.write(0, 5);
  out.write(0, 5);
  out.write(15, 4);
  for (const symbol of CODE_LENGTH_ORDER) out.write(symbol === 1 || symbol === 18 ? 1 : 0, 3);
  for (const zeros of [LONG_RUN, REST_OF_RUN]) {
    out.write(1, 1);
    out.write(zeros, 7);
  }
  out.write(0, 3);
}

function writeFixedBlock(out: BitWriter): void {
  out.write(0, 1);
  out.write(1, 2);
  out.write(0, 7);
}

/** Number of bits in the block with dynamic codes, modulo 8. */
const DYNAMIC_BITS = 93 % 8;

/** Returns empty blocks whose number of bits modulo 8 is `wanted`, 1 to 7; the last byte is incomplete. */
function emptyBlocks(wanted: number): Uint8Array {
  const out = new BitWriter();
  let bits = 0;
  if (wanted % 2 === 1) {
    writeDynamicBlock(out);
    bits = DYNAMIC_BITS;
  }
  for (; bits % 8 !== wanted; bits += 2) writeFixedBlock(out);
  return out.bytes;
}
