import assert from 'node:assert/strict';
import test from 'node:test';
import { createWebClient, type WebSurroundings } from '#contract';
import { startFakeWeb } from '../support/web-client.ts';

test('the host stops a call that the page aborts', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  let start = (_signal: AbortSignal): void => {};
  const started = new Promise<AbortSignal>((resolve) => {
    start = resolve;
  });
  web.library.compare = (_a, _b, signal) => {
    start(signal);
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  const client = createWebClient({
    secret: '',
    fetch: (address, init) =>
      fetch(web.origin + address, {
        ...init,
        headers: { ...init.headers, ...headers },
        signal: (init.signal ?? null) as AbortSignal | null,
      }),
    wait: () => new Promise(() => {}),
    XMLHttpRequest: class {} as unknown as WebSurroundings['XMLHttpRequest'],
  });
  const control = new AbortController();
  const side = { archiveId: 'a1', image: 0, layer: 0 };
  const call = client.call('images.compare', { a: side, b: side, start: 0, count: 1 }, { signal: control.signal });
  const signal = await started;
  assert.equal(signal.aborted, false);
  control.abort();
  await assert.rejects(call, { code: 'CANCELLED' });
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
});
