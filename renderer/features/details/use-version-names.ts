import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';

/** Returns the names of two versions of a file: the sides of a comparison, or before and after a change. */
export function useVersionNames() {
  const compares = useApp((app) => app.selection.mode === 'compare');
  return compares ? words.details.versions.comparison : words.details.versions.change;
}
