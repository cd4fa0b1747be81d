import { type RefObject, useCallback, useEffect, useLayoutEffect, useState } from 'react';
import { flushSync } from 'react-dom';

/** Rows to draw: `first` up to, but not including, `end`. */
export interface RowWindow {
  readonly first: number;
  readonly end: number;
}

/** The drawn rows change only once this many rows have been scrolled. */
const STEP = 2;

/** Returns the rows on screen and a few before and after them. */
export function windowOf(count: number, height: number, scrollTop: number, room: number): RowWindow {
  const first = Math.floor(scrollTop / height / STEP) * STEP - STEP;
  const end = first + Math.ceil(room / height / STEP) * STEP + 2 * STEP;
  return { first: Math.max(0, Math.min(first, count - 1)), end: Math.max(0, Math.min(count, end)) };
}

/**
 * Determines which rows of equal height to draw in a scroller whose first `head` px stay in place. The cost doesn't depend on the number of
 * rows. `show` scrolls no further than needed. `width`: the rows' width in px; 0 until it is known.
 */
export function useFixedRows(
  scroller: RefObject<HTMLElement | null>,
  { count, height, head }: { count: number; height: number; head: number },
): RowWindow & { readonly width: number; readonly show: (index: number) => void } {
  const [view, setView] = useState({ top: 0, room: 600, width: 0 });
  useLayoutEffect(() => {
    const { current } = scroller;
    if (current === null) return;
    const look = () => setView({ top: current.scrollTop, room: current.clientHeight, width: current.clientWidth });
    look();
    const observer = new ResizeObserver(look);
    observer.observe(current);
    return () => observer.disconnect();
  }, [scroller]);
  useEffect(() => {
    const { current } = scroller;
    if (current === null) return;
    const onScroll = () => {
      const { scrollTop: top, clientHeight: room, clientWidth: width } = current;
      // Drawn at once, so that rows don't appear a frame late.
      flushSync(() =>
        setView((before) => {
          const [was, is] = [windowOf(count, height, before.top, before.room), windowOf(count, height, top, room)];
          return was.first === is.first && was.end === is.end ? before : { top, room, width };
        }),
      );
    };
    current.addEventListener('scroll', onScroll, { passive: true });
    return () => current.removeEventListener('scroll', onScroll);
  }, [scroller, count, height]);
  const show = useCallback(
    (index: number) => {
      const { current } = scroller;
      if (current === null) return;
      const room = current.clientHeight - head;
      const top = index * height;
      if (top < current.scrollTop) current.scrollTop = top;
      else if (top + height > current.scrollTop + room) current.scrollTop = top + height - room;
      else return;
      setView({ top: current.scrollTop, room: current.clientHeight, width: current.clientWidth });
    },
    [scroller, height, head],
  );
  return { ...windowOf(count, height, view.top, view.room), width: view.width, show };
}
