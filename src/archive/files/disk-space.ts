// Limits what is unpacked to the free disk space, because a few megabytes may expand to more than any disk holds.
import fs from 'node:fs';
import path from 'node:path';
import { displayText, formatSize, LayerscopeError } from '#model';

/** Share of the initially free space that is left for other programs. */
const SHARE_LEFT = 1 / 4;
/** Bytes after which free space is checked again, because other programs write too. */
const LOOK_EVERY = 8 * 1024 * 1024;

/** Limits how much is written to the disk that holds a file. */
export class DiskSpace {
  readonly #folder: string;
  readonly #free: number;
  #written = 0;
  #lookAt = LOOK_EVERY;

  constructor(file: string) {
    this.#folder = path.dirname(file);
    this.#free = freeBytes(this.#folder);
  }

  /** Call this before writing. Throws TOO_LARGE if too little space would be left. */
  take(bytes: number): void {
    this.#written += bytes;
    const left = this.#free * SHARE_LEFT;
    if (this.#written > this.#free - left) throw this.#refusal();
    if (this.#written < this.#lookAt) return;
    this.#lookAt = this.#written + LOOK_EVERY;
    if (freeBytes(this.#folder) < left) throw this.#refusal();
  }

  #refusal(): LayerscopeError {
    return new LayerscopeError(
      'TOO_LARGE',
      `it unpacks to more than ${formatSize(Math.floor(this.#free * (1 - SHARE_LEFT)))}, but ${displayText(this.#folder)} had only ${formatSize(this.#free)} free: free some space, or set LAYERSCOPE_CACHE to a folder on a larger disk`,
    );
  }
}

/** Returns the free bytes; infinity if the system doesn't report them. */
function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = fs.statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
