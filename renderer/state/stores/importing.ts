import type { ArchiveSummary, ImageSummary, StoreReport } from '#contract';
import { words } from '../../words/index.ts';
import { connectedClient, dispatchJobs, getApp, setApp } from '../app-state.ts';
import { imageTitle } from '../library.ts';
import { toast } from '../messages.ts';
import { endOffers, rememberRetry } from '../opening.ts';
import { plainError } from '../plain-error.ts';
import { canChange, isStored } from './stores.ts';

/** Returns the stores that images can be imported into, the program's own first. */
function writableStores(stores: readonly StoreReport[] | null): readonly StoreReport[] {
  return (stores ?? []).filter(canChange);
}

/** The stores that an image can be imported into, and whether there are none because they all have it already. */
export interface ImportTargets {
  readonly stores: readonly StoreReport[];
  readonly areDone: boolean;
}

/** Returns the stores that an image of an open archive can be imported into: those that don't have it yet. */
export function importTargets(stores: readonly StoreReport[] | null, archive: ArchiveSummary, image: ImageSummary): ImportTargets {
  const { stored } = archive;
  // Layers from a store, which have no manifest, can't be imported into another store.
  const able = stored !== undefined && image.manifestDigest === null ? [] : writableStores(stores);
  const open = able.filter((store) => store.storeId !== stored?.storeId && !isStored({ ...archive, images: [image] }, store));
  return { stores: open, areDone: stored === undefined && able.length > 0 && open.length === 0 };
}

/** Imports an image of an open archive to a store. For a layer tar, asks for the layer below first. */
export async function importToStore(
  archiveId: string,
  image: number,
  storeId = writableStores(getApp().stores)[0]?.storeId,
): Promise<void> {
  const archive = getApp().archives?.find((each) => each.archiveId === archiveId);
  const found = archive?.images.find(({ index }) => index === image);
  if (archive === undefined || found === undefined || storeId === undefined) return;
  const title = imageTitle(archive, found);
  if (archive.format === 'layer') setApp({ storeSheet: { kind: 'parent', storeId, archiveId, image, title } });
  else await startImport({ storeId, archiveId, image, parent: null, title });
}

interface ImportRequest {
  readonly storeId: string;
  readonly archiveId: string;
  readonly image: number;
  /** The layer below a layer tar; null for a base layer. */
  readonly parent: string | null;
  readonly title: string;
}

export async function startImport(request: ImportRequest): Promise<void> {
  const { title, ...input } = request;
  const client = await connectedClient();
  setApp({ storeSheet: null });
  try {
    const { jobId } = await client.call('store.import', input);
    rememberRetry(jobId, () => void startImport(request));
    dispatchJobs({ type: 'started', jobId, purpose: { kind: 'store', onDone: () => toast(words.store.imported(title)) } });
  } catch (error) {
    toast(plainError(error).message);
  }
}

/** Offers to import an archive, or imports it, as the user prefers. Does neither if the store already has the archive's images. */
export function offerImport(archiveId: string, title: string): void {
  const { layout, archives, stores } = getApp();
  const archive = archives?.find((each) => each.archiveId === archiveId);
  const [store] = writableStores(stores);
  if (archive === undefined || store === undefined || layout.onOpen === 'look' || isStored(archive, store)) return;
  if (layout.onOpen === 'import') importAll(archiveId);
  else setApp((app) => ({ offers: [...app.offers, { archiveId, title }] }));
}

export function answerOffers(answer: 'look' | 'import'): void {
  const { offers } = getApp();
  endOffers();
  if (answer === 'import') for (const { archiveId } of offers) importAll(archiveId);
}

function importAll(archiveId: string): void {
  const archive = getApp().archives?.find((each) => each.archiveId === archiveId);
  for (const { index } of archive?.images ?? []) void importToStore(archiveId, index);
}

/** Withdraws offers for archives that were closed or are being imported. */
export function withdrawOffers(): void {
  const { offers, archives, jobs } = getApp();
  const open = offers.filter(
    ({ archiveId }) =>
      archives?.some((each) => each.archiveId === archiveId) &&
      !jobs.jobs.some((job) => job.kind === 'import' && job.archiveId === archiveId),
  );
  if (open.length < offers.length) setApp({ offers: open });
}
