import { filterSteps } from '#changes/filter';
import { changesDo, useApp } from '../app-state.ts';
import { isSameOrder, orderSteps } from './changes.ts';

/** How long the page may be kept from drawing, ms. */
const SLICE = 10;

// What takes longer than a frame is done in slices between them.

/** Filters tables that are too long to be filtered at once, between frames, from now on. The latest filter wins. */
export function watchFilter(): void {
  let run: object | null = null;
  useApp.subscribe(({ changes }, { changes: before }) => {
    if (changes.filter === before.filter && changes.table === before.table) return;
    run = null;
    const { table, filter, filtering } = changes;
    if (!filtering || table === null) return;
    const own = {};
    run = own;
    const steps = filterSteps(table, filter);
    const go = () => {
      if (run !== own) return;
      for (const end = performance.now() + SLICE; performance.now() < end; ) {
        const { done, value } = steps.next();
        if (!done) continue;
        nextTask(() => run === own && changesDo({ type: 'matched', table, filter, found: value }));
        return;
      }
      nextTask(go);
    };
    // The first slice too lets what was typed be drawn.
    nextTask(go);
  });
}

/** Sorts what is too long to be sorted at once, between frames, from now on. The latest order wins. */
export function watchSort(): void {
  let run: object | null = null;
  useApp.subscribe(({ changes }, { changes: before }) => {
    if (!changes.sorting || (before.sorting && isSameOrder(changes, before))) return;
    const steps = orderSteps(changes);
    if (steps === null) return;
    const own = {};
    run = own;
    const go = () => {
      if (run !== own) return;
      for (const end = performance.now() + SLICE; performance.now() < end; ) {
        const { done, value } = steps.next();
        if (!done) continue;
        nextTask(() => run === own && changesDo({ type: 'ordered', of: changes, rows: value }));
        return;
      }
      nextTask(go);
    };
    nextTask(go);
  });
}

const channel = new MessageChannel();
let waiting: (() => unknown)[] = [];
channel.port1.onmessage = () => {
  const tasks = waiting;
  waiting = [];
  for (const task of tasks) task();
};

/** Behind what the browser has to do, without the wait that a timer brings. */
function nextTask(task: () => unknown): void {
  waiting.push(task);
  channel.port2.postMessage(null);
}
