import { closeSync, openSync, writeSync } from 'node:fs';
import { systemError } from './source-file.ts';

/** A file that is written once, front to back. Throws IO. Dispose of it. */
export class NewFile implements Disposable {
  readonly path: string;
  readonly #descriptor: number;
  #open = true;

  constructor(path: string) {
    this.path = path;
    try {
      this.#descriptor = openSync(path, 'wx');
    } catch (error) {
      throw systemError(error, path);
    }
  }

  write(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at, bytes.length - at);
    } catch (error) {
      throw systemError(error, this.path);
    }
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#descriptor);
  }
}
