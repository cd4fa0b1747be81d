import { type BackupPiece, type BackupStream, readBackupStreams } from '#format/backup-stream';
import { LayerscopeError } from '#model';

/** Bytes in pieces: from a file, a pipe, an array. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Reads a backup stream, stream by stream. The creator must close it. */
export class BackupCursor {
  readonly #pieces: AsyncGenerator<BackupPiece, void, undefined>;
  #ahead: BackupStream | null = null;

  constructor(source: ByteSource) {
    this.#pieces = readBackupStreams(source);
  }

  /** The next stream's header, or null at the end. Skips the rest of the current stream. */
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

  /** The data of the current stream. */
  async *data(): AsyncGenerator<Uint8Array, void, undefined> {
    while (this.#ahead === null) {
      const { value, done } = await this.#pieces.next();
      if (done === true || value === undefined) return;
      if (value.kind === 'data') yield value.bytes;
      else this.#ahead = value.stream;
    }
  }

  /** Reads all data of the current stream. Throws TOO_LARGE if its header claims more than `limitBytes`. */
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

  /** Stops reading, and closes the source. */
  async close(): Promise<void> {
    await this.#pieces.return();
  }
}
