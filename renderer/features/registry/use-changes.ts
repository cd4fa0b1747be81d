import { useEffect, useState } from 'react';
import type { ImageRef, RegistryItem } from '#contract';
import { type PlainError, plainError } from '../../state/plain-error.ts';
import { useApp } from '../use-app.ts';

/** Number of changes that the host sends at once. */
const PAGE = 500;
/** A search reads all changes, so it waits until typing has paused for this many ms. */
const SEARCH_AFTER = 150;

/** What layers changed in the registry. It grows until the host has sent everything. */
export interface ChangesRead {
  readonly items: readonly RegistryItem[];
  /** Whether it is complete. */
  readonly isRead: boolean;
  /** Whether there are more changes than the host lists. */
  readonly isCutOff: boolean;
  readonly error: PlainError | null;
}

const NOTHING: ChangesRead = { items: [], isRead: false, isCutOff: false, error: null };

/** Reads all changes in layers that match `text`. Other layers or another text need a new component (a different React key). */
export function useChanges({ archiveId, image, from, to, text }: ImageRef & { from: number; to: number; text: string }): ChangesRead {
  const client = useApp((app) => app.client);
  const [read, setRead] = useState(NOTHING);
  useEffect(() => {
    if (client === null) return;
    const control = new AbortController();
    const { signal } = control;
    const readAll = async () => {
      const items: RegistryItem[] = [];
      for (;;) {
        const asked = { archiveId, image, from, to, text, start: items.length, count: PAGE };
        const page = await client.call('registry.changes', asked, { signal });
        if (signal.aborted) return;
        items.push(...page.items);
        const isRead = items.length >= page.total || page.items.length === 0;
        setRead({ items: [...items], isRead, isCutOff: isRead && !page.complete, error: null });
        if (isRead) return;
      }
    };
    const run = () =>
      readAll().catch((error: unknown) => signal.aborted || setRead({ ...NOTHING, isRead: true, error: plainError(error) }));
    const timer = setTimeout(run, text === '' ? 0 : SEARCH_AFTER);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [client, archiveId, image, from, to, text]);
  return read;
}
