// What a user does with a store of layers, over any graph driver.
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import type { ApplyOptions, CallOptions, GraphDriver, LayerInfo, TarSource } from '#driver';
import { asLayerscopeError, LayerscopeError } from '#model';

const GZIP_MAGIC = [0x1f, 0x8b];
const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

/** Where a layer's tar comes from: a file, or a stream such as standard input. */
export type LayerTar = { readonly file: string } | { readonly stream: Readable };

async function firstBytes(file: string): Promise<Uint8Array> {
  await using handle = await open(file, 'r');
  const { buffer, bytesRead } = await handle.read(new Uint8Array(4), 0, 4, 0);
  return buffer.subarray(0, bytesRead);
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, at) => bytes[at] === byte);
}

/** The plain tar of a file, whatever packs it: told by its first bytes. Streams are plain. Throws UNSUPPORTED for zstd on an old Node.js. */
async function* plainTar(source: LayerTar, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, undefined> {
  if ('stream' in source) {
    yield* source.stream as AsyncIterable<Uint8Array>;
    return;
  }
  const { file } = source;
  const magic = await firstBytes(file);
  const stream = createReadStream(file, { highWaterMark: 1 << 20 });
  if (!startsWith(magic, GZIP_MAGIC) && !startsWith(magic, ZSTD_MAGIC)) {
    yield* stream as AsyncIterable<Uint8Array>;
    return;
  }
  const { createZstdDecompress } = zlib as Partial<Pick<typeof zlib, 'createZstdDecompress'>>;
  const isGzip = startsWith(magic, GZIP_MAGIC);
  if (!isGzip && createZstdDecompress === undefined) throw new LayerscopeError('UNSUPPORTED', `zstd needs Node.js 22.15 or later`);
  const unpack = isGzip ? zlib.createGunzip() : (createZstdDecompress as typeof zlib.createZstdDecompress)();
  const piped = pipeline(stream, unpack, signal === undefined ? {} : { signal });
  // What fails is told by reading, below.
  piped.catch(() => undefined);
  try {
    yield* unpack as AsyncIterable<Uint8Array>;
    await piped;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_') || code?.startsWith('ZSTD_')) {
      throw new LayerscopeError(code === 'Z_BUF_ERROR' ? 'TRUNCATED' : 'DAMAGED', `${file}: ${(error as Error).message}`, { cause: error });
    }
    throw error;
  } finally {
    stream.destroy();
    unpack.destroy();
  }
  const { size } = await stat(file);
  // Node.js reads the first frame of zstd only, in silence.
  if (!isGzip && unpack.bytesWritten < size) throw new LayerscopeError('UNSUPPORTED', `${file}: zstd of several frames; unpack it first`);
}

/** An id as Docker gives its layers: 64 random hexadecimal digits. */
export function newLayerId(): string {
  return randomBytes(32).toString('hex');
}

/** Makes a layer of a tar, on `parent`. Where it fails, or is stopped, there is no layer. */
export async function importLayerTar(
  driver: GraphDriver,
  layer: { readonly id: string; readonly parent: string | null; readonly tar: LayerTar },
  options: ApplyOptions = {},
): Promise<{ readonly sizeBytes: number }> {
  if ('file' in layer.tar) {
    try {
      await stat(layer.tar.file);
    } catch (error) {
      throw asLayerscopeError(error);
    }
  }
  await driver.create(layer.id, layer.parent, options);
  try {
    const tar: TarSource = plainTar(layer.tar, options.signal);
    return await driver.applyDiff(layer.id, tar, options);
  } catch (error) {
    // The driver has taken the layer away already, unless it failed before it looked at it.
    if (await driver.exists(layer.id)) await driver.remove(layer.id);
    throw error;
  }
}

/** Writes a layer's tar into a new file; EXISTS where there is one. Nothing is left of a failure. */
export async function exportLayerTar(
  driver: GraphDriver,
  id: string,
  file: string,
  options: CallOptions = {},
): Promise<{ readonly bytes: number }> {
  const handle = await open(file, 'wx').catch((error: unknown) => {
    throw asLayerscopeError(error);
  });
  let bytes = 0;
  try {
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const piece of driver.diff(id, options)) {
        bytes += piece.length;
        yield piece;
      }
    };
    // Each piece is written before the next is asked for.
    await handle.writeFile(counted());
    await handle.sync();
    await handle.close();
    return { bytes };
  } catch (error) {
    await handle.close();
    await rm(file, { force: true });
    throw error;
  }
}

export interface StoreProblem {
  readonly id: string;
  readonly message: string;
}

/** Reads every layer of a store from end to end. What is wrong is told, layer by layer; it changes nothing. */
export async function verifyStore(
  driver: GraphDriver,
  options: CallOptions & { readonly onLayer?: (layer: LayerInfo) => void } = {},
): Promise<readonly StoreProblem[]> {
  const problems: StoreProblem[] = [];
  for (const layer of await driver.list()) {
    if (options.signal?.aborted) throw new LayerscopeError('CANCELLED', 'cancelled');
    options.onLayer?.(layer);
    if (layer.state !== 'ready') {
      problems.push({ id: layer.id, message: layer.problem ?? layer.state });
      continue;
    }
    try {
      await pipeline(driver.diff(layer.id, options), new Writable({ write: (_bytes, _encoding, done) => done() }));
    } catch (error) {
      const told = asLayerscopeError(error);
      if (told.code === 'CANCELLED') throw told;
      problems.push({ id: layer.id, message: `${told.code}: ${told.message}` });
    }
  }
  return problems;
}
