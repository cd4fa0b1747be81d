import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { besideName, Digester, writeError } from '#archive';
import { throwIfCancelled } from '#model';
import { sweepBeside } from './place-file.ts';

/**
 * Writes a file that the user named. An existing file is replaced only once the new one is complete; on failure it is left unchanged.
 * Returns the digest of the bytes written, `sha256:…`. Throws IO, PERMISSION, CANCELLED, and whatever `pieces` throws.
 */
export async function saveFile(
  target: string,
  pieces: AsyncIterable<Uint8Array>,
  { signal, onBytes }: { readonly signal: AbortSignal; readonly onBytes?: (doneBytes: number) => void },
): Promise<string> {
  const unfinished = besideName(target);
  await sweepBeside(path.dirname(unfinished));
  const digester = new Digester('sha256');
  try {
    {
      await using handle = await open(unfinished, 'wx', 0o644);
      let done = 0;
      for await (const bytes of pieces) {
        throwIfCancelled(signal);
        digester.update(bytes);
        await handle.writeFile(bytes);
        done += bytes.length;
        onBytes?.(done);
      }
      await handle.sync();
    }
    throwIfCancelled(signal);
    await rename(unfinished, target);
    return digester.finish();
  } catch (error) {
    await rm(unfinished, { force: true });
    throw writeError(error, target);
  }
}
