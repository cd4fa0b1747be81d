import { type BackupPiece, type BackupStream, BackupStreamReader } from '#format/backup-stream';
import { LayerscopeError } from '#model';

/** Bytes in pieces: from a file, a pipe, an array. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** A source that can skip bytes without reading them, as a file can. */
export interface SkippingSource extends AsyncIterable<Uint8Array> {
  /** Skips the bytes that follow the most recently yielded piece. */
  skip(bytes: number): void;
}

/** Minimum length to skip; for shorter data, skipping would save nothing. */
const MIN_SKIP_BYTES = 64 * 1024;

/** Reads a backup stream, stream by stream; skips unwanted data if the source can. The creator must close it. */
export class BackupCursor {
  readonly #source: ByteSource | SkippingSource;
  readonly #reader = new BackupStreamReader();
  readonly #pieces: AsyncGenerator<BackupPiece, void, undefined>;
  /** Whether the most recent piece from the source has been used up. */
  #isPieceDone = false;
  #ahead: BackupStream | null = null;

  constructor(source: ByteSource | SkippingSource) {
    this.#source = source;
    this.#pieces = this.#read();
  }

  async *#read(): AsyncGenerator<BackupPiece, void, undefined> {
    for await (const bytes of this.#source) {
      const end = this.#reader.offset + bytes.length;
      for (const piece of this.#reader.push(bytes)) {
        this.#isPieceDone = this.#reader.offset === end;
        yield piece;
      }
    }
    this.#reader.end();
  }

  /** The next stream's header, or null at the end. Skips the rest of the current stream. */
  async next(): Promise<BackupStream | null> {
    const ahead = this.#ahead;
    this.#ahead = null;
    if (ahead !== null) return ahead;
    for (;;) {
      this.#skip();
      const { value, done } = await this.#pieces.next();
      if (done === true || value === undefined) return null;
      if (value.kind === 'stream') return value.stream;
    }
  }

  /** Skips the current stream's data except for its last byte, which is read to ensure that the source has it. */
  #skip(): void {
    const { left } = this.#reader;
    if (!this.#isPieceDone || left < MIN_SKIP_BYTES || !('skip' in this.#source)) return;
    this.#source.skip(left - 1);
    this.#reader.skip(left - 1);
  }

  /** Yields the data of the current stream. */
  async *data(): AsyncGenerator<Uint8Array, void, undefined> {
    while (this.#ahead === null) {
      const { value, done } = await this.#pieces.next();
      if (done === true || value === undefined) return;
      if (value.kind === 'data') yield value.bytes;
      else this.#ahead = value.stream;
    }
  }

  /** Reads all data of the current stream. Throws TOO_LARGE if the header states more than `limitBytes`. */
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
