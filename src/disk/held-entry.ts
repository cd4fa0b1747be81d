import fs, { type BigIntStats } from 'node:fs';
import { openEntryItself, pathOfDescriptor } from '#files';

/**
 * Anything that has a name in a folder: a file, folder, link, pipe or device. On Linux it is held by a descriptor, so `at` leads to it even
 * after something else gets its name; elsewhere `at` is its path. The caller must dispose of it.
 */
export class HeldEntry implements Disposable {
  readonly at: Buffer;
  /** Null on systems other than Linux. */
  readonly descriptor: number | null;
  readonly stats: BigIntStats;

  /** Throws the system's errors. */
  constructor(at: Buffer) {
    if (process.platform !== 'linux') {
      this.descriptor = null;
      this.at = at;
      this.stats = fs.lstatSync(at, { bigint: true });
      return;
    }
    this.descriptor = openEntryItself(at);
    this.at = Buffer.from(pathOfDescriptor(this.descriptor) ?? '');
    this.stats = fs.fstatSync(this.descriptor, { bigint: true });
  }

  get identity(): string {
    return `${this.stats.dev}:${this.stats.ino}`;
  }

  [Symbol.dispose](): void {
    if (this.descriptor !== null) fs.closeSync(this.descriptor);
  }
}
