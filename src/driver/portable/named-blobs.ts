// Finds the blobs that a layout's images refer to, which must not be removed.
import { algorithmOf, Digester } from '#archive';
import { LayerscopeError } from '#model';
import { onDisk, openOwnFile, readOwnFile, statsOf } from './own-files.ts';

/** Limit on the size of a document, larger than any real manifest or index. */
const MAX_DOCUMENT_BYTES = 32 * 1024 * 1024;
const MAX_DEPTH = 20;
/** A digest in any form that the specification allows. Source: OCI image spec, descriptor.md, Digests. */
export const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;

/**
 * Adds every digest in a document to `named`, and those in the documents that it refers to, at any depth. `blobFile` returns a blob's path.
 * Throws DIGEST_MISMATCH if a manifest or index has changed, because what it referred to is then unknown.
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

/** Returns the digests in an index's list. */
function manifestsOf(document: unknown): Set<string> {
  const { manifests } = (document ?? {}) as { manifests?: unknown };
  const entries = Array.isArray(manifests) ? (manifests as readonly unknown[]) : [];
  return new Set(entries.map((entry) => textOf((entry as { digest?: unknown } | null)?.digest)));
}

function refuseOther(digest: string, bytes: Uint8Array): void {
  const digester = new Digester(algorithmOf(digest));
  digester.update(bytes);
  const found = digester.finish();
  if (found !== digest) throw new LayerscopeError('DIGEST_MISMATCH', `manifest ${digest}: its content is ${found}`);
}

/** Parses a document that begins with `{`; null if it isn't JSON. */
function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

/** Reads a file that is listed as a manifest or begins like a JSON object; returns null for any other file. */
async function documentAt(file: string, isManifest: boolean): Promise<Buffer | null> {
  if (!isManifest) {
    const begins = await onDisk(async () => {
      await using handle = await openOwnFile(file);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, 0);
      return bytesRead === 1 && buffer[0] === 0x7b;
    });
    if (!begins) return null;
  }
  return readOwnFile(file, MAX_DOCUMENT_BYTES);
}

/**
 * Returns the value if it is a string; otherwise an empty string. Doesn't use `String`, which fails for an object whose `toString` isn't a
 * function.
 */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Whether all entries of an index have a digest. If not, the index is damaged, and what it refers to is unknown. */
export function isWholeIndex(index: unknown): index is { readonly manifests: readonly { readonly digest: string }[] } {
  const { manifests } = (index ?? {}) as { manifests?: unknown };
  return Array.isArray(manifests) && manifests.every((entry) => DIGEST.test(textOf((entry as { digest?: unknown } | null)?.digest)));
}
