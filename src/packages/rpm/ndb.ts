// ndb, the database format of SUSE's rpm. Numbers are little-endian.
//
//   header  `RpmP`, version, generation, number of 4096-byte slot pages, next package
//   slot    from 32 on, 16 bytes: `Slot`, package, offset in 16-byte blocks, number of blocks; package 0 is a free slot
//   blob    `BlbS`, package, generation, length; the header's bytes
//
// Source: rpm, lib/backend/ndb/rpmpkg.c.
import { LayerscopeError } from '#model';

const DATABASE = 0x506d7052;
const SLOT = 0x746f6c53;
const BLOB = 0x53626c42;
const PAGE = 4096;
const SLOT_BYTES = 16;
const BLOCK = 16;

function damaged(what: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', `ndb database: ${what}`);
}

export function isNdb(bytes: Uint8Array): boolean {
  return bytes.length >= 32 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === DATABASE;
}

/** Yields the headers of a database, as views. Throws DAMAGED. */
export function* ndbBlobs(bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = view.getUint32(12, true) * PAGE;
  if (end > bytes.length) throw damaged('it states more slots than it has');
  // Each byte of an intact database is part of at most one blob.
  let left = bytes.length;
  for (let at = 32; at < end; at += SLOT_BYTES) {
    const number = view.getUint32(at + 4, true);
    if (view.getUint32(at, true) !== SLOT || number === 0) continue;
    const start = view.getUint32(at + 8, true) * BLOCK;
    if (start + BLOCK > bytes.length) throw damaged('a blob is outside the file');
    const length = view.getUint32(start + 12, true);
    left -= length;
    if (view.getUint32(start, true) !== BLOB || view.getUint32(start + 4, true) !== number)
      throw damaged('a blob is not where it should be');
    if (start + BLOCK + length > bytes.length || left < 0) throw damaged('its blobs are larger than the file');
    yield bytes.subarray(start + BLOCK, start + BLOCK + length);
  }
}
