import type { LayerscopeError, Rest } from '#model';
import type { JarBudget } from './jars/jar-budget.ts';

/** Files as seen at one layer, for readers of databases. Paths are relative to the image's root, as text or as raw bytes. */
export interface SeenFiles {
  /** What may be read of all jars. */
  readonly jars: JarBudget;
  /** To be awaited in every loop over what files list. */
  readonly rest: Rest;
  /** Names in a folder, in no particular order; none if it isn't there. Names that aren't UTF-8 are left out. */
  names(folder: string | Uint8Array): readonly string[];
  has(path: string | Uint8Array): boolean;
  /**
   * Parses a file; null if it isn't there, isn't a file, is larger than `maxBytes`, or can't be read, which is reported as a problem. The
   * result is kept and shared by all layers that show the same file, so `parse` must always be the same function.
   */
  parsed<T>(path: string | Uint8Array, maxBytes: number, parse: (bytes: Uint8Array) => T): Promise<T | null>;
  /** Like {@link parsed}, but nothing is kept: for files that are parsed together with others or with their path. */
  bytes(path: string | Uint8Array, maxBytes: number): Promise<Uint8Array | null>;
  /** Reports that a file could only be read in part. */
  report(path: Uint8Array, error: LayerscopeError): void;
  /** Opens a file of any size; null if it isn't there or isn't a file. */
  open(path: Uint8Array): Content | null;
}

/** A file's content, read in any order. */
export interface Content {
  readonly size: number;
  /** The bytes from `offset`; fewer than `length` at the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Decompressors. They return null for damaged data and for more than `maxBytes` of output. */
export interface Inflaters {
  inflateRaw(bytes: Uint8Array, maxBytes: number): Uint8Array | null;
  inflateZlib(bytes: Uint8Array, maxBytes: number): Uint8Array | null;
  inflateZstd(bytes: Uint8Array, maxBytes: number): Uint8Array | null;
}

/** A file's content that is in memory. */
export function contentOf(bytes: Uint8Array): Content {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/** A stretch of a file's content, as a content of its own. */
export function contentWithin({ read }: Content, start: number, size: number): Content {
  return {
    size,
    read: (offset, length) => read(start + offset, Math.max(0, Math.min(length, size - offset))),
  };
}
