// What a user does with a store of layers, over any graph driver.
import { randomBytes } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { addAbortSignal, type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { plainTarOf } from '#archive';
import type { ApplyOptions, BlobStore, CallOptions, GraphDriver, LayerInfo, TarSource } from '#driver';
import { asLayerscopeError, LayerscopeError, throwIfCancelled } from '#model';
import { placeNew } from '../../export/place-file.ts';

/** Where a layer's tar comes from: a file, or a stream such as standard input. */
export type LayerTar = { readonly file: string } | { readonly stream: Readable } | { readonly pieces: AsyncIterable<Uint8Array> };

/** The plain tar of a file, whatever packs it. Streams are plain; one that nothing comes from ends too when it is stopped. */
function plainTar(source: LayerTar, signal: AbortSignal | undefined): TarSource {
  if ('pieces' in source) return source.pieces;
  if ('file' in source) return plainTarOf(source.file, { signal });
  if (signal !== undefined) addAbortSignal(signal, source.stream);
  return source.stream as AsyncIterable<Uint8Array>;
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
  if (driver.blobs !== undefined) {
    const source = 'file' in layer.tar ? layer.tar : { tar: plainTar(layer.tar, options.signal) };
    return driver.blobs.add(layer.id, layer.parent, source, options);
  }
  await driver.create(layer.id, layer.parent, options);
  try {
    return await driver.applyDiff(layer.id, plainTar(layer.tar, options.signal), options);
  } catch (error) {
    // The driver has taken the layer away already, unless it failed before it looked at it.
    if (await driver.exists(layer.id)) await driver.remove(layer.id);
    throw error;
  }
}

/** Writes a layer into a new file, as it is kept: a blob as it came, else its tar. EXISTS where there is one. Nothing is left of a failure. */
export async function exportLayer(
  driver: GraphDriver,
  id: string,
  file: string,
  options: CallOptions = {},
): Promise<{ readonly bytes: number }> {
  if (driver.blobs === undefined) return { bytes: await writeNewFile(file, driver.diff(id, options)) };
  const written = await placeBlob(driver.blobs, id, file, options);
  return written ?? { bytes: await writeNewFile(file, driver.diff(id, options)) };
}

/** Null: the driver keeps the layer otherwise. */
async function placeBlob(blobs: BlobStore, id: string, file: string, options: CallOptions): Promise<{ readonly bytes: number } | null> {
  let isKept = true;
  try {
    return await placeNew(file, async (unfinished) => {
      const written = await blobs.write(id, unfinished, options);
      isKept = written !== null;
      if (written === null) throw new LayerscopeError('NOT_FOUND', 'no blob');
      return written;
    });
  } catch (error) {
    if (!isKept) return null;
    throw error;
  }
}

/** Writes a new file, durably; returns its bytes. EXISTS where there is one; nothing is left of a failure, and of a kill nothing of its name. */
export async function writeNewFile(file: string, pieces: AsyncIterable<Uint8Array>): Promise<number> {
  return placeNew(file, async (unfinished) => {
    let bytes = 0;
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const piece of pieces) {
        bytes += piece.length;
        yield piece;
      }
    };
    await using handle = await open(unfinished, 'wx');
    // Each piece is written before the next is asked for.
    await handle.writeFile(counted());
    await handle.sync();
    return bytes;
  });
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
    throwIfCancelled(options.signal);
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
  for (const { name, message } of (await driver.images?.verify(options)) ?? []) problems.push({ id: name, message });
  return problems;
}
