// Which blobs the images of a layout name: those that stay when nothing else does.
import { open } from 'node:fs/promises';
import { onDisk, statsOf } from './durable.ts';

/** More than any manifest or index is. */
const MAX_DOCUMENT_BYTES = 32 * 1024 * 1024;
const MAX_DEPTH = 20;

/** Adds every digest that a document speaks of, and those in the documents that it names. `blobFile`: where a blob is. */
export async function addNamedBlobs(document: unknown, blobFile: (digest: string) => string, named: Set<string>, depth = 0): Promise<void> {
  if (depth > MAX_DEPTH) return;
  for (const [, digest] of JSON.stringify(document ?? null).matchAll(/"(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})"/g)) {
    if (digest === undefined || named.has(digest)) continue;
    named.add(digest);
    const stats = await statsOf(blobFile(digest));
    if (stats === null || stats.size > MAX_DOCUMENT_BYTES) continue;
    const bytes = await onDisk(() => documentAt(blobFile(digest)));
    if (bytes === null) continue;
    try {
      await addNamedBlobs(JSON.parse(bytes.toString('utf8')), blobFile, named, depth + 1);
    } catch (error) {
      // A layer that begins like a document.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
}

/** All of a file that begins as a JSON object; null for others. */
async function documentAt(file: string): Promise<Buffer | null> {
  await using handle = await open(file, 'r');
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, 0);
  return bytesRead === 1 && buffer[0] === 0x7b ? await handle.readFile() : null;
}
