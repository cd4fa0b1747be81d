import { useEffect, useState } from 'react';
import type { ImageRef, RegistryItem, ViewRef } from '#contract';
import { type PlainError, plainError } from '../../state/plain-error.ts';
import { useApp } from '../use-app.ts';

/** Number of changes that the host sends at once. */
const PAGE = 500;
/** A search reads all changes, so it waits until typing has paused for this many ms. */
const SEARCH_AFTER = 150;

/** Layers of an image, or both sides of a comparison, and what to search for. */
export type ChangesWanted = { readonly text: string } & (
  | (ImageRef & { readonly from: number; readonly to: number })
  | { readonly a: ViewRef; readonly b: ViewRef }
);

/** What layers changed in the registry, or how sides differ. It grows until the host has sent everything. */
export interface ChangesRead {
  readonly items: readonly RegistryItem[];
  /** Whether the host has sent everything. */
  readonly isRead: boolean;
  /** Whether there are more changes than the host lists. */
  readonly isCutOff: boolean;
  readonly error: PlainError | null;
}

const NOTHING: ChangesRead = { items: [], isRead: false, isCutOff: false, error: null };

/**
 * Reads all changes that match a text. `wanted` must stay the same; for other layers, sides or text, render a new component (with a
 * different React key).
 */
export function useChanges(wanted: ChangesWanted): ChangesRead {
  const client = useApp((app) => app.client);
  const [read, setRead] = useState(NOTHING);
  const key = JSON.stringify(wanted);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key has all of what is wanted
  useEffect(() => {
    if (client === null) return;
    const control = new AbortController();
    const { signal } = control;
    const readAll = async () => {
      const items: RegistryItem[] = [];
      for (;;) {
        const at = { start: items.length, count: PAGE };
        const page =
          'a' in wanted
            ? await client.call('registry.compare', { ...wanted, ...at }, { signal })
            : await client.call('registry.changes', { ...wanted, ...at }, { signal });
        if (signal.aborted) return;
        items.push(...page.items);
        const isRead = items.length >= page.total || page.items.length === 0;
        setRead({ items: [...items], isRead, isCutOff: isRead && !page.complete, error: null });
        if (isRead) return;
      }
    };
    const run = () =>
      readAll().catch((error: unknown) => signal.aborted || setRead({ ...NOTHING, isRead: true, error: plainError(error) }));
    const timer = setTimeout(run, wanted.text === '' ? 0 : SEARCH_AFTER);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [client, key]);
  return read;
}
