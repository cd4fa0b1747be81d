import { useEffect, useRef } from 'react';
import { cutMiddle, cutText, textWidths } from './cut-middle.ts';
import styles from './middle-text.module.css';
import { tailStart } from './tail-start.ts';

const watched = new WeakMap<Element, string>();
let observer: ResizeObserver | null = null;

/** Cuts names anew whose room has changed. All are measured before one is changed. */
function fit(elements: readonly Element[]): void {
  const cuts = elements.map((element) => {
    const text = watched.get(element) ?? '';
    const tail = tailStart(text);
    return tail === 0 ? null : cutMiddle(text, tail, element.getBoundingClientRect().width, textWidths(element));
  });
  elements.forEach((element, at) => {
    const cut = cuts[at] ?? null;
    if (cut === null) element.removeAttribute('data-cut');
    else element.setAttribute('data-cut', cutText(watched.get(element) ?? '', cut));
  });
}

/** Cuts a name as its room changes; returns how to stop that. */
function keepFitting(element: Element, text: string): () => void {
  observer ??= new ResizeObserver((entries) => fit(entries.map(({ target }) => target)));
  watched.set(element, text);
  observer.observe(element);
  return () => observer?.unobserve(element);
}

/**
 * A name that is cut in the middle if it doesn't fit, because the end is distinctive. `title`: the full name for the tooltip, if `text` is
 * only part of it.
 */
export function MiddleText({ text, title = text, className = '' }: { text: string; title?: string; className?: string | undefined }) {
  const name = useRef<HTMLSpanElement>(null);
  const at = tailStart(text);
  useEffect(() => (name.current === null ? undefined : keepFitting(name.current, text)), [text]);
  return (
    <span className={`${styles.middle} ${className}`} title={title} ref={name}>
      {/* CSS draws the parts, so that screen readers see a single text. Those of a name that is cut only keep its room. */}
      <span className="visually-hidden">{text}</span>
      <span className={styles.head} aria-hidden="true" data-text={text.slice(0, at)} />
      <span className={styles.tail} aria-hidden="true" data-text={text.slice(at)} />
    </span>
  );
}
