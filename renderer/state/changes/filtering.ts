import { filterSteps } from '#changes/filter';
import { appStore, dispatchChanges } from '../app-state.ts';
import { isSameOrder, orderSteps } from './changes.ts';

/** How long a slice of work may keep the page from drawing, ms. */
const SLICE = 10;

/** From now on filters tables that are too long to be filtered at once, in slices between frames. The latest filter wins. */
export function watchFilter(): void {
  const slices = createSlices();
  appStore.subscribe(({ changes }, { changes: before }) => {
    if (changes.filter === before.filter && changes.table === before.table) return;
    slices.cancel();
    const { table, filter, filtering } = changes;
    if (!filtering || table === null) return;
    slices.run(filterSteps(table, filter), (found) => dispatchChanges({ type: 'matched', table, filter, found }));
  });
}

/** From now on sorts what is too long to be sorted at once, in slices between frames. The latest order wins. */
export function watchSort(): void {
  const slices = createSlices();
  appStore.subscribe(({ changes }, { changes: before }) => {
    if (!changes.sorting || (before.sorting && isSameOrder(changes, before))) return;
    const steps = orderSteps(changes);
    if (steps !== null) slices.run(steps, (rows) => dispatchChanges({ type: 'ordered', of: changes, rows }));
  });
}

interface Slices {
  /** Runs the steps in the place of those that still run. */
  run<T>(steps: Iterator<unknown, T>, onDone: (result: T) => void): void;
  cancel(): void;
}

function createSlices(): Slices {
  // A message comes after what the browser has to do, without the delay of a timer.
  const channel = new MessageChannel();
  let next: (() => void) | null = null;
  let turn = 0;
  // Messages of work that was replaced are still under way.
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
      // The first slice waits too, so that what was typed is drawn.
      schedule(slice);
    },
    cancel() {
      next = null;
    },
  };
}
