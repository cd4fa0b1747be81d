import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';
import type { BlobSource } from '../types.ts';

/** What tells a file from another that took its name since: size, times and inode. */
export function fileIdentity(stats: BigIntStats): string {
  return `${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}:${stats.ino}`;
}

/** Opens a file to be read; refuses what is none, as a pipe would never answer. Returns the descriptor and what was opened. Throws as the system does, and IO. */
export function openFile(path: string): { readonly descriptor: number; readonly stats: BigIntStats } {
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(descriptor, { bigint: true });
    if (!stats.isFile()) throw new LayerscopeError('IO', `${displayText(path)} is no file`);
    return { descriptor, stats };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** An open file that is read by offset. Dispose of it. */
export class SourceFile implements Disposable {
  readonly path: string;
  readonly size: number;
  readonly identity: string;
  readonly descriptor: number;
  readonly #opened: BigIntStats;
  readonly #isKnown: boolean;
  #open = true;

  /** Throws NOT_FOUND, PERMISSION, IO; IO too where the file isn't the one that `identity` was taken of. */
  constructor(path: string, identity: string | null = null) {
    this.path = path;
    try {
      const { descriptor, stats } = openFile(path);
      this.descriptor = descriptor;
      this.#opened = stats;
    } catch (error) {
      throw systemError(error, path);
    }
    this.size = Number(this.#opened.size);
    this.identity = fileIdentity(this.#opened);
    this.#isKnown = identity !== null;
    if (identity !== null && identity !== this.identity) {
      closeSync(this.descriptor);
      throw new LayerscopeError('IO', `${displayText(path)} was changed since it was opened`);
    }
  }

  /**
   * To be called once what was wanted was read: throws IO where the file was written into since it was opened, as what was read is then neither
   * what was nor what is.
   */
  refuseChanged(): void {
    const { size, mtimeNs, ctimeNs, nlink } = fstatSync(this.descriptor, { bigint: true });
    const { size: sizeBefore, mtimeNs: mtimeBefore, ctimeNs: ctimeBefore, nlink: nlinkBefore } = this.#opened;
    // A file that lost its name, or was given another, is what it was; files of ours are linked while they are read.
    const isTouched = this.#isKnown && ctimeNs !== ctimeBefore && nlink === nlinkBefore;
    if (size === sizeBefore && mtimeNs === mtimeBefore && !isTouched) return;
    throw new LayerscopeError('IO', `${displayText(this.path)} was changed while it was read`);
  }

  /** Bytes from `position` into `target` from `at` on, at most `length`; returns how many there were. Throws IO. */
  read(target: Uint8Array, position: number, length: number = target.length, at = 0): number {
    try {
      let count = 0;
      while (count < length) {
        const got = readSync(this.descriptor, target, at + count, length - count, position + count);
        if (got === 0) break;
        count += got;
      }
      return count;
    } catch (error) {
      throw systemError(error, this.path);
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

/** A system's error as ours, naming the file. */
export function systemError(error: unknown, path: string): LayerscopeError {
  if (error instanceof LayerscopeError) return error;
  const told = asLayerscopeError(error);
  const { code } = (error ?? {}) as { code?: unknown };
  const what = { NOT_FOUND: 'no such file', PERMISSION: 'permission denied' }[told.code as string] ?? `cannot be read (${String(code)})`;
  return new LayerscopeError(told.code, `${displayText(path)}: ${what}`, { cause: error });
}

/** What the system says of the disk, not of one file. */
const OF_THE_DISK: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG', 'EIO']);

/** What stopped the writing of something, as ours: where it is the disk, with the name of what was to be written. */
export function writeError(error: unknown, target: string): LayerscopeError {
  const told = asLayerscopeError(error);
  const system = (error instanceof LayerscopeError ? error.cause : error) as NodeJS.ErrnoException | undefined;
  if (!OF_THE_DISK.has(system?.code) || told.message !== system?.message) return told;
  const [, words = system?.code] = /^E[A-Z0-9]+: ([^,]+)/.exec(told.message) ?? [];
  return new LayerscopeError(told.code, `${displayText(target)} can't be written: ${words}`, { cause: system });
}

/** A range of an open file: what a blob is. */
export interface FileRange {
  readonly file: SourceFile;
  readonly start: number;
  readonly length: number;
}

/** Opens the file that a blob lies in; the range ends where the file does. The caller disposes of `file`. */
export function openBlob(blob: BlobSource): FileRange {
  const file = new SourceFile(blob.path, blob.identity);
  return { file, start: blob.start, length: Math.max(0, Math.min(blob.length, file.size - blob.start)) };
}
