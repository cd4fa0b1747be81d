import { Notice } from '../../components/notice.tsx';
import { words } from '../../words/index.ts';
import { ClearFilter } from '../clear-filter.tsx';

/** Stands in for a list of which the filter's text leaves nothing. */
export function NothingFound() {
  return (
    <Notice icon="search" title={words.registry.nothingFound}>
      <ClearFilter />
    </Notice>
  );
}
