import { lstat, open } from 'node:fs/promises';
import { Digester } from '#archive';
import { readSettings, writePieces, writeWhole } from '#files';
import { throwIfCancelled } from '#model';
import { replaceNamed } from './named-file.ts';

/**
 * Writes a file to a path that the user chose. An existing file is replaced only once the new one is complete, and is left unchanged on
 * failure. Nobody who couldn't read the old file can read the new one. Returns the digest of the bytes written, `sha256:…`. Throws IO,
 * PERMISSION, CANCELLED, and whatever `pieces` throws.
 */
export async function saveFile(
  target: string,
  pieces: AsyncIterable<Uint8Array>,
  { signal, onBytes }: { readonly signal: AbortSignal; readonly onBytes?: (doneBytes: number) => void },
): Promise<string> {
  return replaceNamed(target, async (unfinished) => {
    const digester = new Digester('sha256');
    const old = await lstat(target).catch(() => null);
    await using handle = await open(unfinished, 'wx', old?.isFile() ? old.mode & 0o644 : 0o644);
    let done = 0;
    const watched = async function* (): AsyncGenerator<Uint8Array> {
      for await (const bytes of pieces) {
        throwIfCancelled(signal);
        digester.update(bytes);
        yield bytes;
        done += bytes.length;
        onBytes?.(done);
      }
    };
    await writePieces(handle, watched());
    throwIfCancelled(signal);
    return digester.finish();
  });
}

/** Replaces one of the program's own small files, readable by this user only. Throws IO, PERMISSION. */
export async function saveText(file: string, text: string): Promise<void> {
  await replaceNamed(file, writeWhole(text));
}

/** Reads one of the program's own small JSON files; null if it is missing, malformed or not a regular file. */
export function readSaved(file: string): unknown {
  try {
    return JSON.parse(readSettings(file)?.toString('utf8') ?? 'null');
  } catch {
    return null;
  }
}
