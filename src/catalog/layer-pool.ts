import type { ArchiveLayer, ArchiveReader, IndexedLayer } from '#archive';

/** Maximum total size of the layers' tables kept for later images, because most images share base layers. */
const MOST_KEPT_BYTES = 192 * 1024 * 1024;
/** Approximate size of a table per member, with paths and names. */
const BYTES_PER_MEMBER = 160;

export interface LayerPoolOptions {
  readonly scan: boolean;
  readonly verify: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface Kept {
  readonly indexed: Promise<IndexedLayer | null>;
  bytes: number;
}

/** Reads the layers of many images, each blob once. Keeps the most recently used ones, within a limit. */
export class LayerPool {
  readonly #reader: ArchiveReader;
  readonly #options: LayerPoolOptions;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(reader: ArchiveReader, options: LayerPoolOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  /** Reads an image's layers; null for one whose blob is missing. Throws what {@link ArchiveReader.indexLayers} throws. */
  async read(layers: readonly ArchiveLayer[]): Promise<readonly (IndexedLayer | null)[]> {
    const wanted = layers.filter((layer) => layer.blob !== null && !this.#kept.has(this.#keyOf(layer)));
    if (wanted.length > 0) this.#start(wanted);
    return Promise.all(
      layers.map((layer) => {
        if (layer.blob === null) return null;
        const key = this.#keyOf(layer);
        const kept = this.#kept.get(key);
        if (kept === undefined) return null;
        // Moves the layer to the end of the map, which is in order of use.
        this.#kept.delete(key);
        this.#kept.set(key, kept);
        return kept.indexed;
      }),
    );
  }

  /** Returns the compressed size of the layers that aren't kept. */
  unreadBytes(layers: readonly ArchiveLayer[]): number {
    return layers.reduce((sum, layer) => sum + (this.#kept.has(this.#keyOf(layer)) ? 0 : layer.blobBytes), 0);
  }

  #start(layers: readonly ArchiveLayer[]): void {
    const { scan, verify, signal } = this.#options;
    const options = { scan, verify, sums: 'needed' as const, isOneOfMany: true, ...(signal === undefined ? {} : { signal }) };
    const all = this.#reader.indexLayers(layers, options);
    for (const [index, layer] of layers.entries()) {
      const key = this.#keyOf(layer);
      const kept: Kept = { indexed: all.then((indexed) => indexed[index] ?? null), bytes: 0 };
      this.#kept.set(key, kept);
      kept.indexed.then(
        (indexed) => {
          // Not kept, because a layer that is damaged here may be intact in another image's copy.
          if (indexed?.status !== 'present') return this.#forget(key, kept);
          kept.bytes = indexed.table.memberCount * BYTES_PER_MEMBER;
          this.#bytes += kept.bytes;
          this.#shrink();
        },
        () => this.#forget(key, kept),
      );
    }
  }

  /** Returns what identifies a layer. When verifying, stated digests aren't trusted, so each copy is read. */
  #keyOf({ digest, diffId, blob }: ArchiveLayer): string {
    const stated = this.#options.verify ? null : (digest ?? diffId);
    return stated ?? `${blob?.path} ${blob?.start} ${blob?.length}`;
  }

  #forget(key: string, kept: Kept): void {
    if (this.#kept.get(key) === kept) this.#kept.delete(key);
    this.#bytes -= kept.bytes;
  }

  #shrink(): void {
    for (const [key, kept] of this.#kept) {
      if (this.#bytes <= MOST_KEPT_BYTES) return;
      if (kept.bytes > 0) this.#forget(key, kept);
    }
  }
}
