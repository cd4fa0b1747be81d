import type { ArchiveSummary, ImageSummary, Job } from '#contract';
import type { Finding } from '#model';
import { words } from '../words/index.ts';
import { type AppState, appStore, dispatchJobs, getApp, setLayout } from './app-state.ts';
import { showCatalog } from './catalog/catalog-actions.ts';
import { chooseMode, showAgainst, showImage } from './choosing.ts';
import { copyText } from './clipboard.ts';
import { isMismatch, isOpenSecret, isSecret } from './findings.ts';
import { isPreceded, isRunning, type OwnJob, type Purpose } from './jobs.ts';
import { imageTitle } from './library.ts';
import { toast } from './messages.ts';
import { plainError } from './plain-error.ts';
import { offerImport } from './stores/importing.ts';

/**
 * Handles this window's jobs when they end. A job may end before its id is known here, and the library may change before or after that. So
 * all of the jobs are checked after any of these changes, once per batch of simultaneous changes.
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
    else if (purpose.kind === 'scan') void reportScan(job);
    else reportSaved(job);
  }
}

/** Reports a saved file, with its digest so that the user can check the file. */
function reportSaved({ title, digest }: Job): void {
  if (digest === null) toast(words.jobs.saved(title));
  else toast(words.jobs.savedAs(title, `${digest.slice(0, 19)}…`), { label: words.jobs.copyDigest, run: () => void copyText(digest) });
}

async function reportCheck(job: Job): Promise<void> {
  await reportFound(
    job,
    ({ code }) => isMismatch(code),
    ({ length }) => (length === 0 ? { text: words.jobs.digestsMatch } : { text: words.jobs.digestsDiffer(length), shows: true }),
  );
}

async function reportScan(job: Job): Promise<void> {
  await reportFound(
    job,
    ({ code }) => isSecret(code),
    (found) => {
      const secrets = found.filter(isOpenSecret).length;
      if (found.length === 0) return { text: words.jobs.noSecrets };
      return { text: words.jobs.secretsFound(secrets, found.length - secrets), shows: true };
    },
  );
}

/**
 * Reports the findings that match `isWanted` and, if `shows` is set, offers to show them. The library's next report may still be on its
 * way, so the findings are fetched.
 */
async function reportFound(
  { archiveId, image }: Job,
  isWanted: (finding: Finding) => boolean,
  said: (found: readonly Finding[]) => { readonly text: string; readonly shows?: true },
): Promise<void> {
  const { client } = getApp();
  if (client === null || archiveId === null) return;
  try {
    const { findings } = await client.call('archive.summary', { archiveId });
    const { text, shows } = said(findings.filter((each) => isWanted(each) && (each.image === undefined || each.image === image)));
    const shown = getApp().selection;
    const isSameImage = ({ selection }: AppState) => selection.archiveId === shown.archiveId && selection.image === shown.image;
    if (shows !== true) {
      toast(text, null, isSameImage);
      return;
    }
    const { findingsOpen } = getApp().layout;
    const show = () => {
      if (shown.archiveId !== archiveId || shown.image !== image) showImage(archiveId, image ?? 0);
      setLayout({ findingsOpen: true, wasteOpen: false });
    };
    toast(text, { label: words.show, run: show }, (app) => isSameImage(app) && (findingsOpen || !app.layout.findingsOpen));
  } catch (error) {
    toast(plainError(error).message);
  }
}

/** Shows the first image of a batch as soon as it is known, even while its layers are still being read, and offers the others in toasts. */
function followOpening(job: Job, purpose: Extract<Purpose, { kind: 'open' }>): void {
  const { sideA, offersImport, isShown, onOpen } = purpose;
  const { jobId, state } = job;
  if (state === 'failed' || state === 'cancelled') dispatchJobs({ type: 'settled', jobId });
  if (state === 'done' && job.catalogId !== undefined) {
    dispatchJobs({ type: 'settled', jobId });
    showCatalog(job.catalogId);
    return;
  }
  const { archives, jobs, selection } = getApp();
  const archive = archives?.find((each) => each.archiveId === job.archiveId);
  if (archive === undefined || isPreceded(jobs, purpose.place)) return;
  const { archiveId } = archive;
  if (state === 'running' && job.image !== null && !jobs.hasShownOne && sideA === null && onOpen === undefined) {
    dispatchJobs({ type: 'imageShown', jobId });
    const early = wantedImage(archive, purpose);
    showImage(archiveId, early?.index ?? job.image, early === undefined ? null : (purpose.at ?? null));
  }
  if (state !== 'done') return;
  const wanted = wantedImage(archive, purpose);
  const image = wanted ?? archive.images[job.image ?? 0] ?? archive.images[0];
  if (image === undefined)
    toast(archive.artifacts === undefined ? words.library.noImages(archive.title) : words.library.onlyArtifacts(archive.title));
  else {
    if (purpose.imageId !== undefined && wanted === undefined) toast(words.catalog.otherImage(archive.title));
    if (offersImport) offerImport(archiveId, imageTitle(archive, image));
    if (onOpen !== undefined) onOpen({ archiveId, image: image.index, layer: Math.max(0, image.layers.length - 1) });
    else if (sideA !== null) {
      dispatchJobs({ type: 'imageShown', jobId: null });
      showAgainst(sideA, archiveId, image);
    } else if (isShown || selection.archiveId === archiveId) dispatchJobs({ type: 'imageShown', jobId: null });
    else {
      // `at` is a place in the image that was requested by its digest. In another image, it would mean something else.
      const show = () => showImage(archiveId, image.index, wanted === undefined ? null : (purpose.at ?? null));
      if (jobs.hasShownOne) toast(words.library.isOpen(imageTitle(archive, image)), { label: words.show, run: show });
      else {
        dispatchJobs({ type: 'imageShown', jobId: null });
        show();
      }
    }
    if (purpose.compares && getApp().selection.archiveId === archiveId) chooseMode('compare');
  }
  dispatchJobs({ type: 'settled', jobId });
}

/** Returns the image that was requested by its digest. */
function wantedImage({ images }: ArchiveSummary, { imageId }: Extract<Purpose, { kind: 'open' }>): ImageSummary | undefined {
  return images.find(
    ({ configDigest, manifestDigest }) => imageId !== undefined && (configDigest === imageId || manifestDigest === imageId),
  );
}
