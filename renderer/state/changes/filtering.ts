import { appStore, dispatchChanges } from '../app-state.ts';
import { findSteps } from './changes.ts';
import { isSameOrder, orderSteps } from './ordering.ts';

/** How long, in ms, a slice of work may block drawing. */
const SLICE = 10;

/** Starts filtering tables that are too long to be filtered at once, in slices between frames. The latest filter wins. */
export function watchFilter(): void {
  const slices = createSlices();
  appStore.subscribe(({ changes }, { changes: before }) => {
    if (changes.filter === before.filter && changes.table === before.table) return;
    slices.cancel();
    const { table, filter, filtering } = changes;
    if (!filtering || table === null) return;
    slices.run(findSteps(changes, table), (found) => dispatchChanges({ type: 'matched', table, filter, found }));
  });
}

/** Starts sorting tables that are too long to be sorted at once, in slices between frames. The latest order wins. */
export function watchSort(): void {
  const slices = createSlices();
  appStore.subscribe(({ changes }, { changes: before }) => {
    if (!changes.sorting || (before.sorting && isSameOrder(changes, before))) return;
    const steps = orderSteps(changes);
    if (steps !== null) slices.run(steps, (rows) => dispatchChanges({ type: 'ordered', of: changes, rows }));
  });
}

interface Slices {
  /** Runs `steps` instead of any that are still running. */
  run<T>(steps: Iterator<unknown, T>, onDone: (result: T) => void): void;
  cancel(): void;
}

function createSlices(): Slices {
  // A message lets the browser do its own work first, without a timer's delay.
  const channel = new MessageChannel();
  let next: (() => void) | null = null;
  let turn = 0;
  // Messages for work that has been replaced may still arrive.
  channel.port1.onmessage = ({ data }) => {
    if (data === turn) next?.();
  };
  const schedule = (task: () => void) => {
    next = task;
    channel.port2.postMessage(++turn);
  };
  return {
    run(steps, onDone) {
      const slice = () => {
        for (const end = performance.now() + SLICE; performance.now() < end; ) {
          const { done, value } = steps.next();
          if (!done) continue;
          schedule(() => {
            next = null;
            onDone(value);
          });
          return;
        }
        schedule(slice);
      };
      // Even the first slice is deferred, so that typed text is drawn first.
      schedule(slice);
    },
    cancel() {
      next = null;
    },
  };
}
