import type { ArchiveSummary, InputOf, OperationName, OutputOf, StoredLayerReport, StoreReport } from '#contract';
import { displayText } from '#model';
import { words } from '../../words/index.ts';
import { connectedClient, dispatchJobs, getApp, setApp } from '../app-state.ts';
import { showImage } from '../choosing.ts';
import { copyText } from '../clipboard.ts';
import { startExport } from '../exporting.ts';
import { toast } from '../messages.ts';
import { rememberRetry, showWhenOpen } from '../opening.ts';
import { plainError } from '../plain-error.ts';
import { imageWithTop, layerName, nextName, parentImage, type StoreSheet } from './stores.ts';
import { refreshStores } from './watch-stores.ts';
import { archiveOf, followCopy } from './working-copies.ts';

/** Calls the host, shows an error as a toast, and refreshes the stores. Returns null on failure. */
async function tryCall<N extends OperationName>(name: N, input: InputOf<N>): Promise<OutputOf<N> | null> {
  const client = await connectedClient();
  try {
    return await client.call(name, input);
  } catch (error) {
    toast(plainError(error).message);
    return null;
  } finally {
    void refreshStores();
  }
}

function runWhenDone(jobId: string, onDone: () => void): void {
  dispatchJobs({ type: 'started', jobId, purpose: { kind: 'store', onDone } });
}

/** Opens an image or a layer from a store, and shows it. Returns the job's id; null if the job couldn't start. */
async function openStored(storeId: string, name: string): Promise<string | null> {
  const client = await connectedClient();
  try {
    const { jobId } = await client.call('store.open', { storeId, name });
    followCopy(storeId, name, jobId);
    rememberRetry(jobId, () => void openStored(storeId, name));
    showWhenOpen(jobId);
    return jobId;
  } catch (error) {
    toast(plainError(error).message);
    return null;
  }
}

/** An item in a store: an image, by its name and top layer, or a layer. */
export interface StoredItem {
  readonly storeId: string;
  readonly name: string;
  readonly top: string | null;
  /** The open archive that shows the item, if any. */
  readonly opened: ArchiveSummary | undefined;
}

/** Shows an item of a store, opening it first if necessary. */
export function showStored({ storeId, name, top, opened }: StoredItem): void {
  if (opened === undefined) void openStored(storeId, name);
  else showImage(opened.archiveId, imageWithTop(opened, top));
}

/** Shows an item of a store, and saves it as an archive. */
export async function exportStored({ storeId, name, top, opened }: StoredItem, format: 'docker-archive' | 'oci-archive'): Promise<void> {
  const archiveId = opened?.archiveId ?? (await openedArchive(storeId, name));
  const archive = getApp().archives?.find((each) => each.archiveId === archiveId);
  if (archive !== undefined) await startExport({ what: 'image', format, archiveId: archive.archiveId, image: imageWithTop(archive, top) });
}

async function openedArchive(storeId: string, name: string): Promise<string | null> {
  const jobId = await openStored(storeId, name);
  return jobId === null ? null : archiveOf(jobId);
}

/** Asks before removing something, which can't be undone. Lists what else is removed and how much is freed. */
export async function askToRemove(storeId: string, name: string, title: string): Promise<void> {
  setApp({ storeSheet: { kind: 'remove', storeId, name, title, plan: null, refused: null } });
  const plan = await tryCall('store.removal', { storeId, name });
  const { storeSheet } = getApp();
  if (storeSheet?.kind !== 'remove' || storeSheet.name !== name) return;
  // Leftovers and broken layers can be removed even though nothing is known about them.
  setApp({ storeSheet: { ...storeSheet, plan: plan ?? NOTHING_KNOWN } });
}

const NOTHING_KNOWN = { kind: 'layer', freedBytes: 0, layers: 1, copies: [], others: [], mounted: 0 } as const;

/** Removes an image or a layer. If the store refuses, the sheet shows why. */
export async function removeStored(sheet: Extract<StoreSheet, { kind: 'remove' }>): Promise<void> {
  const client = await connectedClient();
  const { storeId, name, plan } = sheet;
  try {
    if (plan?.kind === 'copy') await client.call('store.discard', { storeId, name });
    else await client.call('store.remove', { storeId, name, withCopies: plan !== null && plan.mounted + plan.copies.length > 0 });
    setApp({ storeSheet: null });
    toast(words.store.removed(sheet.title));
  } catch (error) {
    setApp({ storeSheet: { ...sheet, refused: plainError(error).message } });
  }
  await refreshStores();
}

export async function addStore(): Promise<void> {
  await tryCall('store.add', {});
}

export async function forgetStore(storeId: string): Promise<void> {
  await tryCall('store.forget', { storeId });
}

export async function verifyStore(storeId: string): Promise<void> {
  const started = await tryCall('store.verify', { storeId });
  if (started === null) return;
  runWhenDone(started.jobId, () => {
    const problems = getApp().stores?.find((store) => store.storeId === storeId)?.checked?.length ?? 0;
    if (problems === 0) toast(words.store.noProblems);
    else setApp({ storeSheet: { kind: 'checked', storeId } });
  });
}

/** Lists the leftovers before removing them, or reports that there are none. */
export async function askToCleanUp(storeId: string): Promise<void> {
  const found = await tryCall('store.leftovers', { storeId });
  if (found === null) return;
  if (found.names.length === 0) toast(words.store.nothingToCleanUp);
  else setApp({ storeSheet: { kind: 'cleanup', storeId, names: found.names } });
}

export async function cleanUp(storeId: string): Promise<void> {
  setApp({ storeSheet: null });
  const done = await tryCall('store.cleanup', { storeId });
  if (done !== null) toast(words.store.cleanedUp(done.removed.length));
}

/** Mounts a layer's chain as a folder and offers to show it. */
export async function mountLayer(storeId: string, id: string): Promise<void> {
  const mounted = await tryCall('store.mount', { storeId, name: id });
  if (mounted === null) return;
  const { path, findings } = mounted;
  // A working copy that was just created isn't in the reports yet.
  await refreshStores();
  const title = layerName(
    getApp().stores?.find((each) => each.storeId === storeId),
    id,
  );
  const text = findings.length === 0 ? words.store.mounted(title) : words.store.mountedWithout(title, findings.length);
  const show = () => void revealMount(storeId, id, path);
  toast(text, { label: getApp().info?.host === 'electron' ? words.show : words.copyPath, run: show });
}

/** Shows a mount in the system's file manager, or copies its path in a browser. */
export async function revealMount(storeId: string, id: string, path: string): Promise<void> {
  if (getApp().info?.host === 'electron') await tryCall('store.reveal', { storeId, name: id });
  else if (await copyText(path)) toast(words.pathCopied);
}

export async function unmountLayer(storeId: string, id: string): Promise<void> {
  await tryCall('store.release', { storeId, name: id });
}

/** Creates a working copy of a layer's chain and mounts it. */
export async function createWorkingCopy(storeId: string, parent: string): Promise<void> {
  const created = await tryCall('store.create', { storeId, name: parent });
  if (created !== null) await mountLayer(storeId, created.id);
}

const MOST_CHANGES = 10_000;

export async function showStoredChanges(storeId: string, name: string, title: string): Promise<void> {
  setApp({ storeSheet: { kind: 'changes', storeId, name, title, report: null } });
  const report = await tryCall('store.changes', { storeId, name, limit: MOST_CHANGES });
  const { storeSheet } = getApp();
  if (storeSheet?.kind !== 'changes' || storeSheet.name !== name) return;
  setApp({ storeSheet: report === null ? null : { ...storeSheet, report } });
}

/** Asks for the new image's name and a comment. */
export function askToCommit(store: StoreReport, layer: StoredLayerReport, title: string): void {
  const parent = parentImage(store, layer);
  const names = store.images.flatMap((image) => image.names);
  const suggested = parent?.names[0] === undefined ? '' : nextName(parent.names[0], names);
  setApp({ storeSheet: { kind: 'commit', storeId: store.storeId, id: layer.id, title, suggested } });
}

/** Commits a working copy's current contents as a layer, or as an image if a name is given. */
export async function commitLayer(storeId: string, id: string, image: string | null, comment: string | null): Promise<void> {
  setApp({ storeSheet: null });
  const started = await tryCall('store.commit', { storeId, name: id, image, comment });
  if (started === null) return;
  rememberRetry(started.jobId, () => void commitLayer(storeId, id, image, comment));
  runWhenDone(started.jobId, () => {
    if (image === null) toast(words.store.layerCreated);
    else toast(words.store.imageCreated(displayText(image)), { label: words.show, run: () => void openStored(storeId, image) });
  });
}

export async function adoptBase(storeId: string, id: string, name: string): Promise<void> {
  if ((await tryCall('store.adopt', { storeId, name: id })) !== null) toast(words.store.adopted(displayText(name)));
}

/** Asks before elevating: lists what will run elevated and which requirements are met. */
export async function askToElevate(storeId: string): Promise<void> {
  setApp({ storeSheet: { kind: 'elevate', storeId, facts: null, refused: null } });
  const found = await tryCall('store.preflight', {});
  const { storeSheet } = getApp();
  if (found !== null && storeSheet?.kind === 'elevate') setApp({ storeSheet: { ...storeSheet, facts: found.facts } });
}

/** Starts the elevated process. Declining Windows' prompt is not an error and changes nothing. */
export async function elevate(sheet: Extract<StoreSheet, { kind: 'elevate' }>): Promise<void> {
  const client = await connectedClient();
  try {
    const { elevated } = await client.call('store.elevate', { storeId: sheet.storeId });
    setApp({ storeSheet: null });
    toast(elevated ? words.store.nowElevated : words.store.declined);
  } catch (error) {
    setApp({ storeSheet: { ...sheet, refused: plainError(error).message } });
  }
  await refreshStores();
}

export function closeStoreSheet(): void {
  setApp({ storeSheet: null });
}
