// Limits the total memory for the layers of an archive. TableRoom limits a single layer's table while it is built.
import { LayerTableBuilder, tableBytes } from '#format/layer';
import { finding } from '#model';
import type { ArchiveLayer, BlobSource, IndexedBlob } from '../types.ts';

/** Memory for all tables: a fixed amount, plus some for each byte of the blobs. */
const BASE_BYTES = 96 * 1024 * 1024;
const BYTES_PER_BLOB_BYTE = 2;

/** Maximum total length that counts for layers listed by their tables of contents, in bytes: manifests state it, and nothing proves it. */
const MOST_STATED_BYTES = 64 * 1024 * 1024;

/**
 * Limits the tables of an archive's layers; those that don't fit are left out. The length of a blob that isn't here (`isArriving`) counts
 * once the blob has been read.
 */
export class TableBudget {
  readonly #isArriving: (blob: BlobSource) => boolean;
  #blobBytes = 0;
  #statedBytes = 0;
  #used = 0;

  constructor(layers: readonly ArchiveLayer[], isArriving: (blob: BlobSource) => boolean = () => false) {
    this.#isArriving = isArriving;
    for (const blob of new Set(layers.map((layer) => layer.blob))) if (blob !== null && !isArriving(blob)) this.#blobBytes += blob.length;
  }

  /** Whether the table fits; if it does, its size is deducted from the budget. */
  take({ layer: { table } }: IndexedBlob, blob: BlobSource): boolean {
    if (this.#isArriving(blob)) {
      if (table.provenance === 'tar') this.#blobBytes += blob.length;
      else this.#statedBytes = Math.min(MOST_STATED_BYTES, this.#statedBytes + blob.length);
    }
    const limit = BASE_BYTES + (this.#blobBytes + this.#statedBytes) * BYTES_PER_BLOB_BYTE;
    const bytes = tableBytes(table);
    if (this.#used + bytes > limit) return false;
    this.#used += bytes;
    return true;
  }
}

/** Replaces the table of a layer that didn't fit with an empty one. */
export function withoutTable({ layer, blobDigest }: IndexedBlob): IndexedBlob {
  const { table } = new LayerTableBuilder().finish();
  const message = 'the layers before it use all the memory allowed for an archive of this size: its entries are not shown';
  const { scan: _scan, ...others } = layer;
  return { layer: { ...others, table, status: 'damaged', findings: [finding('too-large', message)] }, blobDigest };
}

/**
 * Maximum number of layers read at the same time. Each may take the 64 MiB that TableRoom allows even a tiny blob, plus memory in
 * proportion to the blob. The latter needs no limit here, because for all layers together it is no more than {@link TableBudget} allows.
 */
const LAYERS_AT_ONCE = 3;

/** Limits what is read concurrently to what fits in memory. */
export class MemoryGate {
  readonly #signal: AbortSignal;
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #used = 0;

  /**
   * `most` is how much may be read at a time, in the caller's unit (by default, layers). Once `signal` aborts, nothing waits any longer.
   */
  constructor(signal: AbortSignal, most = LAYERS_AT_ONCE) {
    this.#signal = signal;
    this.#most = most;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /**
   * Waits until there is memory for `amount` more; if `amount` exceeds `most`, waits until nothing else is being read. Call the returned
   * function once the memory is free again.
   */
  async enter(amount = 1): Promise<() => void> {
    while (this.#isFull(amount)) await this.#freed();
    return this.#take(amount);
  }

  /** Runs `work` once there is memory for another layer. */
  async pass(work: () => Promise<void>): Promise<void> {
    while (this.#isFull(1)) await this.#freed();
    const leave = this.#take(1);
    try {
      await work();
    } finally {
      leave();
    }
  }

  #isFull(amount: number): boolean {
    return this.#used > 0 && this.#used + amount > this.#most && !this.#signal.aborted;
  }

  #freed(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #take(amount: number): () => void {
    this.#used += amount;
    return () => {
      this.#used -= amount;
      this.#wake();
    };
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
