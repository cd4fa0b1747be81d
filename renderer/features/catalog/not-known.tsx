import { words } from '../../words/index.ts';

/** Shown in place of something that a catalog doesn't know about an image, such as its time. */
export function NotKnown() {
  return (
    <span title={words.catalog.notKnown}>
      <span aria-hidden="true">–</span>
      <span className="visually-hidden">{words.catalog.notKnown}</span>
    </span>
  );
}
