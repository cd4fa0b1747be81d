// One file per gzip blob that has checkpoints. Little-endian. A file whose checksum is wrong is ignored.
//
//   0   8    magic "LAYRCKP" and the version, one byte
//   8   32   SHA-256 of everything after it
//   40  …    the checkpoints in order: 64 bytes each
//              f64 offset in the packed bytes, f64 offset in the plain ones
//              u8 kind, u8 bits, u8 shared byte, u8 whether there is a digest
//              u32 length of the deflated window, 8 zeros, 32 bytes of SHA-256
//   …        the windows, one after another
import { createHash } from 'node:crypto';
import type { BlobCheckpoint } from '../blob/checkpoint.ts';

const MAGIC = Uint8Array.of(0x4c, 0x41, 0x59, 0x52, 0x43, 0x4b, 0x50, 1);
const HEAD_BYTES = 40;
const RECORD_BYTES = 64;
const KINDS = ['start', 'block', 'stored'] as const;
/** Maximum number of checkpoints: enough for 256 GiB with one every 4 MiB. */
const MAX_COUNT = 65_536;
/** Maximum size of a deflated window. Deflating 32 KiB adds less than 1 KiB, even if nothing can be compressed. */
const MAX_WINDOW = 33 * 1024;

/** Encodes a file for the blob with this key. */
export function encodeCheckpoints(key: string, checkpoints: readonly BlobCheckpoint[]): Uint8Array[] {
  const kept = checkpoints.slice(0, MAX_COUNT);
  const records = new Uint8Array(kept.length * RECORD_BYTES);
  const view = new DataView(records.buffer);
  const windows: Uint8Array[] = [];
  kept.forEach(({ kind, packedOffset, plainOffset, bits, shared, window, digest }, index) => {
    const at = index * RECORD_BYTES;
    view.setFloat64(at, packedOffset, true);
    view.setFloat64(at + 8, plainOffset, true);
    records.set([KINDS.indexOf(kind), bits, shared ?? 0, digest === null ? 0 : 1], at + 16);
    view.setUint32(at + 20, window?.length ?? 0, true);
    if (digest !== null) records.set(digest, at + 32);
    if (window !== null) windows.push(window);
  });
  const body = [records, ...windows];
  const count = new Uint8Array(Uint32Array.of(kept.length).buffer);
  return [MAGIC, checksum(key, [count, ...body]), count, ...body];
}

/** Decodes a file as views of it; null if it is damaged, or has another version or key. */
export function decodeCheckpoints(key: string, bytes: Uint8Array): readonly BlobCheckpoint[] | null {
  if (bytes.length < HEAD_BYTES + 4 || !MAGIC.every((byte, at) => bytes[at] === byte)) return null;
  const rest = bytes.subarray(HEAD_BYTES);
  if (Buffer.compare(checksum(key, [rest]), bytes.subarray(8, HEAD_BYTES)) !== 0) return null;
  const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength);
  const count = view.getUint32(0, true);
  let windowAt = 4 + count * RECORD_BYTES;
  if (count > MAX_COUNT || windowAt > rest.length) return null;
  const checkpoints: BlobCheckpoint[] = [];
  for (let at = 4; at < 4 + count * RECORD_BYTES; at += RECORD_BYTES) {
    const kind = KINDS[rest[at + 16] as number];
    const length = view.getUint32(at + 20, true);
    if (kind === undefined || length > MAX_WINDOW || windowAt + length > rest.length) return null;
    checkpoints.push({
      kind,
      packedOffset: view.getFloat64(at, true),
      plainOffset: view.getFloat64(at + 8, true),
      bits: rest[at + 17] as number,
      shared: rest[at + 18] as number,
      window: length === 0 ? null : rest.subarray(windowAt, windowAt + length),
      digest: rest[at + 19] === 0 ? null : rest.subarray(at + 32, at + 64),
    });
    windowAt += length;
  }
  return checkpoints;
}

function checksum(key: string, pieces: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256').update(key).update('\0');
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
}
