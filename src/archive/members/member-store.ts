import { type Compression, displayText, LayerscopeError } from '#model';
import { detectCompression, MAGIC_BYTES } from '../blob/compression.ts';
import type { OpenBytes } from '../blob/source-file.ts';
import type { ArrivingBlob, SplitPlace } from '../types.ts';

/** Maximum size of a manifest, index or config, in bytes. Real ones take a few kilobytes, and registries accept at most 4 MB. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** Maximum total size of an archive's documents. A document that is read twice counts twice. */
export const MAX_DOCUMENTS_BYTES = 64 * 1024 * 1024;

/** Location of an archive's member or of a layout's file. */
export interface StoredRange {
  readonly path: string;
  readonly start: number;
  readonly length: number;
  readonly identity: string | null;
  /** A key that changes whenever the file does; empty if changes can't be detected. */
  readonly key: string;
  /** Set if the bytes have yet to arrive. */
  readonly arriving?: ArrivingBlob;
  /** See {@link BlobSource.split}. */
  readonly split?: SplitPlace;
}

/** The members of an archive by name; links inside the archive are followed. Names are raw bytes as latin1 strings, normalized. */
export interface MemberStore {
  /**
   * Finds a member; null if there is no such file. Throws PATH_ESCAPE for links that lead outside or in a circle, TRUNCATED if the end of
   * the file is missing.
   */
  find(name: string): StoredRange | null;
  /** Yields the names of all files. */
  names(): Iterable<string>;
  /** Reads the first bytes of a range. Throws IO. */
  head(range: StoredRange, count: number): Uint8Array;
  /** Defaults to {@link ARCHIVE_BOUNDS}. */
  readonly bounds?: DocumentBounds | undefined;
}

/** Limits on reading a store of members. */
export interface DocumentBounds {
  /** How many times the usual number of images, layers and steps, and the usual size of index.json, is accepted. */
  readonly times: number;
  /** Whether each document is a file, which can be read again. If so, only repeated reads count towards the limit on all documents. */
  readonly areFiles: boolean;
}

const ARCHIVE_BOUNDS: DocumentBounds = { times: 1, areFiles: false };
export const FOLDER_BOUNDS: DocumentBounds = { times: 1, areFiles: true };
/**
 * Bounds for a layout that is this program's own store. A store that has grown too large must stay readable, so that images can be removed.
 */
export const STORE_BOUNDS: DocumentBounds = { times: 16, areFiles: true };

/** Returns the bounds that apply to a store's documents. */
export function boundsOf({ bounds = ARCHIVE_BOUNDS }: MemberStore): DocumentBounds {
  return bounds;
}

/**
 * Returns a blob's compression, detected from its first bytes, or as stated in its manifest if the first bytes have yet to arrive. Throws
 * IO.
 */
export function compressionAt(store: MemberStore, range: StoredRange): Compression {
  return range.arriving?.compression ?? detectCompression(store.head(range, MAGIC_BYTES));
}

/** Normalizes a name: no `./`, no empty components, no `/` at either end. Null if it contains `..` or a NUL. */
export function normalName(name: string): string | null {
  if (name.includes('\0')) return null;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? null : parts.join('/');
}

/** Returns the name of a blob in the store; empty for an empty digest. */
export function blobName(digest: string): string {
  return digest === '' ? '' : `blobs/${digest.replace(':', '/')}`;
}

/** Converts a path in a manifest, which is UTF-8, to the store's latin1. */
export function storeName(path: string): string {
  return Buffer.from(path, 'utf8').toString('latin1');
}

/** Kind of document. A `statement` is inspected but not kept, and doesn't use up the limit for the archive's own documents. */
type DocumentKind = 'document' | 'statement';

const spent: Readonly<Record<DocumentKind, WeakMap<MemberStore, number>>> = { document: new WeakMap(), statement: new WeakMap() };
/** Files that were read as documents, by store. */
const seen = new WeakMap<MemberStore, Set<string>>();

/** Resets the limit on the total size of documents, for reading them again. */
export function renewDocuments(store: MemberStore): void {
  spent.document.delete(store);
  seen.delete(store);
}

/** A layout's index is always replaced as a whole. If that happens while it is read, it is read again, up to this many times. */
const MAX_LOOKS = 5;

/** Reads a small member; null if there is none. Throws TOO_LARGE, and what {@link MemberStore.find} throws. */
export function readDocument(store: MemberStore, name: string, kind: DocumentKind = 'document'): Uint8Array | null {
  for (let look = 1; ; look++) {
    const range = store.find(name);
    if (range === null) return null;
    try {
      return readAll(store, name, range, kind);
    } catch (error) {
      if (look === MAX_LOOKS || store.find(name)?.key === range.key) throw error;
    }
  }
}

function readAll(store: MemberStore, name: string, range: StoredRange, kind: DocumentKind): Uint8Array {
  const limit = MAX_DOCUMENT_BYTES * (name === 'index.json' ? boundsOf(store).times : 1);
  if (range.length > limit) {
    throw new LayerscopeError('TOO_LARGE', `${displayText(name)} has ${range.length} bytes; the limit for a document is ${limit}`);
  }
  const sum = (spent[kind].get(store) ?? 0) + (isFirstRead(store, range) ? 0 : range.length);
  if (sum > MAX_DOCUMENTS_BYTES) throw new LayerscopeError('TOO_LARGE', `more than ${MAX_DOCUMENTS_BYTES} bytes of manifests and configs`);
  spent[kind].set(store, sum);
  return store.head(range, range.length);
}

/** Whether a document is a file that is read for the first time. */
function isFirstRead(store: MemberStore, { path }: StoredRange): boolean {
  if (!boundsOf(store).areFiles) return false;
  const files = seen.get(store) ?? new Set();
  seen.set(store, files);
  const isFirst = !files.has(path);
  files.add(path);
  return isFirst;
}

export function readHead(file: OpenBytes, start: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  return bytes.subarray(0, file.read(bytes, start, count));
}
