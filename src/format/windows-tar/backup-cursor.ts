import { type BackupPiece, type BackupStream, readBackupStreams } from '#format/backup-stream';
import { LayerscopeError } from '#model';

/** Bytes that come in pieces: of a file, a pipe, an array. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** A backup stream, read stream by stream. Whoever makes one closes it. */
export class BackupCursor {
  readonly #pieces: AsyncGenerator<BackupPiece, void, undefined>;
  #ahead: BackupStream | null = null;

  constructor(source: ByteSource) {
    this.#pieces = readBackupStreams(source);
  }

  /** The next stream's head, what is left of the one before passed over; null at the end. */
  async next(): Promise<BackupStream | null> {
    const ahead = this.#ahead;
    this.#ahead = null;
    if (ahead !== null) return ahead;
    for (;;) {
      const { value, done } = await this.#pieces.next();
      if (done === true || value === undefined) return null;
      if (value.kind === 'stream') return value.stream;
    }
  }

  /** The data of the stream whose head came last. */
  async *data(): AsyncGenerator<Uint8Array, void, undefined> {
    while (this.#ahead === null) {
      const { value, done } = await this.#pieces.next();
      if (done === true || value === undefined) return;
      if (value.kind === 'data') yield value.bytes;
      else this.#ahead = value.stream;
    }
  }

  /** All data of the stream whose head came last. Throws TOO_LARGE where the head claims more than `limitBytes`. */
  async readAll(stream: BackupStream, limitBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    if (stream.sizeBytes > limitBytes) {
      throw new LayerscopeError('TOO_LARGE', `backup stream: ${stream.sizeBytes} bytes in a stream of id ${stream.id}`);
    }
    const whole = new Uint8Array(stream.sizeBytes);
    let at = 0;
    for await (const bytes of this.data()) {
      whole.set(bytes, at);
      at += bytes.length;
    }
    return whole;
  }

  /** Ends the reading, and the source's. */
  async close(): Promise<void> {
    await this.#pieces.return();
  }
}
