/** A state that is told as a whole: at once to whoever subscribes, and again after changes, at most once an interval. */
export interface StateTopic<T> {
  /** Says that the state isn't what it was. Cheap: many calls in one turn make one message. */
  changed(): void;
  /** The listener gets the state now, before this returns. Returns the function that ends the subscription. */
  subscribe(listener: (state: T) => void): () => void;
  /** Ends all subscriptions. */
  close(): void;
}

/** Ten times a second: the contract's bound for topics. */
export const TOPIC_INTERVAL_MS = 100;

/** `read` makes the state when it is told, and not before. */
export function createStateTopic<T>(read: () => T, intervalMs: number = TOPIC_INTERVAL_MS): StateTopic<T> {
  const listeners = new Set<(state: T) => void>();
  let pause: NodeJS.Timeout | null = null;
  let isQueued = false;
  let isDirty = false;

  const tell = (): void => {
    isQueued = false;
    if (!isDirty || listeners.size === 0) return;
    isDirty = false;
    pause = setTimeout(() => {
      pause = null;
      tell();
    }, intervalMs);
    const state = read();
    for (const listener of [...listeners]) listener(state);
  };

  return {
    changed() {
      isDirty = true;
      if (isQueued || pause !== null || listeners.size === 0) return;
      isQueued = true;
      queueMicrotask(tell);
    },
    subscribe(listener) {
      const own = (state: T): void => listener(state);
      listeners.add(own);
      own(read());
      return () => listeners.delete(own);
    },
    close() {
      listeners.clear();
      if (pause !== null) clearTimeout(pause);
      pause = null;
    },
  };
}
