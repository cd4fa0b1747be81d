import { cancelled } from './work-control.ts';

/** Passes a stream on, but throws CANCELLED as soon as `signal` aborts, even while the source is blocked. */
export async function* abortable(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]();
  let stop: () => void = () => undefined;
  const onAbort = (): void => stop();
  signal?.addEventListener('abort', onAbort, { once: true });
  // Creates a new promise for each piece, because a long-lived one would keep every piece that it was raced against in memory.
  const next = (): Promise<IteratorResult<Uint8Array>> =>
    new Promise((resolve, reject) => {
      stop = () => reject(cancelled());
      if (signal?.aborted) stop();
      else source.next().then(resolve, reject);
    });
  try {
    for (;;) {
      const { done, value } = await next();
      if (done) return;
      yield value;
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    // Not awaited, because a blocked source would block this function too.
    void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}
