import type { ImageSummary, Job } from '#contract';
import { copyText } from '../components/clipboard.ts';
import { appStore, dispatchJobs, getApp, setApp, setLayout } from './app-state.ts';
import { select, showAgainst, showImage } from './choosing.ts';
import { isRunning, type OwnJob, type Purpose } from './jobs.ts';
import { imageTitle } from './library.ts';
import { toast } from './messages.ts';
import { plainError } from './plain-error.ts';
import { firstLayer } from './selection.ts';
import { offerImport } from './stores/importing.ts';
import { countOf } from './words.ts';

/**
 * Acts on the jobs that this window started when they end, from now on. A job may end before its id is known here, and the library may
 * change before or after it: so all own jobs are looked at after any of these changes, once for those that come together.
 */
export function watchOwnJobs(): void {
  let scheduled = false;
  appStore.subscribe((state, before) => {
    if (scheduled || (state.jobs === before.jobs && state.archives === before.archives)) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      for (const own of getApp().jobs.own) {
        const job = getApp().jobs.jobs.find((each) => each.jobId === own.jobId);
        if (job !== undefined) follow(own, job);
      }
    });
  });
}

function follow({ jobId, purpose }: OwnJob, job: Job): void {
  if (purpose.kind === 'open') followOpening(job, purpose);
  else if (purpose.kind !== 'store' && !isRunning(job)) {
    dispatchJobs({ type: 'settled', jobId });
    if (job.state !== 'done') return;
    if (purpose.kind === 'check') void reportCheck(job);
    else reportSaved(job);
  }
}

/** Its digest lets the user check what was saved. */
function reportSaved({ title, digest }: Job): void {
  if (digest === null) toast(`Saved ${title}`);
  else toast(`Saved ${title}: ${digest.slice(0, 19)}…`, { label: 'Copy digest', run: () => void copyText(digest) });
}

const MISMATCHES: ReadonlySet<string> = new Set(['digest-mismatch', 'diffid-mismatch']);

/** The library's next report may still be on its way, so the findings are fetched. */
async function reportCheck({ archiveId, image }: Job): Promise<void> {
  const { client } = getApp();
  if (client === null || archiveId === null) return;
  try {
    const { findings } = await client.call('archive.summary', { archiveId });
    const wrong = findings.filter((found) => MISMATCHES.has(found.code) && (found.image === undefined || found.image === image)).length;
    if (wrong === 0) toast('All digests match');
    else {
      const show = () => setLayout({ findingsOpen: true });
      toast(`${countOf(wrong, 'digest does', 'digests do')} not match`, { label: 'Show', run: show });
    }
  } catch (error) {
    toast(plainError(error).message);
  }
}

/** Shows the first image of a batch at once, even while its layers are still being read; for the others a toast offers it. */
function followOpening(job: Job, { sideA, offersImport, isShown }: Extract<Purpose, { kind: 'open' }>): void {
  const { jobId, state } = job;
  if (state === 'failed' || state === 'cancelled') dispatchJobs({ type: 'settled', jobId });
  const { archives, jobs, selection } = getApp();
  const archive = archives?.find((each) => each.archiveId === job.archiveId);
  if (archive === undefined) return;
  const { archiveId } = archive;
  if (state === 'running' && job.image !== null && !jobs.hasShownOne && sideA === null) {
    dispatchJobs({ type: 'imageShown', jobId });
    showImage(archiveId, job.image);
  }
  if (state !== 'done') return;
  const image = archive.images[job.image ?? 0] ?? archive.images[0];
  if (image === undefined) toast(`${archive.title} has ${archive.artifacts === undefined ? 'no images' : 'only artifacts, no images'}`);
  else {
    if (offersImport) offerImport(archiveId, imageTitle(archive, image));
    if (sideA !== null) showAgainst(sideA, archiveId, image);
    else if (isShown) selectBiggest(archiveId, image);
    else if (selection.archiveId === archiveId) dispatchJobs({ type: 'imageShown', jobId: null });
    else if (!jobs.hasShownOne) {
      dispatchJobs({ type: 'imageShown', jobId: null });
      showImage(archiveId, image.index);
    } else toast(`${imageTitle(archive, image)} is open`, { label: 'Show', run: () => showImage(archiveId, image.index) });
  }
  dispatchJobs({ type: 'settled', jobId });
}

/** The biggest layer is known only when all are read: it is selected then, unless the user has chosen something meanwhile. */
function selectBiggest(archiveId: string, image: ImageSummary): void {
  const { selection, anchor } = getApp();
  const layer = firstLayer(image);
  const untouched = selection.archiveId === archiveId && selection.image === image.index && selection.path === null;
  if (!untouched || selection.from !== anchor || selection.to !== anchor || anchor !== firstLayer({ ...image, loaded: false })) return;
  setApp({ anchor: layer });
  select({ ...selection, from: layer, to: layer }, { replace: true });
}
