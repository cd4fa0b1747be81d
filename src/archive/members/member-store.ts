import { displayText, LayerscopeError } from '#model';
import type { SourceFile } from '../blob/source-file.ts';

/** Size limit of a manifest, index or config. Real ones have some kilobytes, and registries accept at most 4 MB. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** Size limit of all documents of an archive together; one that is read twice counts twice. */
const MAX_DOCUMENTS_BYTES = 64 * 1024 * 1024;

/** Location of an archive's member or of a layout's file. */
export interface StoredRange {
  readonly path: string;
  readonly start: number;
  readonly length: number;
  readonly identity: string | null;
  /** Changes whenever the file does; empty if that can't be detected. */
  readonly key: string;
}

/** The members of an archive by name; links inside the archive are followed. Names are raw bytes as latin1 strings, normalized. */
export interface MemberStore {
  /** Null if there is no such file. Throws PATH_ESCAPE for links that lead outside or in a circle, TRUNCATED if its end is missing. */
  find(name: string): StoredRange | null;
  /** Names of all files. */
  names(): Iterable<string>;
  /** The first bytes of a range. Throws IO. */
  head(range: StoredRange, count: number): Uint8Array;
}

/** Normalizes a name: no `./`, no empty components, no `/` at either end. Null if it contains `..` or a NUL. */
export function normalName(name: string): string | null {
  if (name.includes('\0')) return null;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? null : parts.join('/');
}

/** The name of a blob in the store; empty for an empty digest. */
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

/** Resets the limit on the size of all documents, for reading them again. */
export function renewDocuments(store: MemberStore): void {
  spent.document.delete(store);
}

/** A layout's index is replaced as a whole. If that happens while it is read, it is read again, up to this many times. */
const MAX_LOOKS = 5;

/** Reads a whole small member; null if there is none. Throws TOO_LARGE, and what {@link MemberStore.find} throws. */
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
  if (range.length > MAX_DOCUMENT_BYTES) {
    throw new LayerscopeError('TOO_LARGE', `${displayText(name)}: a document of ${range.length} bytes, the limit is ${MAX_DOCUMENT_BYTES}`);
  }
  const sum = (spent[kind].get(store) ?? 0) + range.length;
  if (sum > MAX_DOCUMENTS_BYTES) throw new LayerscopeError('TOO_LARGE', `more than ${MAX_DOCUMENTS_BYTES} bytes of manifests and configs`);
  spent[kind].set(store, sum);
  return store.head(range, range.length);
}

export function readHead(file: SourceFile, start: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  return bytes.subarray(0, file.read(bytes, start, count));
}
