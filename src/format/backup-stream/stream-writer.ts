import { LayerscopeError } from '#model';
import { type BackupStream, SPARSE_OFFSET_BYTES, STREAM_HEAD_BYTES, STREAM_ID } from './stream-id.ts';
import { writeUtf16 } from './utf16.ts';

/** Input of {@link BackupStreamWriter.head}: omitted fields are 0 or empty. */
export type BackupStreamInput = Pick<BackupStream, 'id' | 'sizeBytes'> & Partial<BackupStream>;

/** Encodes a stream's header, including a sparse block's offset. The caller owns the result. Source: [MS-BKUP] 2.1. */
export function encodeStreamHead(stream: BackupStreamInput): Uint8Array<ArrayBuffer> {
  const name = stream.name ?? '';
  const isSparse = stream.id === STREAM_ID.sparseBlock;
  const offsetBytes = isSparse ? SPARSE_OFFSET_BYTES : 0;
  const bytes = new Uint8Array(STREAM_HEAD_BYTES + name.length * 2 + offsetBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, stream.id, true);
  view.setUint32(4, stream.attributes ?? 0, true);
  view.setBigUint64(8, BigInt(stream.sizeBytes) + BigInt(offsetBytes), true);
  view.setUint32(16, name.length * 2, true);
  const at = writeUtf16(bytes, STREAM_HEAD_BYTES, name);
  if (isSparse) view.setBigInt64(at, BigInt(stream.offset ?? 0), true);
  return bytes;
}

/** Writes a backup stream and checks that each stream has as much data as its header says. Throws INTERNAL otherwise. */
export class BackupStreamWriter {
  #left = 0;

  /** Begins the next stream; returns its header. */
  head(stream: BackupStreamInput): Uint8Array<ArrayBuffer> {
    this.end();
    this.#left = stream.sizeBytes;
    return encodeStreamHead(stream);
  }

  /** Counts `bytes` as data of the current stream, and returns them. */
  data(bytes: Uint8Array): Uint8Array {
    if (bytes.length > this.#left) {
      throw new LayerscopeError('INTERNAL', `backup stream: too many bytes by ${bytes.length - this.#left}`);
    }
    this.#left -= bytes.length;
    return bytes;
  }

  /** Ends the current stream. */
  end(): void {
    if (this.#left !== 0) throw new LayerscopeError('INTERNAL', `backup stream: missing ${this.#left} bytes`);
  }
}
