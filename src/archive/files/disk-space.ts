// Room on a disk for what is unpacked: a few megabytes may hold more than any disk does.
import fs from 'node:fs';
import path from 'node:path';
import { displayText, formatSize, LayerscopeError } from '#model';

/** Of what is free at the beginning so much is left to others. */
const SHARE_LEFT = 1 / 4;
/** Others write as well: what is free is looked at again after so many bytes. */
const LOOK_EVERY = 8 * 1024 * 1024;

/** Looks after the disk that a file is written to. */
export class DiskSpace {
  readonly #folder: string;
  readonly #free: number;
  #written = 0;
  #lookAt = LOOK_EVERY;

  constructor(file: string) {
    this.#folder = path.dirname(file);
    this.#free = freeBytes(this.#folder);
  }

  /** Called before bytes are written. Throws TOO_LARGE where too little would be left. */
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
      `unpacked it takes more than ${formatSize(Math.floor(this.#free * (1 - SHARE_LEFT)))}, and ${displayText(this.#folder)} had ${formatSize(this.#free)} free: unpack it where there is more, or set LAYERSCOPE_CACHE to a folder on a larger disk`,
    );
  }
}

/** Infinite where the system doesn't tell. */
function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = fs.statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
