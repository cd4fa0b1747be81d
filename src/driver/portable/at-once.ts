/** Starts work as soon as fewer tasks are running than the limit allows. */
export type Start = (work: () => Promise<void>) => Promise<void>;

/**
 * Runs `body` and the tasks that it starts, at most `limit` tasks at a time. The first error aborts the signal passed to `body`, and is
 * thrown when everything has ended.
 */
export async function atOnce(
  limit: number,
  signal: AbortSignal | undefined,
  body: (start: Start, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const failures: unknown[] = [];
  const running = new Set<Promise<void>>();
  const guard = (work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => {
      failures.push(error);
      stop.abort();
    });
  const start: Start = async (work) => {
    while (running.size >= limit) await Promise.race(running);
    if (failures.length > 0) return;
    const guarded = guard(work()).finally(() => running.delete(guarded));
    running.add(guarded);
  };
  // Doesn't use AbortSignal.any, which the first versions of Node 20 don't have.
  const forward = (): void => stop.abort();
  if (signal?.aborted) forward();
  signal?.addEventListener('abort', forward, { once: true });
  await guard(body(start, stop.signal));
  await Promise.all(running);
  signal?.removeEventListener('abort', forward);
  if (failures.length > 0) throw failures[0];
}
