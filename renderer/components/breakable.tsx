import { Fragment, type ReactNode } from 'react';

/** Longer texts are broken anywhere: so many parts would cost more than they help. */
const MOST_LETTERS = 1_000;

/** Returns a path or key that may be broken after its separators, so that its names stay whole where there is room for them. */
export function breakable(text: string): ReactNode {
  if (text.length > MOST_LETTERS) return text;
  return text.split(/(?<=[\\/])/).map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name, and never move
    <Fragment key={index}>
      {part}
      <wbr />
    </Fragment>
  ));
}
