import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { LayerHive } from '#format/registry-hive';
import { formatSize, LayerscopeError } from '#model';

/** Limit on all hives in memory, in bytes. The larger ones in real images take 100 MB, and a comparison needs two. */
const MAX_BYTES = 200 * 1024 * 1024;

/** The most recently used hives. Those in use are among them, because callers never use more than fit. */
export class KeptHives {
  readonly #hives = new Map<string, LayerHive>();
  /** Bytes of hives and logs that may still be in memory. */
  #allocated = 0;

  get(id: string): LayerHive | undefined {
    const kept = this.#hives.get(id);
    if (kept === undefined) return undefined;
    this.#hives.delete(id);
    this.#hives.set(id, kept);
    return kept;
  }

  /** Drops hives until `bytes` more fit; the caller then allocates them. Throws TOO_LARGE if they never will. */
  makeRoom(bytes: number): void {
    if (bytes > MAX_BYTES) throw tooLarge(bytes);
    let total = bytes;
    for (const { hive } of this.#hives.values()) total += hive.bytes.length;
    for (const [id, { hive }] of this.#hives) {
      if (total <= MAX_BYTES) break;
      this.#hives.delete(id);
      total -= hive.bytes.length;
    }
    this.#allocated += bytes;
    if (this.#allocated <= MAX_BYTES) return;
    collectGarbage();
    this.#allocated = total;
  }

  set(id: string, opened: LayerHive): void {
    this.#hives.set(id, opened);
  }
}

/** Counts the hives that are used together. Throws TOO_LARGE if they can't all be kept. */
export class HivesInUse {
  readonly #hives = new Set<LayerHive['hive']>();
  #bytes = 0;

  add({ hive }: LayerHive): void {
    if (this.#hives.has(hive)) return;
    this.#hives.add(hive);
    this.#bytes += hive.bytes.length;
    if (this.#bytes > MAX_BYTES) throw tooLarge(this.#bytes);
  }
}

function tooLarge(bytes: number): LayerscopeError {
  return new LayerscopeError(
    'TOO_LARGE',
    `the registry hives have ${formatSize(bytes)} in all; the limit is ${formatSize(MAX_BYTES)} at once`,
  );
}

/** Collects garbage. Otherwise V8 may keep gigabytes of unused buffers, because they are outside its own heap. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('globalThis.gc');
  if (typeof collect === 'function') collect();
}
