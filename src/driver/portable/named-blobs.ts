// Which blobs the images of a layout name: those that stay when nothing else does.
import { readFile } from 'node:fs/promises';
import { onDisk, statsOf } from './durable.ts';

/** More than any manifest or index is. */
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 20;

/** Adds every digest that a document speaks of, and those in the documents that it names. `blobFile`: where a blob is. */
export async function addNamedBlobs(document: unknown, blobFile: (digest: string) => string, named: Set<string>, depth = 0): Promise<void> {
  if (depth > MAX_DEPTH) return;
  for (const [, digest] of JSON.stringify(document ?? null).matchAll(/"(sha256:[0-9a-f]{64})"/g)) {
    if (digest === undefined || named.has(digest)) continue;
    named.add(digest);
    const stats = await statsOf(blobFile(digest));
    if (stats === null || stats.size > MAX_DOCUMENT_BYTES) continue;
    const bytes = await onDisk(() => readFile(blobFile(digest)));
    if (bytes[0] !== 0x7b) continue;
    try {
      await addNamedBlobs(JSON.parse(bytes.toString('utf8')), blobFile, named, depth + 1);
    } catch (error) {
      // A layer that begins like a document.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
}
