// Which blobs the images of a layout name: those that stay when nothing else does.
import { open } from 'node:fs/promises';
import { algorithmOf, Digester } from '#archive';
import { LayerscopeError } from '#model';
import { onDisk, readOwnFile, statsOf } from './durable.ts';

/** More than any manifest or index is. */
const MAX_DOCUMENT_BYTES = 32 * 1024 * 1024;
const MAX_DEPTH = 20;

/**
 * Adds every digest that a document speaks of, and those in the documents that it names. `blobFile`: where a blob is. DIGEST_MISMATCH where a
 * manifest or an index isn't what it was: what it named can't be known then.
 */
export async function addNamedBlobs(document: unknown, blobFile: (digest: string) => string, named: Set<string>, depth = 0): Promise<void> {
  if (depth > MAX_DEPTH) return;
  const manifests = manifestsOf(document);
  for (const [, digest] of JSON.stringify(document ?? null).matchAll(/"(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})"/g)) {
    if (digest === undefined || named.has(digest)) continue;
    named.add(digest);
    const stats = await statsOf(blobFile(digest));
    const isManifest = manifests.has(digest);
    if (stats === null || (!isManifest && (!stats.isFile() || stats.size > MAX_DOCUMENT_BYTES))) continue;
    const bytes = await documentAt(blobFile(digest), isManifest);
    if (bytes === null) continue;
    if (isManifest) refuseOther(digest, bytes);
    await addNamedBlobs(parsed(bytes), blobFile, named, depth + 1);
  }
}

/** Digests of what an index lists. */
function manifestsOf(document: unknown): Set<string> {
  const { manifests } = (document ?? {}) as { manifests?: unknown };
  const entries = Array.isArray(manifests) ? (manifests as readonly unknown[]) : [];
  return new Set(entries.map((entry) => String((entry as { digest?: unknown } | null)?.digest ?? '')));
}

function refuseOther(digest: string, bytes: Uint8Array): void {
  const digester = new Digester(algorithmOf(digest));
  digester.update(bytes);
  const found = digester.finish();
  if (found !== digest) throw new LayerscopeError('DIGEST_MISMATCH', `manifest ${digest}: its content is ${found}`);
}

/** Null for a layer that begins like a document. */
function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

/** All of a file that is a document: it begins as a JSON object, or is listed as one; null for others. */
async function documentAt(file: string, isManifest: boolean): Promise<Buffer | null> {
  if (!isManifest) {
    const begins = await onDisk(async () => {
      await using handle = await open(file, 'r');
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, 0);
      return bytesRead === 1 && buffer[0] === 0x7b;
    });
    if (!begins) return null;
  }
  return readOwnFile(file, MAX_DOCUMENT_BYTES);
}
