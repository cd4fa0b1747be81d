/** Returns a generator of random numbers from 0 to 2^32 - 1 (mulberry32); the same seed gives the same numbers. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Yields copies of the bytes in pieces of 1 to `most` bytes; the same seed gives the same pieces. */
export function* randomChunks(bytes: Uint8Array, seed: number, most = 700): Generator<Uint8Array> {
  const next = randomNumbers(seed);
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + (next() % most);
    yield bytes.slice(at, at + size);
    at += size;
  }
}

/** Returns all of a source's bytes in one array. */
export async function gather(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part.slice());
  return new Uint8Array(Buffer.concat(parts));
}
