import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { type Archive, type ArchiveReader, createReader } from '#archive';
import { cacheFolder, openStored } from '#engine';
import type { Arguments } from './arguments.ts';
import { usageError } from './arguments.ts';
import type { Context } from './context.ts';
import { workerUrl } from './installation.ts';
import { hasStore, noStore, openStore } from './open-store.ts';

/** An open archive and its reader. Dispose of it. */
export interface Input extends AsyncDisposable {
  readonly reader: ArchiveReader;
  readonly archive: Archive;
}

const STORED = 'store:';

/**
 * Opens IMAGE: a file or folder, `-` for standard input, or `store:ID` for an image or layer of a store, unless `store` is false. Throws
 * what {@link ArchiveReader.open} does; USAGE if standard input is a terminal.
 */
export async function openInput(context: Context, args: Arguments, image: string, { store = true } = {}): Promise<Input> {
  const worker = workerUrl();
  const reader = createReader({
    cacheFolder: args.flag('no-cache') ? null : cacheFolder(),
    workers: availableParallelism(),
    ...(worker === undefined ? {} : { workerUrl: worker }),
  });
  try {
    const archive =
      store && image.startsWith(STORED) ? await openFromStore(reader, context, args, image) : await openFile(reader, context, args, image);
    return {
      reader,
      archive,
      async [Symbol.asyncDispose]() {
        await archive[Symbol.asyncDispose]();
        await reader[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

/** Layers that the store doesn't keep as blobs are written to a temporary folder, which is removed with the archive. */
async function openFromStore(reader: ArchiveReader, { signal }: Context, args: Arguments, image: string): Promise<Archive> {
  if (!(await hasStore(args))) throw noStore(args);
  const driver = await openStore(args, true);
  const folder = await mkdtemp(path.join(tmpdir(), 'layerscope-store-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  try {
    const archive = await openStored(reader, driver, image.slice(STORED.length), folder, { signal });
    return {
      ...archive,
      async [Symbol.asyncDispose]() {
        await archive[Symbol.asyncDispose]();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

async function openFile(reader: ArchiveReader, { signal, progress }: Context, args: Arguments, image: string): Promise<Archive> {
  const options = { signal, onProgress: progress.update, followLinks: args.flag('follow-links') };
  if (image !== '-') return reader.open(image, options);
  if (process.stdin.isTTY) throw usageError('standard input is a terminal: pipe an image into it');
  const abandon = (): void => {
    process.stdin.destroy();
  };
  signal.addEventListener('abort', abandon, { once: true });
  return reader.openStream(process.stdin, 'standard input', options);
}
