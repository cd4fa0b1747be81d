import { useEffect, useRef } from 'react';
import { lineName, titleText } from '../words/cut.ts';
import { cutMiddle, cutText, textWidths } from './cut-middle.ts';
import matchStyles from './match-text.module.css';
import styles from './middle-text.module.css';
import { tailStart } from './tail-start.ts';

/** A name, and where the end that stays visible begins. */
interface Name {
  readonly text: string;
  readonly tail: number;
}

const watched = new WeakMap<Element, Name>();
const NO_NAME: Name = { text: '', tail: 0 };
let observer: ResizeObserver | null = null;

/** Cuts names again after their widths have changed. Measures all of them before changing any. */
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

/** Keeps a name cut to its element's width; returns a function that stops this. */
function keepFitting(element: Element, name: Name): () => void {
  observer ??= new ResizeObserver((entries) => fit(entries.map(({ target }) => target)));
  watched.set(element, name);
  observer.observe(element);
  return () => observer?.unobserve(element);
}

/**
 * A name that is cut in the middle if it doesn't fit, because its end is distinctive. `title`: the full name for the tooltip, if `text` is
 * only part of it; null if a parent has the tooltip. `mostTail`: maximum number of characters at the name's end that stay visible, for
 * places with more space than a list. `tailAt`: where the visible end begins, if that is known. `match`: the text searched for, marked
 * unless the name is cut.
 */
export function MiddleText({
  text: whole,
  title = whole,
  className = '',
  mostTail,
  tailAt,
  match = '',
}: {
  text: string;
  title?: string | null;
  className?: string | undefined;
  mostTail?: number;
  tailAt?: number | undefined;
  match?: string;
}) {
  const name = useRef<HTMLSpanElement>(null);
  const text = lineName(whole);
  const at = Math.min(tailAt ?? tailStart(text, mostTail), text.length);
  const found = match === '' ? -1 : text.toLowerCase().indexOf(match.toLowerCase());
  const marked = { from: found, to: found + match.length };
  useEffect(() => (name.current === null ? undefined : keepFitting(name.current, { text, tail: at })), [text, at]);
  return (
    <span className={`${styles.middle} ${className}`} title={title === null ? undefined : titleText(title)} ref={name}>
      {/* CSS draws the parts, so that screen readers get a single string. If the name is cut, the parts only reserve its space. */}
      <span className="visually-hidden">{text}</span>
      <Part className={styles.head} text={text} from={0} to={at} marked={marked} />
      <Part className={styles.tail} text={text} from={at} to={text.length} marked={marked} />
    </span>
  );
}

/** Part of a name, with any part of the match in it marked. Without a match, `marked.from` is -1. */
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
