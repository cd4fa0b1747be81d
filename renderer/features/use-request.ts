import { useEffect, useState } from 'react';
import type { Client } from '#contract';
import { type PlainError, plainError } from '../state/plain-error.ts';
import { useApp } from './use-app.ts';

/** The state of a request. */
export type Answer<T> =
  | { readonly state: 'idle' | 'loading' }
  | { readonly state: 'failed'; readonly error: PlainError }
  | {
      readonly state: 'ready';
      readonly value: T;
      /** Whether the response is for an earlier key, because the response for the current key hasn't arrived yet. */
      readonly isEarlier?: true;
    };

/** Maximum number of responses that are remembered. */
const REMEMBERED = 24;
const remembered = new Map<string, unknown>();

function remember(key: string, value: unknown): void {
  remembered.delete(key);
  remembered.set(key, value);
  const [oldest] = remembered.keys();
  if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
}

const IDLE = { state: 'idle' } as const;
const LOADING = { state: 'loading' } as const;

/**
 * Sends a request to the host whenever `key` changes to something other than null. The signal is aborted when the key changes or the
 * component unmounts; later responses are dropped.
 */
export function useRequest<T>(
  key: unknown,
  request: (client: Client, signal: AbortSignal) => Promise<T>,
  {
    delay = 0,
    keepsLast = false,
    remembersAs,
  }: {
    /** Send the request only once the key has stayed the same for this many ms. */
    readonly delay?: number;
    /** Whether to return the previous response until the next arrives. */
    readonly keepsLast?: boolean;
    /**
     * What is requested. If set, a component that is shown again has the earlier response to its key at once, until the new one arrives.
     */
    readonly remembersAs?: string;
  } = {},
): Answer<T> {
  const client = useApp((app) => app.client);
  const [answer, setAnswer] = useState<{ readonly key: unknown; readonly value: Answer<T> }>({ key: null, value: IDLE });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for all that the request uses
  useEffect(() => {
    if (client === null || key === null) return;
    const control = new AbortController();
    const settle = (value: Answer<T>) => control.signal.aborted || setAnswer({ key, value });
    const run = () =>
      request(client, control.signal).then(
        (value) => {
          if (remembersAs !== undefined && !control.signal.aborted) remember(`${remembersAs} ${key}`, value);
          settle({ state: 'ready', value });
        },
        (error: unknown) => settle({ state: 'failed', error: plainError(error) }),
      );
    const timer = delay > 0 ? setTimeout(run, delay) : undefined;
    if (timer === undefined) void run();
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [client, key, delay]);
  if (key === null) return IDLE;
  if (answer.key === key) return answer.value;
  const name = `${remembersAs} ${key}`;
  if (remembersAs !== undefined && remembered.has(name)) return { state: 'ready', value: remembered.get(name) as T, isEarlier: true };
  if (!keepsLast || answer.key === null) return LOADING;
  return answer.value.state === 'ready' ? { ...answer.value, isEarlier: true } : answer.value;
}

/** Whether the response for the current key is still to come. */
export function isAwaited(answer: Answer<unknown>): boolean {
  return answer.state === 'loading' || (answer.state === 'ready' && answer.isEarlier === true);
}
