import { LayerscopeError } from '#model';
import { Arrival, type ArrivalPlan } from '../blob/arrival.ts';
import type { FetchedContent } from '../source-types.ts';
import { blobName, type MemberStore, type StoredRange } from './member-store.ts';

/** How the blobs of an image are cached, and how they take turns. */
export type ArrivalParts = Pick<ArrivalPlan, 'kept' | 'keep' | 'turn'>;

/** The blobs of an image that is fetched. The image's documents are members of the overlay on top. */
export class FetchedMembers implements MemberStore {
  readonly #ranges = new Map<string, StoredRange>();
  readonly #arrivals: Arrival[] = [];

  /** `newPath` returns a private path for a blob; `partsOf` says how a blob is cached. */
  constructor({ blobs }: FetchedContent, newPath: () => string, partsOf: (digest: string, length: number) => ArrivalParts) {
    for (const { digest, length, compression, pieces, parts } of blobs) {
      const name = blobName(digest);
      if (this.#ranges.has(name)) continue;
      const path = newPath();
      const arrival = new Arrival({
        ...{ path, digest, length, compression, pieces, ...partsOf(digest, length) },
        ...(parts === undefined ? {} : { parts }),
      });
      this.#arrivals.push(arrival);
      // The key is the stated digest, because no byte of a blob is used before the blob has been checked against that digest.
      const key = `digest:${digest}:${length}`;
      this.#ranges.set(name, { path, start: 0, length, identity: null, key, arriving: arrival.blob });
    }
  }

  find(name: string): StoredRange | null {
    return this.#ranges.get(name) ?? null;
  }

  names(): Iterable<string> {
    return this.#ranges.keys();
  }

  head(): Uint8Array {
    throw new LayerscopeError('INTERNAL', 'the blob has not arrived yet');
  }

  /** Stops all fetching. Returns the paths of the blobs' files. */
  close(): readonly string[] {
    for (const arrival of this.#arrivals) arrival.stop();
    return [...this.#ranges.values()].map(({ path }) => path);
  }
}
