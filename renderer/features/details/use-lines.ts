import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useLayoutEffect, useRef } from 'react';
import { lineHeight } from '../../state/layout.ts';
import { useApp } from '../use-app.ts';

/**
 * Virtualizes the lines of long text. Wrapped lines are measured; all others have the same height. `view`: a ref to the scrolling element,
 * if there already is one.
 */
export function useLines({ count, wraps, view }: { count: number; wraps: boolean; view?: RefObject<HTMLDivElement | null> }) {
  const own: RefObject<HTMLDivElement | null> = useRef(null);
  const scroller = view ?? own;
  const height = useApp((app) => lineHeight(app.layout.previewText));
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 20,
  });
  const shape = `${height} ${wraps}`;
  const last = useRef(shape);
  useLayoutEffect(() => {
    if (last.current === shape) return;
    last.current = shape;
    virtual.measure();
  });
  /** Returns props that position a line's element. */
  const place = (index: number, start: number) => ({
    style: { transform: `translateY(${start}px)`, ...(wraps ? {} : { height }) },
    ...(wraps ? { ref: virtual.measureElement, 'data-index': index } : {}),
  });
  return { scroller, virtual, place };
}
