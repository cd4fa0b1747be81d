import { type TarMember, TarReader } from '#format/tar';
import { LayerscopeError, TYPE } from '#model';
import type { ByteSource } from './backup-cursor.ts';
import { type ByteString, toByteString } from './byte-string.ts';
import { RECORD } from './record-keys.ts';

/** Bytes to push at a time, so that members without bodies don't accumulate in the queue. */
const PUSH_BYTES = 64 * 1024;
const ZEROS = new Uint8Array(PUSH_BYTES);
/** Limit on the size of sparse files, whose holes are written as zeros. */
const MAX_SPARSE_BYTES = 2 ** 40;

/** A copy of a member's header, which stays valid while its body is read. */
export interface HeldMember {
  readonly headerOffset: number;
  readonly type: number;
  readonly sizeBytes: number;
  readonly name: Uint8Array;
  readonly linkname: Uint8Array;
  readonly mtimeSeconds: number;
  readonly mtimeNanos: number;
  readonly pax: ReadonlyMap<string, Uint8Array> | null;
  /** Extended attributes in base64. Their names may be any bytes. */
  readonly extendedAttributes: ReadonlyMap<ByteString, Uint8Array>;
  readonly sparse: readonly (readonly [number, number])[] | null;
}

export type TarPiece = { readonly kind: 'member'; readonly member: HeldMember } | { readonly kind: 'body'; readonly bytes: Uint8Array };

const NO_ATTRIBUTES: ReadonlyMap<ByteString, Uint8Array> = new Map();

/**
 * Finds the records of extended attributes among raw PAX records, which the reader has checked. If a name is repeated, the last record
 * wins.
 */
function attributesIn(records: Uint8Array): ReadonlyMap<ByteString, Uint8Array> {
  const found = new Map<ByteString, Uint8Array>();
  for (let at = 0; at < records.length; ) {
    const space = records.indexOf(0x20, at);
    const end = at + Number(toByteString(records.subarray(at, space)));
    const equals = records.indexOf(0x3d, space);
    const key = toByteString(records.subarray(space + 1, equals));
    if (key.startsWith(RECORD.attributePrefix)) {
      found.set(key.slice(RECORD.attributePrefix.length), records.slice(equals + 1, end - 1));
    }
    at = end;
  }
  return found;
}

function held(member: TarMember): HeldMember {
  return {
    headerOffset: member.headerOffset,
    type: member.type,
    sizeBytes: member.size,
    name: member.name.slice(),
    linkname: member.linkname.slice(),
    mtimeSeconds: member.mtimeSeconds,
    mtimeNanos: member.mtimeNanos,
    pax: member.pax,
    extendedAttributes: member.hasAttributes ? attributesIn(member.attributeBytes.subarray(0, member.attributeEnd)) : NO_ATTRIBUTES,
    sparse: member.sparse,
  };
}

/**
 * Reads a tar's members, each followed by its content with holes as zeros; omits global headers. Body bytes are views of the source's
 * bytes. Throws BAD_TAR, TRUNCATED if the tar ends inside a member, TOO_LARGE for sparse files over 1 TiB.
 */
export async function* readTarPieces(source: ByteSource): AsyncGenerator<TarPiece, void, undefined> {
  let queue: TarPiece[] = [];
  let broken: LayerscopeError | null = null;
  const reader = new TarReader({
    member: (member) => {
      if (member.type !== TYPE.global) queue.push({ kind: 'member', member: held(member) });
    },
    body: (bytes, start, end) => {
      queue.push({ kind: 'body', bytes: bytes.subarray(start, end) });
    },
    finding: ({ code, offset, message }) => {
      if (code === 'truncated') broken = new LayerscopeError('TRUNCATED', `unexpected EOF: ${message}`, { offset });
      else if (code === 'size-mismatch') broken = new LayerscopeError('BAD_TAR', message, { offset });
    },
  });
  const files = new SparseFiles();
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += PUSH_BYTES) {
      queue = [];
      let failure: unknown = null;
      try {
        reader.push(chunk, at, Math.min(chunk.length, at + PUSH_BYTES));
      } catch (error) {
        failure = error;
      }
      for (const piece of queue) yield* files.take(piece);
      if (broken !== null) throw broken;
      if (failure !== null) throw failure;
    }
  }
  queue = [];
  reader.end();
  if (broken !== null) throw broken;
  yield* files.finish();
}

/** Fills the holes of sparse members with zeros; passes other members through. */
class SparseFiles {
  #map: HeldMember['sparse'] = null;
  #sizeBytes = 0;
  #entry = 0;
  #at = 0;

  *take(piece: TarPiece): Generator<TarPiece, void, undefined> {
    if (piece.kind === 'member') {
      yield* this.finish();
      yield piece;
      if (piece.member.sparse === null) return;
      this.#map = piece.member.sparse;
      this.#sizeBytes = piece.member.sizeBytes;
      this.#entry = 0;
      this.#at = 0;
      if (this.#sizeBytes > MAX_SPARSE_BYTES) {
        throw new LayerscopeError('TOO_LARGE', `a sparse file of ${this.#sizeBytes} bytes`, { offset: piece.member.headerOffset });
      }
    } else if (this.#map === null) yield piece;
    else yield* this.#place(this.#map, piece.bytes);
  }

  *#place(map: readonly (readonly [number, number])[], bytes: Uint8Array): Generator<TarPiece, void, undefined> {
    for (let from = 0; from < bytes.length; ) {
      const entry = map[this.#entry];
      if (entry === undefined) return;
      const [offset, length] = entry;
      yield* this.#zerosUpTo(offset);
      const count = Math.min(bytes.length - from, offset + length - this.#at);
      if (count > 0) yield { kind: 'body', bytes: bytes.subarray(from, from + count) };
      from += count;
      this.#at += count;
      if (this.#at >= offset + length) this.#entry++;
    }
  }

  /** Fills the hole at the end of the current member. */
  *finish(): Generator<TarPiece, void, undefined> {
    if (this.#map === null) return;
    yield* this.#zerosUpTo(this.#sizeBytes);
    this.#map = null;
  }

  *#zerosUpTo(offset: number): Generator<TarPiece, void, undefined> {
    while (this.#at < offset) {
      const count = Math.min(ZEROS.length, offset - this.#at);
      yield { kind: 'body', bytes: ZEROS.subarray(0, count) };
      this.#at += count;
    }
  }
}
