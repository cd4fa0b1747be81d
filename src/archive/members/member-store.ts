import { displayText, LayerscopeError } from '#model';
import type { SourceFile } from '../blob/source-file.ts';

/** Largest manifest, index or config that is read; real ones have some kilobytes, and registries take 4 MB at most. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** All documents of one archive together, those read twice counted twice. */
const MAX_DOCUMENTS_BYTES = 64 * 1024 * 1024;

/** Where a member of an archive, or a file of a layout, lies. */
export interface StoredRange {
  readonly path: string;
  readonly start: number;
  readonly length: number;
  readonly identity: string | null;
  /** Stays the same while the file does; empty: there is nothing to go by. */
  readonly key: string;
}

/** The members of an archive by name, links inside it followed. Names are latin1 strings of the raw bytes, in normal form. */
export interface MemberStore {
  /** Null: no such member, or no file. Throws PATH_ESCAPE for links that lead out or in a circle, TRUNCATED where its end is missing. */
  find(name: string): StoredRange | null;
  /** Names of all files. */
  names(): Iterable<string>;
  /** The first bytes of a range. Throws IO. */
  head(range: StoredRange, count: number): Uint8Array;
}

/** A name as the store keeps it: no `./`, no empty components, no `/` at either end. Null where it climbs, or has a NUL, as no file has. */
export function normalName(name: string): string | null {
  if (name.includes('\0')) return null;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? null : parts.join('/');
}

/** Name in the store of a blob; empty for a descriptor without a digest. */
export function blobName(digest: string): string {
  return digest === '' ? '' : `blobs/${digest.replace(':', '/')}`;
}

/** A manifest's path, which is UTF-8 text, as the store's latin1. */
export function storeName(path: string): string {
  return Buffer.from(path, 'utf8').toString('latin1');
}

/** What is read: `statement` of what is looked at but not kept, which may use up no room that the archive's own documents need. */
type DocumentKind = 'document' | 'statement';

const spent: Readonly<Record<DocumentKind, WeakMap<MemberStore, number>>> = { document: new WeakMap(), statement: new WeakMap() };

/** Who reads an archive's documents once more has as much room as the first time. */
export function renewDocuments(store: MemberStore): void {
  spent.document.delete(store);
}

/** Whoever writes a layout replaces its index whole: one that was replaced while it was looked at is looked at again, so often at most. */
const MAX_LOOKS = 5;

/** All of a small member. Throws TOO_LARGE, and what {@link MemberStore.find} does. Null: no such member. */
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
