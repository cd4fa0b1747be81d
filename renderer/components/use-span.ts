import { useState } from 'react';
import { FIRST } from './first-items.tsx';

/** Number of lines of a chain that are drawn at a time. No tool builds an image with that many layers. */
const MOST = 500;

/**
 * Decides which of a chain's lines to draw, if there are more than `most`. The drawn lines include `at` and the lines that the user asked
 * for. Use it with {@link MoreItems}, before and after the lines.
 */
export function useSpan(count: number, at: number, most = MOST) {
  const [asked, setAsked] = useState({ first: 0, end: most });
  let { first, end } = asked;
  if (at >= 0 && at < count && (at < first || at >= end)) {
    first = Math.max(0, at - Math.floor(most / 2));
    end = first + most;
    setAsked({ first, end });
  }
  end = Math.min(end, count);
  return {
    first,
    end,
    before: first,
    after: count - end,
    isCut: first > 0 || end < count,
    onBefore: () => setAsked({ first: Math.max(0, first - FIRST), end }),
    onAfter: () => setAsked({ first, end: end + FIRST }),
  };
}
