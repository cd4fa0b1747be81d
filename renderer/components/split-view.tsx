import { type KeyboardEvent, type PointerEvent, useRef } from 'react';
import styles from './split-view.module.css';

/**
 * The line between two panes, moved by dragging or the arrow keys (Home and End: the limits). Resizes the pane on its `side`. Source:
 * WAI-ARIA, Window Splitter.
 */
export function Splitter({
  label,
  value,
  min,
  max,
  side,
  onChange,
}: {
  label: string;
  /** Width of the pane, px. */
  value: number;
  min: number;
  max: number;
  side: 'left' | 'right';
  onChange: (value: number) => void;
}) {
  const drag = useRef<{ x: number; value: number } | null>(null);
  const clamp = (wanted: number) => Math.round(Math.min(max, Math.max(min, wanted)));
  const sign = side === 'left' ? 1 : -1;

  function onPointerDown(event: PointerEvent<HTMLDivElement>) {
    drag.current = { x: event.clientX, value };
    event.currentTarget.setPointerCapture(event.pointerId);
    event.preventDefault();
  }
  function onPointerMove(event: PointerEvent<HTMLDivElement>) {
    if (drag.current !== null) onChange(clamp(drag.current.value + sign * (event.clientX - drag.current.x)));
  }
  function onKeyDown(event: KeyboardEvent<HTMLDivElement>) {
    const step = event.shiftKey ? 64 : 16;
    const wanted = { ArrowLeft: value - sign * step, ArrowRight: value + sign * step, Home: min, End: max }[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    onChange(clamp(wanted));
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a splitter that can be moved is not an <hr>
    <div
      className={`${styles.splitter} ${styles[side]}`}
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => {
        drag.current = null;
      }}
      onKeyDown={onKeyDown}
    />
  );
}
