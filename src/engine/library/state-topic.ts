/** A topic that sends its whole state: to each new subscriber at once, and to all after changes, at most once per interval. */
export interface StateTopic<T> {
  /** Marks the state as changed. Cheap: many calls in one tick send one message. */
  changed(): void;
  /** Subscribes, and calls the listener with the current state before returning. Returns a function that unsubscribes. */
  subscribe(listener: (state: T) => void): () => void;
  /** Ends all subscriptions. */
  close(): void;
}

/** Interval between messages: the contract limits topics to ten a second. */
export const TOPIC_INTERVAL_MS = 100;

/** Creates a topic. `read` returns the state; `read` is called only when there is a message to send. */
export function createStateTopic<T>(read: () => T, intervalMs: number = TOPIC_INTERVAL_MS): StateTopic<T> {
  const listeners = new Set<(state: T) => void>();
  let pause: NodeJS.Timeout | null = null;
  let isQueued = false;
  let isDirty = false;

  const publish = (): void => {
    isQueued = false;
    if (!isDirty || listeners.size === 0) return;
    isDirty = false;
    pause = setTimeout(() => {
      pause = null;
      publish();
    }, intervalMs);
    const state = read();
    for (const listener of [...listeners]) listener(state);
  };

  return {
    changed() {
      isDirty = true;
      if (isQueued || pause !== null || listeners.size === 0) return;
      isQueued = true;
      queueMicrotask(publish);
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
