import { Notice } from '../../components/notice.tsx';
import { words } from '../../words/index.ts';
import { ClearFilter } from '../clear-filter.tsx';

/** Shown in place of a list if the filter leaves nothing. */
export function NothingFound() {
  return (
    <Notice icon="search" title={words.registry.nothingFound}>
      <ClearFilter />
    </Notice>
  );
}
