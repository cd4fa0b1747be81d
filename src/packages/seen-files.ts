import type { LayerscopeError, Rest } from '#model';
import type { JarBudget } from './jars/jar-budget.ts';

/** Files as seen at one layer, for readers of databases. Paths are relative to the image's root, as strings or raw bytes. */
export interface SeenFiles {
  /** Limits for all jars together. */
  readonly jars: JarBudget;
  /** Must be awaited in every loop over data from a file. */
  readonly rest: Rest;
  /** Lists the names in a folder, in no particular order; none if it doesn't exist. Leaves out names that aren't UTF-8. */
  names(folder: string | Uint8Array): readonly string[];
  has(path: string | Uint8Array): boolean;
  /**
   * Parses a file; null if it doesn't exist, isn't a file, is larger than `maxBytes`, or can't be read, which is reported as a problem. The
   * result is cached and shared by all layers that show the same file, so `parse` must always be the same function.
   */
  parsed<T>(path: string | Uint8Array, maxBytes: number, parse: (bytes: Uint8Array) => T): Promise<T | null>;
  /** Like {@link parsed}, but without parsing or caching: for files that are parsed together with others or with their path. */
  bytes(path: string | Uint8Array, maxBytes: number): Promise<Uint8Array | null>;
  /** Reports that a file could be read only in part. */
  report(path: Uint8Array, error: LayerscopeError): void;
  /** Opens a file of any size; null if it doesn't exist or isn't a file. */
  open(path: Uint8Array): Content | null;
}

/** A file's content, which can be read in any order. */
export interface Content {
  readonly size: number;
  /** Reads bytes from `offset` on; fewer than `length` at the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Decompressors. They return null for damaged data, and if the output exceeds `maxBytes`. */
export interface Inflaters {
  inflateRaw(bytes: Uint8Array, maxBytes: number): Uint8Array | null;
  inflateZlib(bytes: Uint8Array, maxBytes: number): Uint8Array | null;
  inflateZstd(bytes: Uint8Array, maxBytes: number): Uint8Array | null;
}

/** Returns a file's content that is already in memory. */
export function contentOf(bytes: Uint8Array): Content {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/** Returns part of a file's content, with offsets that are relative to that part. */
export function contentWithin({ read }: Content, start: number, size: number): Content {
  return {
    size,
    read: (offset, length) => read(start + offset, Math.max(0, Math.min(length, size - offset))),
  };
}
