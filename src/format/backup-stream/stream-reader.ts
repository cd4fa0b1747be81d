// A Win32 backup stream, as returned by BackupRead and accepted by BackupWrite ([MS-BKUP] 2.1): streams one after another, without padding,
// up to the end of the input. Each is a header, WIN32_STREAM_ID, and its data. All numbers are little-endian.
//
//   0 id u32 · 4 attributes u32 · 8 size u64 · 16 length of the name in bytes u32 · 20 name UTF-16LE, no NUL · data
//
// A sparse block's data begins with an i64 offset, which its size includes. A sparse file with several ranges is a data stream of size 0
// with the sparse attribute, then its blocks, then a block of size 0 whose offset is the file's size. An empty file has a data stream of
// size 0 or none; a folder has none. There is no end mark: a backup stream ends where its input does.
import { LayerscopeError } from '#model';
import { type BackupStream, SPARSE_OFFSET_BYTES, STREAM_HEAD_BYTES, STREAM_ID } from './stream-id.ts';
import { readUtf16 } from './utf16.ts';

/** Limit on a stream's name, far more than NTFS's 255 units. */
const MAX_NAME_BYTES = 0xfffe;

/** A stream's header, or the next bytes of its data: a view into the pushed bytes. */
export type BackupPiece =
  | { readonly kind: 'stream'; readonly stream: BackupStream }
  | { readonly kind: 'data'; readonly bytes: Uint8Array };

/**
 * Reads a backup stream from the bytes pushed into it, including streams with unknown ids. Yields data in the pieces in which it was
 * pushed, never beyond the stream's size. Buffers at most one header. Reads nothing after an error.
 */
export class BackupStreamReader {
  /**
   * The bytes of the header that were pushed so far. The buffer is small, because each file has its own reader; it grows for a long name.
   */
  #head = new Uint8Array(128);
  #view = new DataView(this.#head.buffer);
  #filled = 0;
  #wanted = STREAM_HEAD_BYTES;
  #left = 0;
  #offset = 0;
  #failed = false;

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Remaining bytes of the current stream. */
  get left(): number {
    return this.#left;
  }

  /** Continues as if the next `bytes` of the current stream's data had been pushed. For sources that can skip bytes. */
  skip(bytes: number): void {
    if (bytes > this.#left) throw new LayerscopeError('INTERNAL', 'more bytes skipped than the stream has');
    this.#left -= bytes;
    this.#offset += bytes;
  }

  /**
   * Yields the streams and data in `bytes`, in order. Must be consumed completely before the next push. Throws DAMAGED for an inconsistent
   * header, TOO_LARGE for a size or offset over 2^53 - 1.
   */
  *push(bytes: Uint8Array): Generator<BackupPiece, void, undefined> {
    let at = 0;
    while (at < bytes.length && !this.#failed) {
      if (this.#left > 0) {
        const count = Math.min(this.#left, bytes.length - at);
        this.#left -= count;
        this.#offset += count;
        yield { kind: 'data', bytes: bytes.subarray(at, at + count) };
        at += count;
        continue;
      }
      const count = Math.min(this.#wanted - this.#filled, bytes.length - at);
      this.#head.set(bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      this.#offset += count;
      at += count;
      const stream = this.#filled === this.#wanted ? this.#takeHead() : null;
      if (stream !== null) yield { kind: 'stream', stream };
    }
  }

  /** Ends the input. Throws TRUNCATED if a header or data is cut off. */
  end(): void {
    if (this.#failed) return;
    if (this.#left > 0) {
      this.#fail('TRUNCATED', `unexpected EOF at byte ${this.#offset}: ${this.#left} bytes of its data are missing`);
    }
    if (this.#filled > 0) this.#fail('TRUNCATED', `unexpected EOF at byte ${this.#offset}, in the header of a stream`);
  }

  #fail(code: 'DAMAGED' | 'TOO_LARGE' | 'TRUNCATED', what: string): never {
    this.#failed = true;
    throw new LayerscopeError(code, `backup stream: ${what}`, { offset: this.#offset });
  }

  #reserve(length: number): void {
    if (length <= this.#head.length) return;
    const head = new Uint8Array(length);
    head.set(this.#head);
    this.#head = head;
    this.#view = new DataView(head.buffer);
  }

  /** Parses the header so far. Returns its stream, or null if part of the header (name, offset) is still missing. */
  #takeHead(): BackupStream | null {
    const view = this.#view;
    const id = view.getUint32(0, true);
    const nameBytes = view.getUint32(16, true);
    const isSparse = id === STREAM_ID.sparseBlock;
    const whole = STREAM_HEAD_BYTES + nameBytes + (isSparse ? SPARSE_OFFSET_BYTES : 0);
    if (this.#wanted < whole) {
      if (nameBytes > MAX_NAME_BYTES || nameBytes % 2 !== 0)
        this.#fail('DAMAGED', `a name of ${nameBytes} bytes at byte ${this.#offset - 4}`);
      this.#reserve(whole);
      this.#wanted = whole;
      return null;
    }
    let size = view.getBigUint64(8, true);
    let offset = 0n;
    if (isSparse) {
      if (size < BigInt(SPARSE_OFFSET_BYTES)) this.#fail('DAMAGED', `a sparse block of ${size} bytes, too short for its offset`);
      size -= BigInt(SPARSE_OFFSET_BYTES);
      offset = view.getBigInt64(whole - SPARSE_OFFSET_BYTES, true);
      if (offset < 0n) this.#fail('DAMAGED', `a sparse block at the negative offset ${offset}`);
    }
    if (size > BigInt(Number.MAX_SAFE_INTEGER) || offset > BigInt(Number.MAX_SAFE_INTEGER)) {
      this.#fail('TOO_LARGE', `a stream of ${size} bytes at offset ${offset}`);
    }
    const name = readUtf16(this.#head, STREAM_HEAD_BYTES, STREAM_HEAD_BYTES + nameBytes);
    this.#filled = 0;
    this.#wanted = STREAM_HEAD_BYTES;
    this.#left = Number(size);
    return { id, attributes: view.getUint32(4, true), sizeBytes: Number(size), name, offset: Number(offset) };
  }
}

/** Reads a complete backup stream; see {@link BackupStreamReader} for order, ownership and errors. */
export async function* readBackupStreams(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<BackupPiece, void, undefined> {
  const reader = new BackupStreamReader();
  for await (const bytes of source) yield* reader.push(bytes);
  reader.end();
}
