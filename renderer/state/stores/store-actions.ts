import type { InputOf, OperationName, OutputOf } from '#contract';
import { displayText } from '#model';
import { copyText } from '../../components/clipboard.ts';
import { connectedClient, dispatchJobs, getApp, setApp } from '../app-state.ts';
import { toast } from '../messages.ts';
import { rememberRetry, showWhenOpen } from '../opening.ts';
import { plainError } from '../plain-error.ts';
import { countOf, WORDS } from '../words.ts';
import type { StoreSheet } from './stores.ts';
import { refreshStores } from './watch-stores.ts';

/** Calls the host, shows an error as a toast, and refreshes the stores. Null: it failed. */
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

/** Opens an image or a layer of a store, and shows it. */
export async function openStored(storeId: string, name: string): Promise<void> {
  const client = await connectedClient();
  try {
    const { jobId } = await client.call('store.open', { storeId, name });
    rememberRetry(jobId, () => void openStored(storeId, name));
    showWhenOpen(jobId);
  } catch (error) {
    toast(plainError(error).message);
  }
}

/** Asks first: a removal can't be undone. */
export function askToRemove(storeId: string, name: string, title: string): void {
  setApp({ storeSheet: { kind: 'remove', storeId, name, title, refused: null } });
}

/** A refusal names what depends on the image, so it stays on the sheet. */
export async function removeStored(sheet: Extract<StoreSheet, { kind: 'remove' }>): Promise<void> {
  const client = await connectedClient();
  try {
    await client.call('store.remove', { storeId: sheet.storeId, name: sheet.name });
    setApp({ storeSheet: null });
    toast(`${sheet.title} was removed from the store`);
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
    if (problems === 0) toast('No problems found');
    else setApp({ storeSheet: { kind: 'checked', storeId } });
  });
}

/** Lists the leftovers before they are removed, or says that there are none. */
export async function askToCleanUp(storeId: string): Promise<void> {
  const found = await tryCall('store.leftovers', { storeId });
  if (found === null) return;
  if (found.names.length === 0) toast('Nothing to clean up');
  else setApp({ storeSheet: { kind: 'cleanup', storeId, names: found.names } });
}

export async function cleanUp(storeId: string): Promise<void> {
  setApp({ storeSheet: null });
  const done = await tryCall('store.cleanup', { storeId });
  if (done !== null) toast(`Removed ${countOf(done.removed.length, 'leftover')}`);
}

/** Mounts a layer's chain as a folder, and offers the way there. */
export async function mountLayer(storeId: string, id: string): Promise<void> {
  const mounted = await tryCall('store.mount', { storeId, name: id });
  if (mounted === null) return;
  const { path, findings } = mounted;
  const missing = findings.length === 0 ? '' : ` (${countOf(findings.length, 'entry', 'entries')} could not be written)`;
  const show = () => void revealMount(storeId, id, path);
  toast(`Mounted at ${path}${missing}`, { label: getApp().info?.host === 'electron' ? 'Show' : 'Copy path', run: show });
}

/** Shows a mount in the system's file manager; a browser copies its path. */
export async function revealMount(storeId: string, id: string, path: string): Promise<void> {
  if (getApp().info?.host === 'electron') await tryCall('store.reveal', { storeId, name: id });
  else if (await copyText(path)) toast(WORDS.pathCopied);
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

/** Makes a layer of what a working copy holds now. */
export async function commitLayer(storeId: string, id: string): Promise<void> {
  const started = await tryCall('store.commit', { storeId, name: id });
  if (started === null) return;
  rememberRetry(started.jobId, () => void commitLayer(storeId, id));
  runWhenDone(started.jobId, () => toast('Layer created'));
}

export async function adoptBase(storeId: string, id: string, name: string): Promise<void> {
  if ((await tryCall('store.adopt', { storeId, name: id })) !== null) toast(`${displayText(name)} adopted`);
}

/** Asks first: lists what will run elevated and which of its needs are met. */
export async function askToElevate(storeId: string): Promise<void> {
  setApp({ storeSheet: { kind: 'elevate', storeId, facts: null, refused: null } });
  const found = await tryCall('store.preflight', {});
  const { storeSheet } = getApp();
  if (found !== null && storeSheet?.kind === 'elevate') setApp({ storeSheet: { ...storeSheet, facts: found.facts } });
}

/** Declining Windows' prompt is no error: nothing changes. */
export async function elevate(sheet: Extract<StoreSheet, { kind: 'elevate' }>): Promise<void> {
  const client = await connectedClient();
  try {
    const { elevated } = await client.call('store.elevate', { storeId: sheet.storeId });
    setApp({ storeSheet: null });
    toast(elevated ? 'The driver now runs as administrator' : 'Elevation declined; nothing changed');
  } catch (error) {
    setApp({ storeSheet: { ...sheet, refused: plainError(error).message } });
  }
  await refreshStores();
}

export function closeStoreSheet(): void {
  setApp({ storeSheet: null });
}
