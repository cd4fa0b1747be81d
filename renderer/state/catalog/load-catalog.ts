import { CATALOG_PAGE, type CatalogPage, type CatalogSummary } from '#contract';
import { appStore, connectedClient, getApp, newRequest, setApp } from '../app-state.ts';
import { plainError } from '../plain-error.ts';
import { holdersOf, NO_CATALOG, NO_SEARCH } from './catalog.ts';
import { runSearch } from './catalog-search.ts';
import { FIRST_LIST } from './image-rows.ts';

/** Loads the catalog that is shown, and runs the search that the address specifies. */
export function watchCatalog(): void {
  appStore.subscribe((state, before) => {
    const { catalog } = state.selection;
    const { catalog: last } = before.selection;
    const summary = summaryOf(state.catalogs, catalog?.catalogId);
    // Reading a catalog again gives it a new summary, so a new summary means that it must be loaded again.
    if (summary !== summaryOf(before.catalogs, last?.catalogId)) void loadCatalog(summary);
    if (catalog?.text !== last?.text || catalog?.what !== last?.what || catalog?.catalogId !== last?.catalogId) runSearch();
  });
}

function summaryOf(catalogs: readonly CatalogSummary[] | null, catalogId: string | undefined): CatalogSummary | null {
  return catalogs?.find((each) => each.catalogId === catalogId) ?? null;
}

/** Loads all rows of a catalog, page by page. */
async function loadCatalog(summary: CatalogSummary | null): Promise<void> {
  const signal = newRequest('catalog');
  if (summary === null) {
    setApp({ catalog: NO_CATALOG });
    return;
  }
  const { catalogId } = summary;
  const before = getApp().catalog;
  if (getApp().imageList.catalogId !== catalogId) setApp({ imageList: { ...FIRST_LIST, catalogId } });
  setApp({ catalog: { ...NO_CATALOG, catalogId, search: before.catalogId === catalogId ? before.search : NO_SEARCH } });
  try {
    const client = await connectedClient();
    const images = await allPages((start) => client.call('catalog.images', { catalogId, start, count: CATALOG_PAGE }, { signal }), onRows);
    const layers = await allPages((start) => client.call('catalog.layers', { catalogId, start, count: CATALOG_PAGE }, { signal }), onRows);
    const { rows: problems } = await client.call('catalog.problems', { catalogId }, { signal });
    if (signal.aborted) return;
    const rows = { images, layers, problems, holders: holdersOf(images, layers.length) };
    setApp(({ catalog }) => ({ catalog: { ...catalog, rows } }));
    runSearch();
  } catch (error) {
    if (!signal.aborted) setApp(({ catalog }) => ({ catalog: { ...catalog, error: plainError(error) } }));
  }
  function onRows(done: number): void {
    if (signal.aborted) return;
    const allRows = summary === null ? 0 : summary.images + summary.layers;
    setApp(({ catalog }) => ({ catalog: { ...catalog, doneRows: catalog.doneRows + done, allRows } }));
  }
}

async function allPages<T>(page: (start: number) => Promise<CatalogPage<T>>, onRows: (count: number) => void): Promise<readonly T[]> {
  const all: T[] = [];
  for (let total = 1; all.length < total; ) {
    const { rows, total: now } = await page(all.length);
    // An empty page would otherwise be requested again and again.
    if (rows.length === 0) break;
    all.push(...rows);
    total = now;
    onRows(rows.length);
  }
  return all;
}
