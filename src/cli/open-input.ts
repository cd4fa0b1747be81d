import { fstatSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Archive, type ArchiveReader, createReader } from '#archive';
import { cacheFolder } from '#engine/cache-folder';
import { displayText, LayerscopeError } from '#model';
import type { Arguments } from './arguments.ts';
import { usageError } from './arguments.ts';
import type { Context } from './context.ts';
import { workerUrl } from './installation.ts';
import { isThere } from './is-there.ts';

/** An open archive and its reader. The caller disposes of it. */
export interface Input extends AsyncDisposable {
  readonly reader: ArchiveReader;
  readonly archive: Archive;
}

interface OpenInputOptions {
  /** Whether to open `store:ID` as an image or layer of a store. Default: true. */
  readonly store?: boolean;
  /** Whether only the layers' listings are needed, not file contents. Default: false. */
  readonly isForListing?: boolean;
}

/**
 * Opens IMAGE: an existing file or folder, `-` for standard input, `store:ID` for an image or layer of a store (unless `store` is false),
 * or the name of an image. Throws what {@link ArchiveReader.open} and `openNamed` throw; USAGE if standard input is a terminal.
 */
export async function openInput(context: Context, args: Arguments, image: string, options: OpenInputOptions = {}): Promise<Input> {
  const reader = readerFor(args, { callerReads: true });
  try {
    const archive = await openImage(reader, context, args, image, options);
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

/** Creates this process's reader. The caller disposes of it. For the options see {@link ReaderOptions}. */
export function readerFor(args: Arguments, options: { readonly callerReads: boolean; readonly sumKey?: Uint8Array }): ArchiveReader {
  const worker = workerUrl();
  return createReader({
    cacheFolder: args.flag('no-cache') ? null : cacheFolder(),
    workers: availableParallelism(),
    ...options,
    ...(worker === undefined ? {} : { workerUrl: worker }),
  });
}

/** Prefixes of image names. */
const SCHEME = /^(?:docker|podman|containerd|container|registry|store):/;

/** Opens IMAGE with a reader, as {@link openInput} does. The caller disposes of the archive, and then of the reader. */
export async function openImage(
  reader: ArchiveReader,
  context: Context,
  args: Arguments,
  image: string,
  { store = true, isForListing = false }: OpenInputOptions = {},
): Promise<Archive> {
  const asFile = (): Promise<Archive> => openFile(reader, context, args, image);
  if (image === '-' || isThere(image)) {
    // The user may mean the image: a checkout from somebody else may contain a file with this name.
    if (SCHEME.test(image)) context.warn(`${displayText(image)} is read as a file, because a file of that name exists`);
    return asFile();
  }
  // Names need the modules for stores and engines, which take longer to load than most files take to read.
  const { openWord } = await import('./open-word.ts');
  return openWord(reader, context, args, image, { store, isForListing, asFile });
}

async function openFile(reader: ArchiveReader, { signal, progress }: Context, args: Arguments, image: string): Promise<Archive> {
  const options = { signal, onProgress: progress.update, followLinks: args.flag('follow-links') };
  if (image !== '-') {
    return reader.open(image, options).catch(async (error: unknown) => {
      if (!(error instanceof LayerscopeError) || error.code !== 'NOT_AN_IMAGE') throw error;
      // Loaded only after a failure, because opening an image doesn't need it.
      const { looksLikeCatalog } = await import('#catalog/layout');
      if (!looksLikeCatalog(image)) throw error;
      throw new LayerscopeError('NOT_AN_IMAGE', `${displayText(image)} is a catalog: use layerscope catalog query --from, open or serve`);
    });
  }
  if (process.stdin.isTTY) throw usageError('standard input is a terminal: pipe an image into it');
  const abandon = (): void => {
    process.stdin.destroy();
  };
  signal.addEventListener('abort', abandon, { once: true });
  return reader.openStream(process.stdin, 'standard input', { ...options, isDevice: fstatSync(process.stdin.fd).isCharacterDevice() });
}
