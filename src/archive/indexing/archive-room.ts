// How much memory the layers of an archive may take together. One layer's table is bounded as it is made, see TableRoom.
import { LayerTableBuilder, tableBytes } from '#format/layer';
import { finding } from '#model';
import type { ArchiveLayer, IndexedBlob } from '../types.ts';

/** Room for all tables whatever the blobs' lengths, and for each byte of the blobs. */
const BASE_BYTES = 96 * 1024 * 1024;
const BYTES_A_BYTE = 2;

/** What the tables of an archive's layers may take: those that don't fit are left out. */
export class ArchiveRoom {
  readonly #most: number;
  #used = 0;

  constructor(layers: readonly ArchiveLayer[]) {
    const blobs = new Set(layers.map(({ blob }) => blob));
    let bytes = 0;
    for (const blob of blobs) bytes += blob?.length ?? 0;
    this.#most = BASE_BYTES + bytes * BYTES_A_BYTE;
  }

  /** Is there room for one more? */
  take({ layer }: IndexedBlob): boolean {
    const bytes = tableBytes(layer.table);
    if (this.#used + bytes > this.#most) return false;
    this.#used += bytes;
    return true;
  }
}

/** A layer whose table found no room. */
export function leftOut({ layer, blobDigest }: IndexedBlob): IndexedBlob {
  const { table } = new LayerTableBuilder().finish();
  const message = 'the layers before it take all the room that an archive of this size may have: its entries are not shown';
  return { layer: { ...layer, table, status: 'damaged', findings: [finding('too-large', message)] }, blobDigest };
}

/** Bytes that layers which are read at one time may take: more wait, unless none is read. */
const AT_ONE_TIME = 256 * 1024 * 1024;
/** What one may take, windows of its decompressor included, and for each byte of its blob. */
const ONE_BYTES = 64 * 1024 * 1024;

/** Lets as many layers be read side by side as there is room for. */
export class RoomGate {
  readonly #signal: AbortSignal;
  readonly #waiting: (() => void)[] = [];
  #used = 0;

  /** Aborted: nobody waits any more. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** Runs the work once there is room for a blob of that length, those who came first before. */
  async pass(blobBytes: number, work: () => Promise<void>): Promise<void> {
    const bytes = Math.min(AT_ONE_TIME, ONE_BYTES + blobBytes * BYTES_A_BYTE);
    while (this.#used > 0 && this.#used + bytes > AT_ONE_TIME && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    this.#used += bytes;
    try {
      await work();
    } finally {
      this.#used -= bytes;
      this.#wake();
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
