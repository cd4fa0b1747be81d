import { useEffect } from 'react';
import { setApp } from '../../state/app-state.ts';
import { type KeyTree, registrySums } from '../../state/registry-keys.ts';

/** Puts the numbers of changed values and keys into the pane’s heading while the tree is shown. `tree` is null until all of it is known. */
export function useHeadingSums(tree: KeyTree | null): void {
  useEffect(() => {
    setApp({ registrySums: tree === null ? null : registrySums(tree) });
    return () => setApp({ registrySums: null });
  }, [tree]);
}
