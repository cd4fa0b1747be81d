import { LayerscopeError } from '#model';
import type { HttpReply } from '../http/http-client.ts';

/** The longest wait that a registry may request, in seconds. */
const MAX_WAIT_S = 10;

/** Repeats a request once if the response is 429 with a short wait. Throws RATE_LIMITED, CANCELLED. */
export async function throttled(signal: AbortSignal | undefined, request: () => Promise<HttpReply>): Promise<HttpReply> {
  for (let isSecond = false; ; isSecond = true) {
    const reply = await request();
    if (reply.status !== 429) return reply;
    reply.discard();
    const seconds = retryAfter(reply.headers['retry-after'], Date.now());
    if (isSecond || seconds === null || seconds > MAX_WAIT_S) {
      const when = seconds === null ? '' : `: it asks to wait ${seconds} s`;
      throw new LayerscopeError('RATE_LIMITED', `${reply.place}: too many requests${when}`);
    }
    await pause(seconds * 1000, signal);
  }
}

/** Returns the seconds of a Retry-After, which is a number or a date; null if it is neither. */
export function retryAfter(text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text);
  const at = Date.parse(text);
  return !/[a-z]{3}/i.test(text) || Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - nowMs) / 1000));
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(new LayerscopeError('CANCELLED', 'cancelled'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
