import { useEffect, useRef } from 'react';
import { cutMiddle, cutText, textWidths } from './cut-middle.ts';
import matchStyles from './match-text.module.css';
import styles from './middle-text.module.css';
import { tailStart } from './tail-start.ts';

/** A name, and where the end begins that stays visible. */
interface Name {
  readonly text: string;
  readonly tail: number;
}

const watched = new WeakMap<Element, Name>();
const NO_NAME: Name = { text: '', tail: 0 };
let observer: ResizeObserver | null = null;

/** Cuts names anew whose room has changed. All are measured before one is changed. */
function fit(elements: readonly Element[]): void {
  const cuts = elements.map((element) => {
    const { text, tail } = watched.get(element) ?? NO_NAME;
    return tail === 0 ? null : cutMiddle(text, tail, element.getBoundingClientRect().width, textWidths(element));
  });
  elements.forEach((element, at) => {
    const cut = cuts[at] ?? null;
    if (cut === null) element.removeAttribute('data-cut');
    else element.setAttribute('data-cut', cutText((watched.get(element) ?? NO_NAME).text, cut));
  });
}

/** Cuts a name as its room changes; returns how to stop that. */
function keepFitting(element: Element, name: Name): () => void {
  observer ??= new ResizeObserver((entries) => fit(entries.map(({ target }) => target)));
  watched.set(element, name);
  observer.observe(element);
  return () => observer?.unobserve(element);
}

/**
 * A name that is cut in the middle if it doesn't fit, because the end is distinctive. `title`: the full name for the tooltip, if `text` is
 * only part of it; null if what is around it has one. `mostTail`: how many characters of its end stay visible at most, where there is more
 * room than in a list. `match`: what a search is for, which is marked while the name isn't cut.
 */
export function MiddleText({
  text,
  title = text,
  className = '',
  mostTail,
  match = '',
}: {
  text: string;
  title?: string | null;
  className?: string | undefined;
  mostTail?: number;
  match?: string;
}) {
  const name = useRef<HTMLSpanElement>(null);
  const at = tailStart(text, mostTail);
  const found = match === '' ? -1 : text.toLowerCase().indexOf(match.toLowerCase());
  const marked = { from: found, to: found + match.length };
  useEffect(() => (name.current === null ? undefined : keepFitting(name.current, { text, tail: at })), [text, at]);
  return (
    <span className={`${styles.middle} ${className}`} title={title ?? undefined} ref={name}>
      {/* CSS draws the parts, so that screen readers see a single text. Those of a name that is cut only keep its room. */}
      <span className="visually-hidden">{text}</span>
      <Part className={styles.head} text={text} from={0} to={at} marked={marked} />
      <Part className={styles.tail} text={text} from={at} to={text.length} marked={marked} />
    </span>
  );
}

/** A part of a name, with as much of the match as is in it marked. `marked.from` is -1 without one. */
function Part({
  className,
  text,
  from,
  to,
  marked,
}: {
  className: string | undefined;
  text: string;
  from: number;
  to: number;
  marked: { readonly from: number; readonly to: number };
}) {
  const start = Math.max(from, marked.from);
  const end = Math.min(to, marked.to);
  if (marked.from < 0 || start >= end) return <span className={className} aria-hidden="true" data-text={text.slice(from, to)} />;
  return (
    <span className={className} aria-hidden="true">
      <span data-text={text.slice(from, start)} />
      <mark className={matchStyles.match} data-text={text.slice(start, end)} />
      <span data-text={text.slice(end, to)} />
    </span>
  );
}
