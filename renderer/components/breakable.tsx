import { Fragment } from 'react';

const PLACES = { punctuation: /(?<=[./_:-])/, separators: /(?<=[\\/])/ } as const;
/** Longer texts are broken anywhere: so many parts would cost more than they help. */
const MOST_LETTERS = 1_000;

/** A name that breaks after its punctuation, `org.opencontainers.` `image.title`, or a path that breaks only after its separators. */
export function Breakable({ text, after = 'punctuation' }: { text: string; after?: keyof typeof PLACES }) {
  if (text.length > MOST_LETTERS) return text;
  return text.split(PLACES[after]).map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name, and never move
    <Fragment key={index}>
      {part}
      <wbr />
    </Fragment>
  ));
}
