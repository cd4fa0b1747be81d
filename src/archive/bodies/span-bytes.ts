// Reads a gzip layer from its checkpoints. Any read costs unpacking one span, wherever in the layer it is.
import { LayerscopeError, throwIfCancelled } from '#model';
import { type BlobCheckpoint, unpackSpan } from '../blob/checkpoint.ts';
import { Digester } from '../blob/digest.ts';
import { MAX_SPAN_BYTES } from '../indexing/span-check.ts';
import type { PlainBytes } from './plain-bytes.ts';

/** A gzip blob and its checkpoints. Spans are unpacked in memory, so none longer than MAX_SPAN_BYTES is used. */
export interface SpanSource {
  /** In order, starting with the beginning of the blob. */
  readonly checkpoints: readonly BlobCheckpoint[];
  readonly packedBytes: number;
  readonly plainBytes: number;
  /** Reads packed bytes. */
  readonly part: (first: number, length: number) => Promise<Uint8Array>;
  /** Whether the packed bytes are fetched, so that only the spans' digests verify them. */
  readonly isFetched: boolean;
}

/** Reads span by span. Falls back to another source if a span can't be read, or if that source already has the bytes. */
export class SpanPlainBytes implements PlainBytes {
  readonly #source: SpanSource;
  readonly #signal: AbortSignal | undefined;
  readonly #others: () => PlainBytes;
  readonly #isAtHand: (end: number) => boolean;
  #last: { readonly span: number; readonly bytes: Uint8Array } | null = null;
  #opened: PlainBytes | null = null;
  #failed = false;

  /**
   * `others` opens the fallback source of the same plain bytes. `isAtHand` returns whether that source already has everything before an
   * offset.
   */
  constructor(
    source: SpanSource,
    others: () => PlainBytes,
    { signal, isAtHand = () => false }: { readonly signal?: AbortSignal | undefined; readonly isAtHand?: (end: number) => boolean },
  ) {
    this.#source = source;
    this.#signal = signal;
    this.#others = others;
    this.#isAtHand = isAtHand;
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    throwIfCancelled(this.#signal);
    const { plainBytes } = this.#source;
    if (at >= plainBytes) return new Uint8Array(0);
    const span = this.#spanOf(at);
    if (this.#failed || span < 0 || this.#isAtHand(Math.min(at + length, plainBytes))) return this.#instead().read(at, length);
    try {
      if (this.#last?.span !== span) this.#last = { span, bytes: await this.#unpack(span) };
    } catch (error) {
      // Whatever is wrong with a checkpoint, the layer can be unpacked without it.
      if (!(error instanceof LayerscopeError) || error.code === 'CANCELLED') throw error;
      this.#failed = true;
      return this.#instead().read(at, length);
    }
    const from = at - (this.#source.checkpoints[span] as BlobCheckpoint).plainOffset;
    return this.#last.bytes.subarray(from, from + length);
  }

  async fill(target: Uint8Array, offset: number, at: number, length: number): Promise<number> {
    const bytes = await this.read(at, length);
    target.set(bytes, offset);
    return bytes.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened?.[Symbol.asyncDispose]();
  }

  #instead(): PlainBytes {
    this.#opened ??= this.#others();
    return this.#opened;
  }

  /** The span that contains an offset; -1 if the span is too long. */
  #spanOf(at: number): number {
    const { checkpoints } = this.#source;
    let [low, high] = [0, checkpoints.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((checkpoints[middle] as BlobCheckpoint).plainOffset <= at) low = middle;
      else high = middle;
    }
    const { packedEnd, plainEnd, first } = this.#bounds(low);
    const isSane = packedEnd >= first.packedOffset && plainEnd >= at;
    return isSane && packedEnd - first.packedOffset <= MAX_SPAN_BYTES && plainEnd - first.plainOffset <= MAX_SPAN_BYTES ? low : -1;
  }

  #bounds(span: number): { readonly first: BlobCheckpoint; readonly packedEnd: number; readonly plainEnd: number } {
    const { checkpoints, packedBytes, plainBytes } = this.#source;
    const next = checkpoints[span + 1];
    return {
      first: checkpoints[span] as BlobCheckpoint,
      packedEnd: next?.packedOffset ?? packedBytes,
      plainEnd: next?.plainOffset ?? plainBytes,
    };
  }

  async #unpack(span: number): Promise<Uint8Array> {
    const { part, isFetched } = this.#source;
    const { first, packedEnd, plainEnd } = this.#bounds(span);
    const lead = first.shared === null && first.bits > 0 ? 1 : 0;
    const packed = await part(first.packedOffset - lead, packedEnd - first.packedOffset + lead);
    if (isFetched) check(packed, first.digest);
    const shared = first.shared ?? packed[0] ?? 0;
    return unpackSpan({ ...first, shared }, packed.subarray(lead), plainEnd - first.plainOffset);
  }
}

function check(packed: Uint8Array, digest: Uint8Array | null): void {
  const digester = new Digester('sha256');
  digester.update(packed);
  if (digest === null || digester.finish() !== `sha256:${Buffer.from(digest).toString('hex')}`)
    throw new LayerscopeError('DIGEST_MISMATCH', 'a part of the layer has changed');
}
