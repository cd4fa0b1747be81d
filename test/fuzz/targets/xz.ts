// The xz unpacker: headers and indexes are changed and their checksums recomputed.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { XzUnpacker } from '#format/compression';
import { XZ_EMPTY, XZ_SAMPLES, XZ_X86 } from '../../support/packed-samples.ts';
import { joined, mutateBytes } from '../engine/mutate.ts';
import type { Random } from '../engine/random.ts';
import { session, type Target } from '../engine/target.ts';
import { checkUnpacker } from './unpackers.ts';

const STREAM_HEAD = 12;

function putCrc(bytes: Uint8Array, from: number, end: number, at: number): void {
  if (from < 0 || at + 4 > bytes.length || end > bytes.length || end < from) return;
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, crc32(bytes.subarray(from, end)), true);
}

/**
 * Recomputes the checksums of the stream header, the first block header, the index and the footer, as far as they can be located from
 * sizes.
 */
function withChecksums(bytes: Uint8Array): Uint8Array {
  const fixed = bytes.slice();
  const end = fixed.length;
  if (end < 36) return fixed;
  putCrc(fixed, 6, 8, 8);
  const headBytes = ((fixed[STREAM_HEAD] as number) + 1) * 4;
  if (fixed[STREAM_HEAD] !== 0) putCrc(fixed, STREAM_HEAD, STREAM_HEAD + headBytes - 4, STREAM_HEAD + headBytes - 4);
  const backward = (new DataView(fixed.buffer).getUint32(end - 8, true) + 1) * 4;
  putCrc(fixed, end - 12 - backward, end - 16, end - 16);
  putCrc(fixed, end - 8, end - 2, end - 12);
  return fixed;
}

function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  switch (random.int(6)) {
    case 0:
      return joined(bytes, new Uint8Array(4 * random.int(3)), other);
    case 1: {
      // Changes a byte of the block header, which includes the LZMA2 properties.
      const changed = bytes.slice();
      changed[STREAM_HEAD + random.int(14)] = random.int(256);
      return withChecksums(changed);
    }
    case 2: {
      // Changes a byte among a chunk's control byte and sizes.
      const changed = bytes.slice();
      changed[24 + random.int(7)] = random.pick([0, 1, 2, 0x80, 0xa0, 0xc0, 0xe0, random.int(256)]);
      return changed;
    }
    default: {
      const changed = mutateBytes(bytes, random, other);
      return random.chance(0.6) ? withChecksums(changed) : changed;
    }
  }
}

export const target: Target = {
  name: 'xz',
  seeds: () => [...Object.values(XZ_SAMPLES), XZ_EMPTY, XZ_X86],
  tokens: [XZ_EMPTY, Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), Uint8Array.of(0x59, 0x5a)],
  mutate,
  maxBytes: 4096,
  open: () => session((input) => checkUnpacker(() => new XzUnpacker(() => createHash('sha256')), input)),
};
