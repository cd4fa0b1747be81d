import { words } from '../../words/index.ts';

/** In place of the time of an image that doesn't say it. */
export function NoDate() {
  return (
    <span title={words.catalog.noDate}>
      <span aria-hidden="true">–</span>
      <span className="visually-hidden">{words.catalog.noDate}</span>
    </span>
  );
}
