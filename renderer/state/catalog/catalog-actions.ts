import type { CatalogImage, CatalogSummary } from '#contract';
import { dispatchJobs, getApp, setApp, setLayout } from '../app-state.ts';
import { select } from '../choosing.ts';
import { toast } from '../messages.ts';
import { endOffers, toOpen } from '../opening.ts';
import { type PlainError, plainError } from '../plain-error.ts';
import { type CatalogChoice, NOTHING, type Spot } from '../selection.ts';
import { settleSelection } from '../settle-selection.ts';
import { placeName } from './catalog.ts';

/** Shows a catalog, its images first. */
export function showCatalog(catalogId: string): void {
  if (getApp().selection.catalog?.catalogId === catalogId) return;
  select({ ...NOTHING, catalog: { catalogId, view: 'images' } });
  setLayout({ drawer: 'none' });
}

/** Changes which part of the shown catalog is on screen. With `replace`, Back skips the previous one. */
export function chooseInCatalog(choice: Partial<Omit<CatalogChoice, 'catalogId'>>, options: { readonly replace?: boolean } = {}): void {
  const { selection } = getApp();
  if (selection.catalog !== undefined) select({ ...selection, catalog: { ...selection.catalog, ...choice } }, options);
}

export async function closeCatalog(catalogId: string): Promise<void> {
  try {
    await getApp().client?.call('catalog.close', { catalogId });
  } catch (error) {
    toast(plainError(error).message);
  }
}

/** Updates the list of open catalogs, and leaves one that is no longer open. */
export function onCatalogs(catalogs: readonly CatalogSummary[]): void {
  setApp({ catalogs });
  const { catalog } = getApp().selection;
  if (catalog !== undefined && !catalogs.some(({ catalogId }) => catalogId === catalog.catalogId)) select(NOTHING, { replace: true });
  settleSelection();
}

/**
 * Opens an image of the shown catalog from the given place, or else from the first place that still has it. If none does, the catalog says
 * why. `at`: where in the image to begin. With `compares`, asks what to compare it with.
 */
export async function openCatalogImage(
  image: number,
  { place = null, at, compares = false }: { place?: number | null; at?: Spot | undefined; compares?: boolean } = {},
): Promise<void> {
  const { client, catalog } = getApp();
  const { catalogId, rows } = catalog;
  const found = rows?.images[image];
  if (client === null || catalogId === null || found === undefined) return;
  setApp({ catalog: { ...catalog, refusal: null } });
  let refused: PlainError | null = null;
  for (const each of place === null ? found.places.keys() : [place]) {
    try {
      const { jobId } = await client.call('catalog.open', { catalogId, image, place: each });
      endOffers();
      dispatchJobs({ type: 'started', jobId, purpose: toOpen({ imageId: found.id, at, compares }) });
      return;
    } catch (error) {
      refused ??= plainError(error);
    }
  }
  if (refused !== null) setRefusal(found, place ?? 0, refused);
}

function setRefusal(image: CatalogImage, place: number, error: PlainError): void {
  setApp(({ catalog }) => ({ catalog: { ...catalog, refusal: { name: placeName(image, place), error } } }));
}

export function dismissRefusal(): void {
  setApp(({ catalog }) => ({ catalog: { ...catalog, refusal: null } }));
}
