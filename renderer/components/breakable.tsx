import { Fragment } from 'react';

/** A name that breaks after its punctuation: `org.opencontainers.` `image.title`. */
export function Breakable({ text }: { text: string }) {
  return text.split(/(?<=[./_:-])/).map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name, and never move
    <Fragment key={index}>
      {part}
      <wbr />
    </Fragment>
  ));
}
