import type { ArchiveLayer, ArchiveReader, IndexedLayer } from '#archive';

/** Bytes of tables that are kept for the images to come: base layers are shared by most of them. */
const MOST_KEPT_BYTES = 192 * 1024 * 1024;
/** About what a table takes for each member and path, names included. */
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

/** Reads the layers of many images, each blob once: those that were used last are kept within a limit. */
export class LayerPool {
  readonly #reader: ArchiveReader;
  readonly #options: LayerPoolOptions;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(reader: ArchiveReader, options: LayerPoolOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  /** Reads an image's layers. Null for those whose blob is missing. Throws what {@link ArchiveReader.indexLayers} throws. */
  async read(layers: readonly ArchiveLayer[]): Promise<readonly (IndexedLayer | null)[]> {
    const wanted = layers.filter((layer) => layer.blob !== null && !this.#kept.has(this.#keyOf(layer)));
    if (wanted.length > 0) this.#start(wanted);
    return Promise.all(
      layers.map((layer) => {
        if (layer.blob === null) return null;
        const key = this.#keyOf(layer);
        const kept = this.#kept.get(key);
        if (kept === undefined) return null;
        // The last in the map is the one that was used last.
        this.#kept.delete(key);
        this.#kept.set(key, kept);
        return kept.indexed;
      }),
    );
  }

  /** Packed bytes of those layers that aren't kept. */
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
          // What is damaged here may be whole in another image's copy.
          if (indexed?.status !== 'present') return this.#forget(key, kept);
          kept.bytes = indexed.table.memberCount * BYTES_PER_MEMBER;
          this.#bytes += kept.bytes;
          this.#shrink();
        },
        () => this.#forget(key, kept),
      );
    }
  }

  /** What a layer is known by. To verify is to believe no stated digest: then each place is read. */
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
