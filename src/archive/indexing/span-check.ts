// Compares the checkpoints of a zTOC with the layer. Checkpoints are claims too: with a different window, a file read from a checkpoint
// would have different content.
import { asLayerscopeError } from '#model';
import { type BlobCheckpoint, unpackSpan } from '../blob/checkpoint.ts';
import { Digester } from '../blob/digest.ts';
import type { FileRange } from '../blob/source-file.ts';
import type { WorkControl } from '../control/work-control.ts';

/** Maximum size of a span to compare. Longer spans are never unpacked from their checkpoints, so those can't do any harm. */
export const MAX_SPAN_BYTES = 64 * 1024 * 1024;

/** Compares one layer's spans. Must receive all of the layer's plain bytes in order. */
export class SpanCheck {
  readonly #range: FileRange;
  readonly #spans: readonly BlobCheckpoint[];
  /** Digests of the plain bytes of the spans that have ended. */
  readonly #digests: string[] = [];
  #digester = new Digester('sha256');
  #plainBytes = 0;

  constructor(range: FileRange, spans: readonly BlobCheckpoint[]) {
    this.#range = range;
    this.#spans = spans;
  }

  plain(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const end = this.#spans[this.#digests.length + 1]?.plainOffset ?? Number.POSITIVE_INFINITY;
      const count = Math.min(bytes.length - at, end - this.#plainBytes);
      if (count <= 0) {
        this.#endSpan();
        continue;
      }
      this.#digester.update(bytes.subarray(at, at + count));
      this.#plainBytes += count;
      at += count;
    }
  }

  #endSpan(): void {
    this.#digests.push(this.#digester.finish());
    this.#digester = new Digester('sha256');
  }

  /** Call at the end of the layer. Returns a clause about the first wrong span; null if there is none. Throws IO, CANCELLED. */
  async finish(control: WorkControl): Promise<string | null> {
    this.#endSpan();
    for (const [index, span] of this.#spans.entries()) {
      control.check();
      await control.rest();
      const next = this.#spans[index + 1];
      const plainBytes = (next?.plainOffset ?? this.#plainBytes) - span.plainOffset;
      const packedBytes = (next?.packedOffset ?? this.#range.length) - span.packedOffset;
      if (!(plainBytes > 0 && packedBytes > 0) || Math.max(plainBytes, packedBytes) > MAX_SPAN_BYTES) continue;
      const what = await this.#difference(index, span, packedBytes, plainBytes);
      if (what !== null) return `span ${index + 1} of ${this.#spans.length} ${what}`;
    }
    return null;
  }

  async #difference(index: number, span: BlobCheckpoint, packedBytes: number, plainBytes: number): Promise<string | null> {
    const { file, start } = this.#range;
    const lead = span.bits > 0 ? 1 : 0;
    const packed = new Uint8Array(packedBytes + lead);
    const count = file.read(packed, start + span.packedOffset - lead);
    if (count < packed.length) return 'is not inside the layer';
    if (span.digest !== null && !Buffer.from(span.digest).equals(digestBytes(packed))) return 'has a different digest than the layer';
    try {
      const bytes = await unpackSpan({ ...span, shared: packed[0] ?? 0 }, packed.subarray(lead), plainBytes);
      const digester = new Digester('sha256');
      digester.update(bytes);
      return digester.finish() === this.#digests[index] ? null : 'unpacks to different content than the layer has';
    } catch (error) {
      if (asLayerscopeError(error).code !== 'DAMAGED') throw error;
      // Not reported for the first span: older zTOCs don't state its checkpoint, and the assumed position is wrong if the layer's gzip
      // header is longer than usual.
      return index === 0 ? null : 'can’t be unpacked from its checkpoint';
    }
  }
}

function digestBytes(bytes: Uint8Array): Buffer {
  const digester = new Digester('sha256');
  digester.update(bytes);
  return Buffer.from(digester.finish().slice('sha256:'.length), 'hex');
}
