// Unpacks a gzip blob from a checkpoint, with public node:zlib only: see format/deflate.
import { promisify } from 'node:util';
import { constants, gunzip, inflateRaw, inflateRawSync, type Zlib, type ZlibOptions } from 'node:zlib';
import { resumedStream, STORED_HEADER } from '#format/deflate';
import { LayerscopeError } from '#model';

/** A position from which a gzip blob can be unpacked. */
export interface CheckpointPlace {
  /**
   * What is at this position: the start of the blob, the start of a block, or the length field of a stored block (whose header is skipped).
   */
  readonly kind: 'start' | 'block' | 'stored';
  /** Offset in the blob of the first packed byte to read. */
  readonly packedOffset: number;
  readonly plainOffset: number;
  /** How many bits of the preceding byte belong to the block. */
  readonly bits: number;
  /** The preceding byte; null if it has to be read. */
  readonly shared: number | null;
}

export interface BlobCheckpoint extends CheckpointPlace {
  /** The plain bytes before this position, deflated; null at the beginning. */
  readonly window: Uint8Array | null;
  /** Set if the window isn't deflated. */
  readonly isWindowPlain?: boolean;
  /** SHA-256 of the packed bytes from here to the next checkpoint or the blob's end; null if none was made. */
  readonly digest: Uint8Array | null;
}

type Entrance = Pick<CheckpointPlace, 'kind' | 'bits'> & { readonly shared: number };

/** Returns a raw deflate stream of the packed bytes that follow a checkpoint, to be unpacked with its window. */
function streamFrom({ kind, bits, shared }: Entrance, packed: Uint8Array): Uint8Array {
  if (kind === 'stored') return Buffer.concat([Uint8Array.of(STORED_HEADER), packed]);
  return bits === 0 ? packed : resumedStream(bits, Buffer.concat([Uint8Array.of(shared), packed]));
}

/** Unpacks as many of the given bytes after a checkpoint as possible; returns nothing if they are damaged. */
export function unpackSome(entrance: Entrance, packed: Uint8Array, window: Uint8Array): Uint8Array {
  try {
    return inflateRawSync(streamFrom(entrance, packed), { dictionary: window, finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array(0);
  }
}

/**
 * Unpacks exactly `plainBytes` bytes after a checkpoint. `packed` are the blob's bytes from there on. Throws DAMAGED if `packed` yields
 * fewer.
 */
export async function unpackSpan(
  checkpoint: BlobCheckpoint & { readonly shared: number },
  packed: Uint8Array,
  plainBytes: number,
): Promise<Uint8Array> {
  // Unpacks in one step, because with the default chunk size, every 16 KiB takes a round trip between the event loop and a thread.
  const limit = { chunkSize: plainBytes + OVERSHOOT, maxOutputLength: plainBytes + OVERSHOOT, finishFlush: constants.Z_SYNC_FLUSH };
  try {
    if (checkpoint.kind === 'start') return ofLength(await gunzipped(packed, limit), plainBytes);
    const kept = checkpoint.window ?? new Uint8Array(0);
    const window = checkpoint.isWindowPlain || kept.length === 0 ? kept : inflateRawSync(kept);
    const stream = streamFrom(checkpoint, packed);
    const { buffer, engine } = await inflated(stream, { ...limit, dictionary: window });
    if (buffer.length >= plainBytes) return ofLength(buffer, plainBytes);
    // The gzip member ends here; another may follow its checksum and length.
    const rest = stream.subarray(engine.bytesWritten + TRAILER_BYTES);
    const more = await gunzipped(rest, { ...limit, maxOutputLength: plainBytes - buffer.length + OVERSHOOT });
    return ofLength(Buffer.concat([buffer, more]), plainBytes);
  } catch (error) {
    throw new LayerscopeError('DAMAGED', 'the gzip stream cannot be unpacked from a checkpoint', { cause: error });
  }
}

/** How many bytes beyond the span the last packed byte may unpack to. */
const OVERSHOOT = 64 * 1024;
const TRAILER_BYTES = 8;

function ofLength(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length < length) throw new LayerscopeError('DAMAGED', `${bytes.length} bytes instead of ${length}`);
  return bytes.subarray(0, length);
}

const gunzipped = promisify<Uint8Array, ZlibOptions, Buffer>(gunzip);

/** Inflates with a callback, because only the callback API exposes the engine, which knows how much input it used. */
function inflated(stream: Uint8Array, options: ZlibOptions): Promise<{ readonly buffer: Buffer; readonly engine: Zlib }> {
  return new Promise((resolve, reject) => {
    inflateRaw(stream, { ...options, info: true }, (error, result) => {
      if (error) reject(error);
      else resolve(result as unknown as { buffer: Buffer; engine: Zlib });
    });
  });
}
