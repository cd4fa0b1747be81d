import type { CatalogImage, CatalogSummary } from '#contract';
import { dispatchJobs, getApp, setApp, setLayout } from '../app-state.ts';
import { select } from '../choosing.ts';
import { toast } from '../messages.ts';
import { endOffers, toOpen } from '../opening.ts';
import { type PlainError, plainError } from '../plain-error.ts';
import { type CatalogChoice, NOTHING, type Side, type Spot } from '../selection.ts';
import { settleSelection } from '../settle-selection.ts';
import { inOrder, placeName } from './catalog.ts';

/** Shows a catalog, starting with its images. */
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

/** Updates the list of open catalogs, and leaves the shown catalog if it is no longer open. */
export function onCatalogs(catalogs: readonly CatalogSummary[]): void {
  setApp({ catalogs });
  const { catalog } = getApp().selection;
  if (catalog !== undefined && !catalogs.some(({ catalogId }) => catalogId === catalog.catalogId)) select(NOTHING, { replace: true });
  settleSelection();
}

/** How an image of a catalog is opened. */
interface CatalogOpening {
  /** The place to open the image from; null for the first place where it still exists. */
  readonly place?: number | null;
  /** What to show first in the image. */
  readonly at?: Spot | undefined;
  /** Whether to ask what to compare the image with. */
  readonly compares?: boolean;
  /** Side A to compare the image with. */
  readonly sideA?: Side | null;
  /** Receives the image as a side; the image isn't shown then. */
  readonly onOpen?: ((side: Side) => void) | undefined;
}

/** Opens an image of the shown catalog. If it no longer exists anywhere, the catalog says why. */
export async function openCatalogImage(image: number, { place = null, ...wanted }: CatalogOpening = {}): Promise<void> {
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
      dispatchJobs({ type: 'started', jobId, purpose: toOpen({ imageId: found.id, ...wanted }) });
      return;
    } catch (error) {
      refused ??= plainError(error);
    }
  }
  if (refused !== null) setRefusal(found, place ?? 0, refused);
}

/**
 * Picks an image of the shown catalog for comparison, or unpicks it. If two are already picked, it replaces the one that was picked first.
 */
export function togglePicked(image: number): void {
  setApp(({ catalog }) => {
    const { picked } = catalog;
    return {
      catalog: { ...catalog, picked: picked.includes(image) ? picked.filter((each) => each !== image) : [...picked.slice(-1), image] },
    };
  });
}

export function clearPicked(): void {
  setApp(({ catalog }) => ({ catalog: { ...catalog, picked: [] } }));
}

/** Opens and compares two images of the shown catalog; the newer one becomes side B. */
export async function compareCatalogImages(one: number, other: number): Promise<void> {
  const { rows } = getApp().catalog;
  if (rows === null) return;
  const [a, b] = inOrder(rows, one, other);
  await openCatalogImage(a, { onOpen: (sideA) => void openCatalogImage(b, { sideA }) });
}

/** Compares the two picked images. */
export function comparePicked(): void {
  const [one, other] = getApp().catalog.picked;
  if (one !== undefined && other !== undefined) void compareCatalogImages(one, other);
}

function setRefusal(image: CatalogImage, place: number, error: PlainError): void {
  setApp(({ catalog }) => ({ catalog: { ...catalog, refusal: { name: placeName(image, place), error } } }));
}

export function dismissRefusal(): void {
  setApp(({ catalog }) => ({ catalog: { ...catalog, refusal: null } }));
}
