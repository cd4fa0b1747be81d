import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { Archive, ArchiveReader } from '#archive';
import { openNamed, openStored, sourceName } from '#engine';
import { makeMarkedFolder } from '#files';
import { parseImageWord } from '#format/reference';
import { displayText } from '#model';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import { hasStore, noStore, openStore } from './open-store.ts';

/**
 * Opens an IMAGE that isn't a file: `store:ID` if `store` is true, or an image by its name. `asFile` opens it as a file, which produces the
 * right error if it can't be anything else. Throws what `openNamed` and {@link openStored} throw.
 */
export async function openWord(
  reader: ArchiveReader,
  context: Context,
  args: Arguments,
  image: string,
  {
    store,
    isForListing = false,
    asFile,
  }: { readonly store: boolean; readonly isForListing?: boolean; readonly asFile: () => Promise<Archive> },
): Promise<Archive> {
  const word = parseImageWord(image);
  if (word.kind === 'file') return asFile();
  if (word.kind === 'store') return store ? openFromStore(reader, context, args, word.id) : asFile();
  const { signal, progress } = context;
  // Loaded only here: opening an image from a store doesn't need the network's modules.
  const { userSources } = await import('./user-sources.ts');
  const named = await openNamed(word, userSources(args), {
    reader,
    signal,
    onProgress: progress.update,
    platform: args.value('platform'),
    isForListing,
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
