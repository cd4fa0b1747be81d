import type { BlobSource } from '../types.ts';
import type { FileRange } from './source-file.ts';
import { SplitFile, SplitMap } from './split-file.ts';

/** Limit on the memory for maps. The most recently used map is kept regardless of its size. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

/** Caches the maps of a reader's split blobs, because reading a map takes as long as indexing the layer. */
export class SplitMaps {
  /** Ordered by last use, most recent last. */
  readonly #maps = new Map<BlobSource, SplitMap>();

  /** Opens a split blob. Throws what `openPlace` throws. */
  async open(blob: BlobSource, signal: AbortSignal | undefined): Promise<FileRange> {
    const map = this.#maps.get(blob) ?? (await SplitMap.read(blob, signal));
    this.#maps.delete(blob);
    this.#maps.set(blob, map);
    this.#trim();
    const file = new SplitFile(blob, map);
    return { file, start: 0, length: file.size };
  }

  #trim(): void {
    let held = 0;
    for (const map of this.#maps.values()) held += map.heldBytes;
    for (const [blob, map] of this.#maps) {
      if (held <= MAX_HELD_BYTES || this.#maps.size === 1) return;
      this.#maps.delete(blob);
      held -= map.heldBytes;
    }
  }
}
