// Reads a layer's blob, which is a file or a range of one, as plain bytes, whatever its compression.
import { type Compression, LayerscopeError, throwIfCancelled } from '#model';
import { detectCompression, MAGIC_BYTES } from './compression.ts';
import { type Decompressed, decompress, faultOf } from './decompress.ts';
import { type BlobPlace, openPlace } from './open-place.ts';
import { type FileRange, SourceFile } from './source-file.ts';

const CHUNK = 256 * 1024;
/** Size of packed pieces when output waits for a reader. A piece can unpack to a thousand times its size, all of which is buffered. */
const SMALL_PIECE = 16 * 1024;

export interface ReadPlainOptions {
  readonly signal?: AbortSignal | undefined;
  /** Receives the bytes as stored. */
  readonly onPacked?: (bytes: Uint8Array) => void;
}

/** A blob: the path of a file that is the whole blob, or a range in a file. */
export type PlainSource = string | BlobPlace;

async function openSource(source: PlainSource, signal: AbortSignal | undefined): Promise<FileRange> {
  return typeof source === 'string' ? openWhole(source) : openPlace(source, signal);
}

function openWhole(source: string): FileRange {
  const file = new SourceFile(source);
  return { file, start: 0, length: file.size };
}

function compressionIn({ file, start, length }: FileRange): Compression {
  const head = new Uint8Array(Math.min(MAGIC_BYTES, length));
  return detectCompression(head.subarray(0, file.read(head, start)));
}

/** Detects a blob's compression from its content. Throws NOT_FOUND, PERMISSION, IO. */
export function compressionOf(path: string): Compression {
  const range = openWhole(path);
  using _file = range.file;
  return compressionIn(range);
}

function refuseUnlessWhole(path: string, ended: Decompressed): void {
  const fault = faultOf(ended);
  if (fault !== null) throw new LayerscopeError(fault, `${path}: ${ended.message}`);
}

/**
 * Pushes decompressed bytes to `sink`, which owns them. Throws TRUNCATED, DAMAGED, UNSUPPORTED or TOO_LARGE after everything readable; IO,
 * CANCELLED.
 */
export async function readPlain(source: PlainSource, sink: (bytes: Uint8Array) => void, options: ReadPlainOptions = {}): Promise<void> {
  const range = await openSource(source, options.signal);
  const { file, start, length } = range;
  const { path } = file;
  using _file = file;
  const compression = compressionIn(range);
  const check = (): void => {
    throwIfCancelled(options.signal);
  };
  if (compression === 'none') {
    for (let at = 0; at < length; ) {
      check();
      const buffer = new Uint8Array(Math.min(CHUNK, length - at));
      const count = file.read(buffer, start + at);
      if (count === 0) break;
      const bytes = buffer.subarray(0, count);
      options.onPacked?.(bytes);
      sink(bytes);
      at += count;
      await new Promise((resolve) => setImmediate(resolve));
    }
    file.refuseChanged();
    return;
  }
  const take = (bytes: Uint8Array): boolean => {
    sink(bytes);
    return true;
  };
  const { onPacked } = options;
  const ended = await decompress(range, compression, take, { gate: check, ...(onPacked === undefined ? {} : { onPacked }) });
  file.refuseChanged();
  refuseUnlessWhole(path, ended);
}

/** Like {@link readPlain}, but the consumer pulls the bytes. Ending the iteration closes the file. */
export async function* plainTarOf(source: PlainSource, options: ReadPlainOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
  const range = await openSource(source, options.signal);
  const { file, start, length } = range;
  const { path } = file;
  using _file = file;
  const compression = compressionIn(range);
  if (compression === 'none') {
    const buffer = new Uint8Array(CHUNK);
    for (let at = 0; at < length; ) {
      throwIfCancelled(options.signal);
      const count = file.read(buffer, start + at, Math.min(CHUNK, length - at));
      if (count === 0) break;
      at += count;
      options.onPacked?.(buffer.subarray(0, count));
      yield buffer.subarray(0, count);
    }
    file.refuseChanged();
    return;
  }
  const queue: Uint8Array[] = [];
  let stopped = false;
  let wakeReader: (() => void) | null = null;
  let wakeWriter: (() => void) | null = null;
  const wake = (): void => {
    wakeReader?.();
    wakeReader = null;
  };
  const { onPacked } = options;
  let outcome: { readonly ended: Decompressed } | { readonly failure: unknown } | null = null;
  const work = decompress(
    range,
    compression,
    (bytes) => {
      queue.push(bytes);
      wake();
      return !stopped;
    },
    {
      pieceBytes: SMALL_PIECE,
      gate: async () => {
        throwIfCancelled(options.signal);
        while (queue.length > 0 && !stopped) {
          await new Promise<void>((resolve) => {
            wakeWriter = resolve;
          });
        }
      },
      ...(onPacked === undefined ? {} : { onPacked }),
    },
  ).then(
    (ended) => {
      outcome = { ended };
      wake();
    },
    (failure: unknown) => {
      outcome = { failure };
      wake();
    },
  );
  const letWriterOn = (): void => {
    wakeWriter?.();
    wakeWriter = null;
  };
  try {
    for (;;) {
      const bytes = queue.shift();
      if (bytes !== undefined) {
        yield bytes;
        continue;
      }
      letWriterOn();
      const known = outcome as { readonly ended: Decompressed } | { readonly failure: unknown } | null;
      if (known !== null && queue.length === 0) {
        if ('failure' in known) throw known.failure;
        file.refuseChanged();
        refuseUnlessWhole(path, known.ended);
        return;
      }
      if (queue.length === 0) {
        await new Promise<void>((resolve) => {
          wakeReader = resolve;
          if (outcome !== null) resolve();
        });
      }
    }
  } finally {
    stopped = true;
    letWriterOn();
    await work;
  }
}
