import { words } from '../../words/index.ts';

/** In place of what a catalog doesn't know of an image, such as its time. */
export function NotKnown() {
  return (
    <span title={words.catalog.notKnown}>
      <span aria-hidden="true">–</span>
      <span className="visually-hidden">{words.catalog.notKnown}</span>
    </span>
  );
}
