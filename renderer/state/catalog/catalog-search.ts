import type { CatalogCursor, CatalogSearchPart } from '#contract';
import { connectedClient, getApp, newRequest, setApp } from '../app-state.ts';
import { plainError } from '../plain-error.ts';
import { type CatalogSearch, NO_SEARCH } from './catalog.ts';

/** Maximum number of hits listed; nobody needs more. */
const MOST_HITS = 5_000;
const START: CatalogCursor = { file: 0, part: 0 };

/** Starts the search that the selection specifies, and stops the previous one. */
export function runSearch(): void {
  const signal = newRequest('catalogSearch');
  const { selection, catalog } = getApp();
  const { catalogId, text = '', what = 'path' } = selection.catalog ?? {};
  if (catalogId === undefined || catalog.rows === null || text.trim() === '') {
    if (catalog.search.state !== 'idle') setSearch(NO_SEARCH);
    return;
  }
  setSearch({ ...NO_SEARCH, state: 'running' });
  void search({ catalogId, what, text }, signal);
}

/** Stops the search, but keeps what it found. */
export function stopSearch(): void {
  newRequest('catalogSearch');
  setSearch({ ...getApp().catalog.search, state: 'stopped' });
}

interface Wanted {
  readonly catalogId: string;
  readonly what: 'path' | 'package' | 'content';
  readonly text: string;
}

async function search(wanted: Wanted, signal: AbortSignal): Promise<void> {
  try {
    const client = await connectedClient();
    let isCut = false;
    for (let from: CatalogCursor | null = START; from !== null && !isCut; ) {
      const part: CatalogSearchPart = await client.call('catalog.search', { ...wanted, from }, { signal });
      if (signal.aborted) return;
      const before = getApp().catalog.search;
      const hits = [...before.hits, ...part.hits];
      isCut = part.isCut || hits.length > MOST_HITS;
      from = part.next;
      setSearch({
        ...before,
        state: from === null || isCut ? 'done' : 'running',
        hits: hits.slice(0, MOST_HITS),
        doneFiles: from?.file ?? part.files,
        files: part.files,
        isCut,
        problems: [...before.problems, ...part.problems],
      });
    }
  } catch (error) {
    if (!signal.aborted) setSearch({ ...getApp().catalog.search, state: 'failed', error: plainError(error) });
  }
}

function setSearch(search: CatalogSearch): void {
  setApp(({ catalog }) => ({ catalog: { ...catalog, search } }));
}
