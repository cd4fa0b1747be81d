import { type KeyboardEvent, type PointerEvent, useRef } from 'react';
import styles from './split-view.module.css';

/**
 * The line between two panes, moved by dragging or with the arrow keys (Home and End: to the limits). Resizes the pane on its `side`.
 * Source: WAI-ARIA, Window Splitter.
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
  /** Width of the pane or, if it is on top, its height, px. */
  value: number;
  min: number;
  max: number;
  side: 'left' | 'right' | 'top';
  onChange: (value: number) => void;
}) {
  const drag = useRef<{ at: number; value: number } | null>(null);
  const isOnTop = side === 'top';
  const at = ({ clientX, clientY }: PointerEvent) => (isOnTop ? clientY : clientX);
  const clamp = (wanted: number) => Math.round(Math.min(max, Math.max(min, wanted)));
  const sign = side === 'right' ? -1 : 1;

  function onPointerDown(event: PointerEvent<HTMLDivElement>) {
    drag.current = { at: at(event), value };
    event.currentTarget.setPointerCapture(event.pointerId);
    event.preventDefault();
  }
  function onPointerMove(event: PointerEvent<HTMLDivElement>) {
    if (drag.current !== null) onChange(clamp(drag.current.value + sign * (at(event) - drag.current.at)));
  }
  function onKeyDown(event: KeyboardEvent<HTMLDivElement>) {
    const step = event.shiftKey ? 64 : 16;
    const [less, more] = isOnTop ? ['ArrowUp', 'ArrowDown'] : ['ArrowLeft', 'ArrowRight'];
    const wanted = { [less as string]: value - sign * step, [more as string]: value + sign * step, Home: min, End: max }[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    onChange(clamp(wanted));
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a splitter that can be moved is not an <hr>
    <div
      className={`${styles.splitter} ${styles[side]}`}
      role="separator"
      aria-orientation={isOnTop ? 'horizontal' : 'vertical'}
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
