import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { LayerscopeError } from '#model';

export type Compressor = 'gzip' | 'zstd';

/** Whether this runtime can write zstd: Node.js 22.15 and later can. */
export function canWriteZstd(): boolean {
  return typeof zlib.createZstdCompress === 'function';
}

/** Throws UNSUPPORTED if this runtime doesn't have the compressor. */
export function checkCompressor(compressor: Compressor): void {
  if (compressor === 'zstd' && !canWriteZstd())
    throw new LayerscopeError('UNSUPPORTED', 'this version of Node.js can’t write zstd; 22.15 and later can');
}

/**
 * Compresses bytes. The same bytes always give the same result, however they are cut into pieces. The memory of a piece may be reused for
 * the next one. Throws UNSUPPORTED, and what `pieces` throws.
 */
export async function* compressed(pieces: AsyncIterable<Uint8Array>, compressor: Compressor): AsyncGenerator<Uint8Array> {
  checkCompressor(compressor);
  const through = compressor === 'gzip' ? zlib.createGzip() : zlib.createZstdCompress();
  const fed = feed(pieces, through);
  try {
    for await (const chunk of through) yield chunk as Uint8Array;
  } finally {
    through.destroy();
    await fed;
  }
}

/**
 * Compresses each piece before the next one is made, and before the end is known. Otherwise zstd may get the first piece together with the
 * end, and then writes a different header. With a stream, that happens when the machine is busy.
 */
async function feed(pieces: AsyncIterable<Uint8Array>, through: Transform): Promise<void> {
  try {
    for await (const piece of pieces) {
      await new Promise<void>((resolve, reject) => {
        through.write(piece, (error) => (error ? reject(error) : resolve()));
      });
    }
    through.end();
  } catch (error) {
    through.destroy(error as Error);
  }
}
