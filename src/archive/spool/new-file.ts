import { closeSync, openSync, writeSync } from 'node:fs';
import { systemError } from '../blob/source-file.ts';
import { DiskSpace } from '../files/disk-space.ts';
import { SpoolSums } from './spool-sums.ts';

/** A new private file, written once from front to back, within the free disk space. Throws IO. The caller disposes of it. */
export class NewFile implements Disposable {
  readonly path: string;
  /** Checksums of what was written. */
  readonly sums = new SpoolSums();
  readonly #isSummed: boolean;
  readonly #descriptor: number;
  readonly #space: DiskSpace;
  #position = 0;
  #open = true;

  /** `isSummed` says whether the checksums are needed. */
  constructor(path: string, { isSummed = true }: { readonly isSummed?: boolean } = {}) {
    this.#isSummed = isSummed;
    this.path = path;
    this.#space = new DiskSpace(path);
    try {
      this.#descriptor = openSync(path, 'wx', 0o600);
    } catch (error) {
      throw systemError(error, path);
    }
  }

  /** Throws IO; TOO_LARGE if too little disk space would be left. */
  write(bytes: Uint8Array): void {
    this.#space.take(bytes.length);
    if (this.#isSummed) this.sums.update(bytes);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at, bytes.length - at, this.#position + at);
      this.#position += bytes.length;
    } catch (error) {
      throw systemError(error, this.path);
    }
  }

  /** Skips bytes, which then take no space and are read as zeros. */
  skip(count: number): void {
    this.#position += count;
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#descriptor);
  }
}
