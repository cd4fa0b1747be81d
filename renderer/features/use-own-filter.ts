import { useEffect } from 'react';
import { dispatchChanges, getApp } from '../state/app-state.ts';

/**
 * Gives a view that isn't about paths, such as packages or the registry, its own filter text while it is shown. The text typed for paths is
 * restored afterwards, unless another image is shown by then. Text that finds a package seldom matches the paths of its files, so it
 * mustn't stay as the tree's filter.
 */
export function useOwnFilter(): void {
  useEffect(() => {
    const { text } = getApp().changes.filter;
    const { archiveId, image } = getApp().selection;
    setFilterText('');
    return () => {
      const now = getApp().selection;
      setFilterText(now.archiveId === archiveId && now.image === image ? text : '');
    };
  }, []);
}

function setFilterText(text: string): void {
  const { filter } = getApp().changes;
  if (filter.text !== text) dispatchChanges({ type: 'filtered', filter: { ...filter, text } });
}
