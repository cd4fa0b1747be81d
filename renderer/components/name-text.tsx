import { Fragment } from 'react';

/** The name of an image, on two lines if one is too short: the second begins with the tag. */
export function NameText({ text }: { text: string }) {
  return text.split(/(?<=:)/).map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name, and never move
    <Fragment key={index}>
      {index === 0 ? null : <wbr />}
      {part}
    </Fragment>
  ));
}
