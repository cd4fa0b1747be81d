// Moves layers into and out of a store, with any graph driver.
import { randomBytes } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { addAbortSignal, type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { plainTarOf } from '#archive';
import type { ApplyOptions, BlobStore, CallOptions, GraphDriver, LayerInfo, TarSource } from '#driver';
import { writePieces } from '#files';
import { asLayerscopeError, displayText, type ErrorCode, fileError, LayerscopeError, throwIfCancelled } from '#model';
import { createNamed } from '../../export/named-file.ts';

/** Source of a layer's tar: a file, or a stream such as standard input. */
export type LayerTar = { readonly file: string } | { readonly stream: Readable } | { readonly pieces: AsyncIterable<Uint8Array> };

/**
 * Yields the plain tar of a file with any compression. Streams must be plain already; aborting ends even a stream that never sends
 * anything.
 */
function plainTar(source: LayerTar, signal: AbortSignal | undefined): TarSource {
  if ('pieces' in source) return source.pieces;
  if ('file' in source) return plainTarOf(source.file, { signal });
  if (signal !== undefined) addAbortSignal(signal, source.stream);
  return source.stream as AsyncIterable<Uint8Array>;
}

/** Creates an id like those of Docker's layers: 64 random hexadecimal digits. */
export function newLayerId(): string {
  return randomBytes(32).toString('hex');
}

/** Creates a layer on `parent` from a tar. A failure or cancellation leaves nothing behind. Throws the errors of {@link GraphDriver}. */
export async function importLayerTar(
  driver: GraphDriver,
  layer: { readonly id: string; readonly parent: string | null; readonly tar: LayerTar },
  options: ApplyOptions = {},
): Promise<{ readonly sizeBytes: number }> {
  if (!('file' in layer.tar)) return addLayer(driver, layer, options);
  const { file } = layer.tar;
  try {
    await stat(file);
  } catch (error) {
    throw fileError(error, file);
  }
  try {
    return await addLayer(driver, layer, options);
  } catch (error) {
    if (!(error instanceof LayerscopeError) || !CONTENT_ERRORS.has(error.code)) throw error;
    const { code, message, offset } = error;
    throw new LayerscopeError(code, `${displayText(file)}: ${message}`, { cause: error, ...(offset === undefined ? {} : { offset }) });
  }
}

/** Codes of errors about the contents of the file. */
const CONTENT_ERRORS: ReadonlySet<ErrorCode> = new Set(['BAD_TAR', 'TRUNCATED', 'DAMAGED']);

async function addLayer(
  driver: GraphDriver,
  layer: { readonly id: string; readonly parent: string | null; readonly tar: LayerTar },
  options: ApplyOptions,
): Promise<{ readonly sizeBytes: number }> {
  if (driver.blobs !== undefined) {
    const source = 'file' in layer.tar ? layer.tar : { tar: plainTar(layer.tar, options.signal) };
    return driver.blobs.add(layer.id, layer.parent, source, options);
  }
  await driver.create(layer.id, layer.parent, options);
  try {
    return await driver.applyDiff(layer.id, plainTar(layer.tar, options.signal), options);
  } catch (error) {
    // The driver has already removed the layer, unless it failed before starting on it.
    if (await driver.exists(layer.id)) await driver.remove(layer.id);
    throw error;
  }
}

/**
 * Writes a layer to a new file: the stored blob if the driver keeps blobs, otherwise its tar. A failure leaves nothing behind. Throws
 * EXISTS.
 */
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

/** Copies a layer's blob to a file; null if the driver doesn't store this layer as a blob. */
async function placeBlob(blobs: BlobStore, id: string, file: string, options: CallOptions): Promise<{ readonly bytes: number } | null> {
  let isKept = true;
  try {
    return await createNamed(file, async (unfinished) => {
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

/**
 * Writes a new file durably and returns its size in bytes; see {@link writePieces} for `areKept`. A failure leaves nothing behind; if the
 * process is killed, no file of that name exists. Throws EXISTS.
 */
export async function writeNewFile(
  file: string,
  pieces: AsyncIterable<Uint8Array>,
  options: { readonly areKept?: boolean } = {},
): Promise<number> {
  return createNamed(file, async (unfinished) => {
    await using handle = await open(unfinished, 'wx');
    return await writePieces(handle, pieces, options);
  });
}

/** A problem with a layer or image of a store; `id` is the layer's id or the image's name. */
export interface StoreProblem {
  readonly id: string;
  readonly message: string;
}

/** Reads every layer and checks every image of a store, and returns the problems. Changes nothing. Throws CANCELLED. */
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
      const failure = asLayerscopeError(error);
      if (failure.code === 'CANCELLED') throw failure;
      problems.push({ id: layer.id, message: `${failure.code}: ${failure.message}` });
    }
  }
  for (const { name, message } of (await driver.images?.verify(options)) ?? []) problems.push({ id: name, message });
  return problems;
}
