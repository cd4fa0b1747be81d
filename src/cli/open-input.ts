import { availableParallelism } from 'node:os';
import { type Archive, createReader, type Reader } from '#archive';
import { cacheFolder } from '#engine';
import type { Arguments } from './arguments.ts';
import { usageError } from './arguments.ts';
import type { Context } from './context.ts';
import { workerUrl } from './installation.ts';

/** An image file that a command reads, and the reader that reads it. Dispose of it. */
export interface Input extends AsyncDisposable {
  readonly reader: Reader;
  readonly archive: Archive;
}

/** Opens what IMAGE names; `-` is standard input. Errors as {@link Reader.open}; USAGE where standard input is a terminal. */
export async function openInput(context: Context, args: Arguments, image: string): Promise<Input> {
  const worker = workerUrl();
  const reader = createReader({
    cacheFolder: args.flag('no-cache') ? null : cacheFolder(),
    workers: availableParallelism(),
    ...(worker === undefined ? {} : { workerUrl: worker }),
  });
  try {
    const archive = await openArchive(reader, context, image);
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

async function openArchive(reader: Reader, { signal, progress }: Context, image: string): Promise<Archive> {
  const options = { signal, onProgress: progress.update };
  if (image !== '-') return reader.open(image, options);
  if (process.stdin.isTTY) throw usageError('standard input is a terminal: pipe an image into it');
  const abandon = (): void => {
    process.stdin.destroy();
  };
  signal.addEventListener('abort', abandon, { once: true });
  return reader.openStream(process.stdin, 'standard input', options);
}
