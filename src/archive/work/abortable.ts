import { cancelled } from './work-control.ts';

/** Passes a stream on, but throws CANCELLED once nobody wants more, even while the source has nothing to give. */
export async function* abortable(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]();
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(cancelled());
  });
  aborted.catch(() => undefined); // told by the race below, if anybody still listens
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const next = await Promise.race([source.next(), aborted]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    // Not awaited: a source that hangs would hang us.
    void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}
