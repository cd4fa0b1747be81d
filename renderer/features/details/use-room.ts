import { useEffect, useRef, useState } from 'react';

/**
 * Measures how many characters fit on a line of a monospaced view. `gaps` is the width of everything else on a line, px. `ruler`: an
 * element a hundred characters wide, which grows with the text.
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
