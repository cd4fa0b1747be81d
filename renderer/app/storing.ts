import { displayText } from '#model';
import { plainError, toast } from './messages.ts';
import { connectedClient, getApp, jobsDo, setApp, useApp } from './store.ts';

/** Asks what the store holds. */
export async function refreshStore(): Promise<void> {
  const client = await connectedClient();
  try {
    setApp({ stored: await client.call('store.report', {}) });
  } catch {
    // A door without a store: the library has no such group then.
    setApp({ stored: null });
  }
}

/** Other programs change the store too: it is looked at again when the window is come back to, and when something was taken in. */
export function watchStore(): void {
  void refreshStore();
  window.addEventListener('focus', () => void refreshStore());
  useApp.subscribe(({ jobs: { jobs } }, { jobs: { jobs: before } }) => {
    if (jobs === before) return;
    for (const job of jobs) {
      if (job.kind !== 'import' || told.has(job.jobId) || job.state === 'queued' || job.state === 'running') continue;
      told.add(job.jobId);
      void refreshStore();
      if (job.state === 'done' && taken.delete(job.jobId)) toast(`${job.title} is in the store`);
    }
  });
}

/** Imports that have ended, and were told of where this window started them. */
const told = new Set<string>();
const taken = new Set<string>();

/** Takes the image into the store, as a job. */
export async function takeIntoStore(archiveId: string, image: number): Promise<void> {
  const client = await connectedClient();
  try {
    const { jobId } = await client.call('store.import', { archiveId, image });
    taken.add(jobId);
    // It may have ended before its id was known here.
    const job = getApp().jobs.jobs.find((each) => each.jobId === jobId);
    if (told.has(jobId) && job?.state === 'done' && taken.delete(jobId)) toast(`${job.title} is in the store`);
  } catch (error) {
    toast(plainError(error).message);
  }
}

/** Opens an image of the store, and shows it. */
export async function openStoredImage(name: string): Promise<void> {
  const client = await connectedClient();
  try {
    const { jobId } = await client.call('store.open', { name });
    jobsDo({ type: 'started', jobId });
  } catch (error) {
    toast(plainError(error).message);
  }
}

export async function removeStored(name: string): Promise<void> {
  const client = await connectedClient();
  setApp({ removing: null });
  try {
    await client.call('store.remove', { name });
    toast(`${displayText(name)} was removed from the store`);
  } catch (error) {
    toast(plainError(error).message);
  }
  await refreshStore();
}

/** Asks before: what is removed can't be had back. */
export function askToRemove(name: string | null): void {
  if (name === null || getApp().stored?.images.some((each) => each.name === name)) setApp({ removing: name });
}
