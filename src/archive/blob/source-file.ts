import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { refuseUnreadable } from '#files';
import { asLayerscopeError, displayText, fileError, fileKind, LayerscopeError, systemPath, systemWords } from '#model';
import type { ArrivingBlob, BlobSource } from '../types.ts';
import { waitForBytes } from './arrival-cell.ts';

export { fileError as systemError } from '#model';

/** Identifies a file by size, times and inode, so that another file under the same path isn't taken for it. */
export function fileIdentity(stats: BigIntStats): string {
  return `${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}:${stats.ino}`;
}

/**
 * Opens a file for reading and returns its descriptor and stats. Refuses anything but a regular file, because reading a pipe could block
 * forever. Throws the system's error, or IO; PERMISSION if the process is restricted to other folders.
 */
export function openFile(path: string): { readonly descriptor: number; readonly stats: BigIntStats } {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(descriptor, { bigint: true });
    if (!stats.isFile()) throw new LayerscopeError('IO', `${displayText(path)} is ${fileKind(stats)}, not a file`);
    refuseUnreadable(descriptor, path);
    return { descriptor, stats };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Bytes read by offset, from an open file or something that acts like one. The caller disposes of it. */
export interface OpenBytes extends Disposable {
  /** Used in messages. */
  readonly path: string;
  readonly size: number;
  readonly isOpen: boolean;
  /** See {@link SourceFile.read}. */
  read(target: Uint8Array, position: number, length?: number, at?: number): number;
  /** See {@link SourceFile.refuseChanged}. */
  refuseChanged(): void;
}

/** An open file, read by offset. The caller disposes of it. */
export class SourceFile implements OpenBytes {
  readonly path: string;
  readonly size: number;
  readonly identity: string;
  readonly descriptor: number;
  readonly #opened: BigIntStats;
  readonly #isKnown: boolean;
  readonly #arriving: ArrivingBlob | undefined;
  #open = true;

  /**
   * `arriving` is set if the file is still being written. Throws NOT_FOUND, PERMISSION; IO, including if the file doesn't have the given
   * identity.
   */
  constructor(path: string, identity: string | null = null, arriving?: ArrivingBlob) {
    this.path = path;
    this.#arriving = arriving;
    try {
      const { descriptor, stats } = openFile(path);
      this.descriptor = descriptor;
      this.#opened = stats;
    } catch (error) {
      throw fileError(error, path);
    }
    this.size = Number(this.#opened.size);
    this.identity = fileIdentity(this.#opened);
    this.#isKnown = identity !== null;
    if (identity !== null && identity !== this.identity) {
      closeSync(this.descriptor);
      throw new LayerscopeError('IO', `${displayText(path)} has changed since it was opened`);
    }
  }

  /**
   * Call this after reading. Throws IO if the file was modified since it was opened, because the bytes read may be a mix of old and new
   * content.
   */
  refuseChanged(): void {
    // The file of an arriving blob changes constantly. Instead, the blob's digest is checked at the end.
    if (this.#arriving !== undefined) return;
    const { size, mtimeNs, ctimeNs, nlink } = fstatSync(this.descriptor, { bigint: true });
    const { size: sizeBefore, mtimeNs: mtimeBefore, ctimeNs: ctimeBefore, nlink: nlinkBefore } = this.#opened;
    // A new ctime doesn't matter if the number of links changed too: linking or unlinking a file doesn't change its content, and this
    // program creates links to its own files while reading them.
    const isTouched = this.#isKnown && ctimeNs !== ctimeBefore && nlink === nlinkBefore;
    if (size === sizeBefore && mtimeNs === mtimeBefore && !isTouched) return;
    throw new LayerscopeError('IO', `${displayText(this.path)} changed while it was being read`);
  }

  /**
   * Reads up to `length` bytes at `position` into `target`, starting at `at`; returns how many were read. On a worker, waits for bytes that
   * have yet to arrive. Throws IO.
   */
  read(target: Uint8Array, position: number, length: number = target.length, at = 0): number {
    if (this.#arriving !== undefined) waitForBytes(this.#arriving.cell, position + length);
    try {
      let count = 0;
      while (count < length) {
        const got = readSync(this.descriptor, target, at + count, length - count, position + count);
        if (got === 0) break;
        count += got;
      }
      return count;
    } catch (error) {
      throw fileError(error, this.path);
    }
  }

  get isOpen(): boolean {
    return this.#open;
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.descriptor);
  }
}

/**
 * Converts an error from writing `target`. The message of a system error names `target`, unless the error is about another path, such as
 * that of a file being read.
 */
export function writeError(error: unknown, target: string): LayerscopeError {
  const converted = asLayerscopeError(error);
  const system = error instanceof LayerscopeError ? error.cause : error;
  const words = systemWords(system);
  if (words === null || converted.message !== asLayerscopeError(system).message) return converted;
  const { code } = system as { readonly code?: unknown };
  if (systemPath(system) !== null && !DISK_ERRORS.has(code)) return converted;
  return new LayerscopeError(converted.code, `${displayText(target)} can't be written: ${words}`, { cause: system });
}

/** Error codes that concern the disk rather than one file. */
const DISK_ERRORS: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG', 'EIO']);

/** A range of an open file: a blob's bytes. */
export interface FileRange {
  readonly file: OpenBytes;
  readonly start: number;
  readonly length: number;
}

/**
 * Opens the file that holds a blob; the range is clipped to the file's end. The caller disposes of `file`. For a blob that may be split,
 * use `openPlace`.
 */
export function openBlob(blob: Omit<BlobSource, 'split'>): FileRange {
  if ((blob as BlobSource).split !== undefined) throw new LayerscopeError('INTERNAL', 'a split blob is not a range of a file');
  const file = new SourceFile(blob.path, blob.identity, blob.arriving);
  if (blob.arriving !== undefined) return { file, start: blob.start, length: blob.length };
  return { file, start: blob.start, length: Math.max(0, Math.min(blob.length, file.size - blob.start)) };
}

/** Reads a part of a blob that is a range in a file. Throws IO, including if the file has changed. */
export function readPart(blob: Omit<BlobSource, 'split'>, first: number, length: number): Uint8Array {
  const { file, start, length: end } = openBlob(blob);
  using _file = file;
  const bytes = new Uint8Array(Math.max(0, Math.min(length, end - first)));
  const count = file.read(bytes, start + first);
  file.refuseChanged();
  return bytes.subarray(0, count);
}
