import { type BigIntStats, closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';
import type { BlobSource } from './types.ts';

/** What tells a file from another that took its name since: size, times and inode. */
export function fileIdentity(stats: BigIntStats): string {
  return `${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}:${stats.ino}`;
}

/** An open file that is read by offset. Dispose of it. */
export class SourceFile implements Disposable {
  readonly path: string;
  readonly size: number;
  readonly identity: string;
  readonly descriptor: number;
  #open = true;

  /** Throws NOT_FOUND, PERMISSION, IO; IO too where the file isn't the one that `identity` was taken of. */
  constructor(path: string, identity: string | null = null) {
    this.path = path;
    try {
      this.descriptor = openSync(path, 'r');
    } catch (error) {
      throw systemError(error, path);
    }
    try {
      const stats = fstatSync(this.descriptor, { bigint: true });
      this.size = Number(stats.size);
      this.identity = fileIdentity(stats);
      if (identity !== null && identity !== this.identity) {
        throw new LayerscopeError('IO', `${displayText(path)} was changed since it was opened`);
      }
    } catch (error) {
      closeSync(this.descriptor);
      throw systemError(error, path);
    }
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
