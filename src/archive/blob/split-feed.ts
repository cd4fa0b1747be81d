import type { TarReader } from '#format/tar';
import { SplitScanner } from '#format/tar-split';
import { LayerscopeError } from '#model';
import type { BlobSource } from '../types.ts';
import type { Decompressed } from './decompress.ts';
import { inflateChunks } from './inflate-chunks.ts';
import { freePiece } from './inflate-stream.ts';
import { SourceFile } from './source-file.ts';

/** Receives a split tar's bytes in order. */
export interface SplitSink {
  /** Called with the tar's headers and padding. `bytes` are valid during the call. */
  segment(bytes: Uint8Array, start: number, end: number): void;
  /** Called where a file's content belongs. `name` and `crc64` are valid during the call; `crc64` is null if the file is empty. */
  file(name: Uint8Array, sizeBytes: number, crc64: Uint8Array | null): void;
}

/**
 * Reads a split blob's metadata into a sink, yielding after each piece; returns how its decompression ended. Throws DAMAGED for malformed
 * metadata; NOT_FOUND, PERMISSION, IO, CANCELLED; and what the sink throws.
 */
export async function* readSplit(blob: BlobSource, sink: SplitSink, signal?: AbortSignal): AsyncGenerator<void, Decompressed> {
  using file = new SourceFile(blob.path, blob.identity);
  const chunks = inflateChunks({ file, start: 0, length: file.size }, 'gzip', signal);
  const scanner = new SplitScanner(sink);
  try {
    for (;;) {
      const next = await chunks.next();
      if (next.done) {
        if (next.value.end === 'complete') scanner.end();
        file.refuseChanged();
        return next.value;
      }
      scanner.push(next.value);
      freePiece(next.value);
      yield;
    }
  } finally {
    await chunks.return(undefined as never);
  }
}

/** Feeds a tar reader with a split blob's headers, skipping the bodies. */
export class SplitFeed implements SplitSink {
  readonly #reader: TarReader;
  /** Number of bytes of the tar fed so far. */
  tarBytes = 0;

  constructor(reader: TarReader) {
    this.#reader = reader;
  }

  segment(bytes: Uint8Array, start: number, end: number): void {
    this.tarBytes += end - start;
    this.#reader.push(bytes, start, end);
  }

  /** Throws BAD_TAR for a body that the headers don't announce. */
  file(_name: Uint8Array, sizeBytes: number): void {
    this.tarBytes += sizeBytes;
    if (sizeBytes > this.#reader.wantedSkip) {
      throw new LayerscopeError('BAD_TAR', `the content at byte ${this.#reader.offset} is not where the headers say`, {
        offset: this.#reader.offset,
      });
    }
    this.#reader.skip(sizeBytes);
  }
}
