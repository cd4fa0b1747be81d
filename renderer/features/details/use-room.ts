import { useEffect, useRef, useState } from 'react';

/**
 * Measures how many characters fit into the lines of a view of a fixed-width font; `gaps` is what else a line takes, px. `ruler`: an element
 * a hundred characters wide, which grows with the text.
 */
export function useRoom(gaps: number) {
  const [room, setRoom] = useState(0);
  const ruler = useRef<HTMLElement>(null);
  const view = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const [shown, measure] = [view.current, ruler.current];
    if (shown === null || measure === null) return;
    const observer = new ResizeObserver(() => {
      setRoom(Math.floor(((shown.clientWidth - gaps) * 100) / measure.getBoundingClientRect().width));
    });
    observer.observe(shown);
    observer.observe(measure);
    return () => observer.disconnect();
  }, [gaps]);
  return { room, ruler, view };
}
