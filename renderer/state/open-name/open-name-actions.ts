import type { Job } from '#contract';
import { displayText } from '#model';
import { words } from '../../words/index.ts';
import { appStore, connectedClient, dispatchOpenName, getApp } from '../app-state.ts';
import { toast } from '../messages.ts';
import { cancelJob, dismissJob, rememberRetry, showWhenOpen } from '../opening.ts';
import { plainError } from '../plain-error.ts';
import { setOverlay } from '../set-overlay.ts';
import { namedIn } from './name-choices.ts';

/** Opens the “Open by name” dialog, with text in its field if given. */
export function showOpenName(text = ''): void {
  dispatchOpenName({ type: 'begun', text });
  setOverlay('open-name');
}

/** Opens the dialog with dropped or pasted text if the text names an image, and returns whether it does. Doesn't send a request yet. */
export function offerName(text: string): boolean {
  const name = namedIn(text);
  if (name === null || getApp().overlay !== 'none' || getApp().info?.opensNames !== true) return false;
  showOpenName(name);
  return true;
}

/** Finds out where an image is, and opens it unless there are several platforms to choose from. */
export async function chooseName(reference: string): Promise<void> {
  const control = new AbortController();
  dispatchOpenName({ type: 'looking', reference, cancel: () => control.abort() });
  const isCurrent = () => !control.signal.aborted && getApp().overlay === 'open-name';
  try {
    const client = await connectedClient();
    const { source, platforms } = await client.call('sources.look', { reference }, { signal: control.signal });
    if (!isCurrent()) return;
    if (platforms.length > 1) dispatchOpenName({ type: 'found', reference, source, platforms });
    else await openName(reference, null);
  } catch (error) {
    if (isCurrent()) dispatchOpenName({ type: 'stopped', error: plainError(error) });
  }
}

/** Starts the job that opens an image. The dialog shows its progress until the image appears. */
export async function openName(reference: string, platform: string | null): Promise<void> {
  try {
    const client = await connectedClient();
    const { jobId } = await client.call('sources.open', { reference, platform });
    rememberRetry(jobId, () => void openName(reference, platform));
    showWhenOpen(jobId);
    if (getApp().overlay === 'open-name') dispatchOpenName({ type: 'opening', reference, jobId });
    follow(jobId);
  } catch (error) {
    if (getApp().overlay === 'open-name') dispatchOpenName({ type: 'stopped', error: plainError(error) });
    else toast(plainError(error).message);
  }
}

/** Watches a job. Closes the dialog once the job's image is in the library. If the job fails, the dialog reports it, if still open. */
function follow(jobId: string): void {
  const look = (): void => {
    const { jobs, archives } = getApp();
    const job = jobs.jobs.find((each) => each.jobId === jobId);
    if (job === undefined) return;
    const archive = archives?.find((each) => each.archiveId === job.archiveId);
    if (job.state === 'failed' || job.state === 'cancelled') {
      end();
      if (isShown(jobId)) reportEnd(job);
    } else if (archive?.source !== undefined) {
      end();
      const { kind, host } = archive.source;
      if (isShown(jobId)) closeOpenName();
      toast(words.openName.answered(archive.title, kind, displayText(host)));
    }
  };
  const end = appStore.subscribe((state, before) => {
    if (state.jobs !== before.jobs || state.archives !== before.archives) look();
  });
  look();
}

/** Whether the dialog shows this job. */
function isShown(jobId: string): boolean {
  const { overlay, openName: open } = getApp();
  return overlay === 'open-name' && open.step.kind === 'opening' && open.step.jobId === jobId;
}

/** Reports a failed job in the dialog, and removes it from the list of jobs. */
function reportEnd({ jobId, error }: Job): void {
  dispatchOpenName({ type: 'stopped', error });
  void dismissJob(jobId);
}

/** Stops what the dialog is waiting for and lets the user choose a name again. */
export function cancelOpenName(): void {
  const { step } = getApp().openName;
  if (step.kind === 'opening') {
    void cancelJob(step.jobId);
    return;
  }
  if (step.kind === 'looking') step.cancel();
  dispatchOpenName({ type: 'stopped', error: null });
}

/** Closes the dialog. A job that was started continues. */
export function closeOpenName(): void {
  const { step } = getApp().openName;
  if (step.kind === 'looking') step.cancel();
  setOverlay('none');
}

export async function clearRecentNames(): Promise<void> {
  try {
    await (await connectedClient()).call('sources.forget', {});
    toast(words.openName.recentCleared);
  } catch (error) {
    toast(plainError(error).message);
  }
}
