import { fstatSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { type Archive, type ArchiveReader, createReader } from '#archive';
import { cacheFolder, openNamed, openStored, sourceName } from '#engine';
import { makeMarkedFolder } from '#files';
import { type ImageWord, parseImageWord } from '#format/reference';
import { displayText } from '#model';
import type { Arguments } from './arguments.ts';
import { usageError } from './arguments.ts';
import type { Context } from './context.ts';
import { workerUrl } from './installation.ts';
import { isThere } from './is-there.ts';
import { hasStore, noStore, openStore } from './open-store.ts';

/** An open archive and its reader. The caller disposes of it. */
export interface Input extends AsyncDisposable {
  readonly reader: ArchiveReader;
  readonly archive: Archive;
}

/**
 * Opens IMAGE: a file or folder that exists, `-` for standard input, `store:ID` for an image or layer of a store, unless `store` is false,
 * or an image by its name. Throws what {@link ArchiveReader.open} and `openNamed` throw; USAGE if standard input is a terminal.
 */
export async function openInput(context: Context, args: Arguments, image: string, { store = true } = {}): Promise<Input> {
  const worker = workerUrl();
  const reader = createReader({
    cacheFolder: args.flag('no-cache') ? null : cacheFolder(),
    workers: availableParallelism(),
    readsPlain: true,
    ...(worker === undefined ? {} : { workerUrl: worker }),
  });
  try {
    const archive = await openImage(reader, context, args, image, store);
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

async function openImage(reader: ArchiveReader, context: Context, args: Arguments, image: string, store: boolean): Promise<Archive> {
  const word: ImageWord = image === '-' || isThere(image) ? { kind: 'file', text: image } : parseImageWord(image);
  if (word.kind === 'file') return openFile(reader, context, args, image);
  if (word.kind === 'store') return store ? openFromStore(reader, context, args, word.id) : openFile(reader, context, args, image);
  const { signal, progress } = context;
  // Only names need the network modules, which are slow to load.
  const { userSources } = await import('./user-sources.ts');
  const named = await openNamed(word, userSources(args), {
    reader,
    signal,
    onProgress: progress.update,
    platform: args.value('platform'),
    onNote: (text) => context.note(text),
    reasons: word.kind === 'name' ? ['no such file'] : [],
  });
  if (word.kind === 'name')
    context.note(`${displayText(image)} comes from ${named.source.kind === 'registry' ? 'its registry' : sourceName(named.source)}`);
  return named.archive;
}

/**
 * Opens an image or layer of a store. Layers that aren't stored as blobs are written to a temporary folder, which is removed with the
 * archive.
 */
async function openFromStore(reader: ArchiveReader, { signal }: Context, args: Arguments, id: string): Promise<Archive> {
  if (!(await hasStore(args))) throw noStore(args);
  const driver = await openStore(args, true);
  const folder = makeMarkedFolder(tmpdir(), 'layerscope-store-');
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  try {
    const archive = await openStored(reader, driver, id, folder, { signal });
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
  return reader.openStream(process.stdin, 'standard input', { ...options, isDevice: fstatSync(process.stdin.fd).isCharacterDevice() });
}
