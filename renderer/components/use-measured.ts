import { type RefObject, useEffect, useState } from 'react';

/**
 * Returns what `measure` reads from an element, read again whenever its size changes; `before` until the element exists. `measure` must be
 * the same function each time.
 */
export function useMeasured<T>(element: RefObject<HTMLElement | null>, measure: (element: HTMLElement) => T, before: T): T {
  const [measured, setMeasured] = useState(before);
  useEffect(() => {
    const { current } = element;
    if (current === null) return;
    const observer = new ResizeObserver(() => setMeasured(measure(current)));
    observer.observe(current);
    return () => observer.disconnect();
  }, [element, measure]);
  return measured;
}

export const widthOf = ({ clientWidth }: HTMLElement): number => clientWidth;
export const heightOf = ({ clientHeight }: HTMLElement): number => clientHeight;
