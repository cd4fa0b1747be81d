import { cancelled } from './work-control.ts';

/** Passes a stream on, but throws CANCELLED as soon as `signal` aborts, even while the source is blocked. */
export async function* abortable(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]();
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(cancelled());
  });
  aborted.catch(() => undefined); // handled by the race below, unless iteration has ended
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const next = await Promise.race([source.next(), aborted]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    // Not awaited, as a blocked source would block this too.
    void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}
