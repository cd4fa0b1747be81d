import type { InputOf, OperationName, OutputOf, StoreReport } from '#contract';
import { displayText } from '#model';
import { copyText } from '../../components/copy-button.tsx';
import { connectedClient, getApp, jobsDo, setApp, useApp } from '../app-state.ts';
import { imageTitle } from '../library.ts';
import { plainError, toast } from '../messages.ts';
import { rememberRetry } from '../opening.ts';
import { setLayout } from '../theme.ts';
import { canChange, isStored, type StoreSheet } from './stores.ts';

/** Asks what the stores hold. */
export async function refreshStores(): Promise<void> {
  const client = await connectedClient();
  try {
    const { stores } = await client.call('store.report', {});
    setApp({ stores });
    const bases = await Promise.all(
      stores
        .filter((store) => store.driver !== 'portable' && canChange(store))
        .map(async ({ storeId }) => ({ storeId, ...(await client.call('store.bases', { storeId })) })),
    );
    if (bases.length > 0 || getApp().bases.length > 0) setApp({ bases });
  } catch (error) {
    // A door without a store: the library has no such group then.
    if (plainError(error).code === 'FORBIDDEN') setApp({ stores: null });
    else toast(plainError(error).message);
  }
}

/** Other programs change stores too: they are looked at again when the window is come back to, and when something was taken in. */
export function watchStores(): void {
  void refreshStores();
  window.addEventListener('focus', () => void refreshStores());
  useApp.subscribe(({ jobs: { jobs } }, { jobs: { jobs: before } }) => {
    if (jobs === before) return;
    settleOffers();
    for (const job of jobs) {
      if (ended.has(job.jobId) || job.state === 'queued' || job.state === 'running') continue;
      if (job.kind !== 'import' && job.kind !== 'verify') continue;
      ended.add(job.jobId);
      void refreshStores().then(() => {
        reported.add(job.jobId);
        tellDone(job.jobId);
      });
    }
  });
}

/** Work on stores that has ended; that whose outcome is in the reports by now; and what is to be said of it where this window began it. */
const ended = new Set<string>();
const reported = new Set<string>();
const started = new Map<string, () => void>();

function tellDone(jobId: string): void {
  const say = started.get(jobId);
  const job = getApp().jobs.jobs.find((each) => each.jobId === jobId);
  started.delete(jobId);
  if (job?.state === 'done') say?.();
}

/** It may have ended before its id was known here. */
function startedJob(jobId: string, say: () => void): void {
  started.set(jobId, say);
  if (reported.has(jobId)) tellDone(jobId);
}

/** Stores that something can be taken into, the program's own first. */
export function openStores(stores: readonly StoreReport[] | null): readonly StoreReport[] {
  return (stores ?? []).filter(canChange);
}

/** Takes an image of an open archive into a store; a layer tar is asked what it stands on first. */
export async function takeIntoStore(archiveId: string, image: number, storeId = openStores(getApp().stores)[0]?.storeId): Promise<void> {
  const archive = getApp().archives?.find((each) => each.archiveId === archiveId);
  const found = archive?.images.find(({ index }) => index === image);
  if (archive === undefined || found === undefined || storeId === undefined) return;
  const title = imageTitle(archive, found);
  if (archive.format === 'layer') setApp({ storeSheet: { kind: 'parent', storeId, archiveId, image, title } });
  else await takeIn({ storeId, archiveId, image, parent: null, title });
}

interface WhatToTake {
  readonly storeId: string;
  readonly archiveId: string;
  readonly image: number;
  readonly parent: string | null;
  readonly title: string;
}

export async function takeIn(what: WhatToTake): Promise<void> {
  const { title, ...input } = what;
  const client = await connectedClient();
  setApp({ storeSheet: null });
  try {
    const { jobId } = await client.call('store.import', input);
    rememberRetry(jobId, () => void takeIn(what));
    startedJob(jobId, () => toast(`${title} is in the store`));
  } catch (error) {
    toast(plainError(error).message);
  }
}

/** What was opened is taken in, or that is offered, as the user wishes. What is there already isn't asked about. */
export function offerImport(archiveId: string, title: string): void {
  const { layout, archives, stores } = getApp();
  const archive = archives?.find((each) => each.archiveId === archiveId);
  const [store] = openStores(stores);
  if (archive === undefined || store === undefined || layout.onOpen === 'look' || isStored(archive, store)) return;
  if (layout.onOpen === 'import') takeAll(archiveId);
  else setApp((app) => ({ offers: [...app.offers, { archiveId, title }] }));
}

/** `always`: it isn't asked again. */
export function answerOffers(answer: 'look' | 'import', always: boolean): void {
  if (always) setLayout({ onOpen: answer });
  const { offers } = getApp();
  setApp({ offers: [] });
  if (answer === 'import') for (const { archiveId } of offers) takeAll(archiveId);
}

function takeAll(archiveId: string): void {
  const archive = getApp().archives?.find((each) => each.archiveId === archiveId);
  for (const { index } of archive?.images ?? []) void takeIntoStore(archiveId, index);
}

/** Offers for archives that are closed, or being taken in, are settled. */
export function settleOffers(): void {
  const { offers, archives, jobs } = getApp();
  const open = offers.filter(
    ({ archiveId }) =>
      archives?.some((each) => each.archiveId === archiveId) &&
      !jobs.jobs.some((job) => job.kind === 'import' && job.archiveId === archiveId),
  );
  if (open.length < offers.length) setApp({ offers: open });
}

/** Calls, tells what is refused, and looks at the stores again. Null where it was refused. */
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

/** Opens an image or a layer of a store, and shows it. */
export async function openStored(storeId: string, name: string): Promise<void> {
  const client = await connectedClient();
  try {
    const { jobId } = await client.call('store.open', { storeId, name });
    rememberRetry(jobId, () => void openStored(storeId, name));
    jobsDo({ type: 'started', jobId });
  } catch (error) {
    toast(plainError(error).message);
  }
}

/** Asks before: what is removed can't be had back. */
export function askToRemove(storeId: string, name: string, title: string): void {
  setApp({ storeSheet: { kind: 'remove', storeId, name, title, refused: null } });
}

/** Why it is refused stays on the sheet: children are named. */
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
  startedJob(started.jobId, () => {
    const problems = getApp().stores?.find((store) => store.storeId === storeId)?.checked?.length ?? 0;
    if (problems === 0) toast('Everything in the store is whole');
    else setApp({ storeSheet: { kind: 'checked', storeId } });
  });
}

/** Asked about by name first; where there is nothing, that is said. */
export async function askToCleanUp(storeId: string): Promise<void> {
  const found = await tryCall('store.leftovers', { storeId });
  if (found === null) return;
  if (found.names.length === 0) toast('Nothing is left over');
  else setApp({ storeSheet: { kind: 'cleanup', storeId, names: found.names } });
}

export async function cleanUp(storeId: string): Promise<void> {
  setApp({ storeSheet: null });
  const done = await tryCall('store.cleanup', { storeId });
  if (done === null) return;
  const count = done.removed.length;
  toast(`${count} ${count === 1 ? 'leftover was' : 'leftovers were'} removed`);
}

/** Where the chain is, and how to get there. */
export async function mountLayer(storeId: string, id: string): Promise<void> {
  const mounted = await tryCall('store.mount', { storeId, name: id });
  if (mounted === null) return;
  const { path, findings } = mounted;
  const aside = findings.length === 0 ? '' : ` (${findings.length} ${findings.length === 1 ? 'entry' : 'entries'} could not be laid out)`;
  const show = () => void revealMount(storeId, id, path);
  toast(`Mounted at ${path}${aside}`, { label: getApp().info?.host === 'electron' ? 'Show' : 'Copy path', run: show });
}

/** In the system's file manager; in a browser the path is copied. */
export async function revealMount(storeId: string, id: string, path: string): Promise<void> {
  if (getApp().info?.host === 'electron') await tryCall('store.reveal', { storeId, name: id });
  else if (await copyText(path)) toast('Path copied');
}

export async function releaseMount(storeId: string, id: string): Promise<void> {
  await tryCall('store.release', { storeId, name: id });
}

/** A layer to be written into, mounted at once: that is what it is for. */
export async function createReadWrite(storeId: string, parent: string): Promise<void> {
  const made = await tryCall('store.create', { storeId, name: parent });
  if (made !== null) await mountLayer(storeId, made.id);
}

const MOST_CHANGES = 10_000;

export async function showStoredChanges(storeId: string, name: string, title: string): Promise<void> {
  setApp({ storeSheet: { kind: 'changes', storeId, name, title, told: null } });
  const told = await tryCall('store.changes', { storeId, name, limit: MOST_CHANGES });
  const { storeSheet } = getApp();
  if (storeSheet?.kind !== 'changes' || storeSheet.name !== name) return;
  setApp({ storeSheet: told === null ? null : { ...storeSheet, told } });
}

/** A layer of what was written. */
export async function commitLayer(storeId: string, id: string): Promise<void> {
  const made = await tryCall('store.commit', { storeId, name: id });
  if (made === null) return;
  rememberRetry(made.jobId, () => void commitLayer(storeId, id));
  startedJob(made.jobId, () => toast('A layer was made of it'));
}

export async function adoptBase(storeId: string, id: string, name: string): Promise<void> {
  if ((await tryCall('store.adopt', { storeId, name: id })) !== null) toast(`${displayText(name)} is adopted`);
}

/** Says what will run elevated, and what is there and missing for it. */
export async function askToElevate(storeId: string): Promise<void> {
  setApp({ storeSheet: { kind: 'elevate', storeId, facts: null, refused: null } });
  const found = await tryCall('store.preflight', {});
  const { storeSheet } = getApp();
  if (found !== null && storeSheet?.kind === 'elevate') setApp({ storeSheet: { ...storeSheet, facts: found.facts } });
}

/** A refused consent is no error: all stays as it was. */
export async function elevate(sheet: Extract<StoreSheet, { kind: 'elevate' }>): Promise<void> {
  const client = await connectedClient();
  try {
    const { elevated } = await client.call('store.elevate', { storeId: sheet.storeId });
    setApp({ storeSheet: null });
    toast(elevated ? 'The driver runs as administrator now' : 'Windows was told no: everything stays as it is');
  } catch (error) {
    setApp({ storeSheet: { ...sheet, refused: plainError(error).message } });
  }
  await refreshStores();
}

export function closeStoreSheet(): void {
  setApp({ storeSheet: null });
}
