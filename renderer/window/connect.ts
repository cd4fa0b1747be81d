import type { ArchiveSummary, ImageSummary, Job } from '#contract';
import { copyText } from '../components/copy-button.tsx';
import { parseAddress } from '../state/address.ts';
import { getApp, jobsDo, setApp, useApp } from '../state/app-state.ts';
import { watchFilter, watchSort } from '../state/changes/filtering.ts';
import { select, showAgainst, showImage } from '../state/choosing.ts';
import { openClient } from '../state/client.ts';
import { runCommand } from '../state/commands.ts';
import { imageTitle } from '../state/library.ts';
import { forgetArchives, watchSelection } from '../state/loading.ts';
import { plainError, toast } from '../state/messages.ts';
import { isForComparison, loadImage, openFiles, openGrants, takeBrought, takeSideA } from '../state/opening.ts';
import { clampSelection, firstLayer, NOTHING, selectedImage } from '../state/selection.ts';
import { offerImport, settleOffers, watchStores } from '../state/stores/storing.ts';
import { setLayout } from '../state/theme.ts';

/** Reaches the host and feeds the store from its topics, from now on. */
export async function connect(): Promise<void> {
  watchSelection();
  watchFilter();
  watchSort();
  watchJobs();
  window.layerscope?.onCommand(runCommand);
  window.addEventListener('paste', onPaste);
  window.addEventListener('popstate', followAddress);
  window.addEventListener('hashchange', followAddress);
  try {
    const client = await openClient((connected) => {
      if (getApp().connection.state !== 'failed') setApp({ connection: { state: connected ? 'open' : 'lost' } });
    });
    const info = await client.call('app.info', {});
    setApp({ client, info, connection: { state: 'open' } });
    followAddress();
    watchStores();
    client.subscribe('library', ({ archives }) => onLibrary(archives));
    client.subscribe('jobs', ({ jobs }) => onJobs(jobs));
    client.subscribe('requests', ({ open }) => onRequests(open));
  } catch (error) {
    setApp({ connection: { state: 'failed', error: plainError(error) } });
  }
}

/** Files that were copied in a file manager. */
function onPaste({ clipboardData }: ClipboardEvent): void {
  const files = [...(clipboardData?.files ?? [])];
  if (files.length > 0) openFiles(files);
}

function followAddress(): void {
  const selection = parseAddress(window.location.hash);
  if (selection !== null) setApp({ selection, anchor: selection.to });
  else if (getApp().archives !== null) setApp({ selection: NOTHING });
  settleSelection();
}

const taken = new Set<string>();

function onRequests(grants: readonly { readonly grant: string; readonly name: string }[]): void {
  const fresh = grants.filter(({ grant }) => !taken.has(grant));
  for (const { grant } of fresh) taken.add(grant);
  if (fresh.length > 0) void openGrants(fresh);
}

function onLibrary(archives: readonly ArchiveSummary[]): void {
  setApp({ archives });
  forgetArchives(new Set(archives.map(({ archiveId }) => archiveId)));
  settleOffers();
  settleSelection();
}

function onJobs(jobs: readonly Job[]): void {
  jobsDo({ type: 'jobsCame', jobs });
}

/** What this window started may end before it is known to be started: both are looked at together. */
function watchJobs(): void {
  let waiting = false;
  useApp.subscribe((state, before) => {
    if (waiting || (state.jobs === before.jobs && state.archives === before.archives)) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      showFinished();
      tellEnded();
    });
  });
}

function tellEnded(): void {
  const { checks, saves, jobs } = getApp().jobs;
  for (const jobId of [...checks, ...saves]) {
    const job = jobs.find((each) => each.jobId === jobId);
    if (job === undefined || job.state === 'running' || job.state === 'queued') continue;
    jobsDo({ type: 'settled', jobId });
    if (job.state !== 'done') continue;
    if (checks.includes(jobId)) tellVerified(job);
    else tellSaved(job);
  }
}

/** What was saved can be checked against its digest. */
function tellSaved({ title, digest }: Job): void {
  if (digest === null) toast(`${title} is saved`);
  else toast(`${title} is saved: ${digest.slice(0, 19)}…`, { label: 'Copy digest', run: () => void copyText(digest) });
}

/** Findings come with the library's next state, which may be on its way. */
function tellVerified(job: Job): void {
  setTimeout(() => {
    const archive = getApp().archives?.find(({ archiveId }) => archiveId === job.archiveId);
    const wrong = archive?.findings.filter(
      ({ code, image }) => MISMATCHES.has(code) && (image === undefined || image === job.image),
    ).length;
    if (wrong === undefined) return;
    if (wrong === 0) toast('Every digest matches');
    else
      toast(`${wrong} ${wrong === 1 ? 'digest does' : 'digests do'} not match`, {
        label: 'Show',
        run: () => setLayout({ findingsOpen: true }),
      });
  }, 400);
}

const MISMATCHES: ReadonlySet<string> = new Set(['digest-mismatch', 'diffid-mismatch']);

/** What the address names and the library hasn't got is let go; layers are kept within the image. */
function settleSelection(): void {
  const { archives, selection } = getApp();
  if (archives === null) return;
  if (selection.archiveId !== null) {
    const found = selectedImage(archives, selection);
    if (found === null) {
      select(NOTHING, { replace: true });
    } else {
      const clamped = clampSelection(selection, found.image.layers.length);
      if (clamped !== selection) select(clamped, { replace: true });
      settleSideA(archives);
      if (!found.image.loaded && !wasTried(found.archive.archiveId, found.image.index))
        void loadImage(found.archive.archiveId, found.image.index);
      return;
    }
  }
  const only = archives.find(({ images }) => images.some(({ loaded }) => loaded));
  if (only !== undefined && getApp().selection.archiveId === null && getApp().jobs.mine.length === 0) {
    showImage(only.archiveId, only.images.find(({ loaded }) => loaded)?.index ?? 0);
  }
}

/** Side A of a comparison, too, may be closed, or not be read yet. */
function settleSideA(archives: readonly ArchiveSummary[]): void {
  const { selection } = getApp();
  const { against, ...rest } = selection;
  if (against === undefined) return;
  const other = selectedImage(archives, { ...selection, ...against });
  if (other === null) {
    select({ ...rest, mode: 'layer' }, { replace: true });
    return;
  }
  const layer = Math.min(against.layer, Math.max(0, other.image.layers.length - 1));
  if (layer !== against.layer) select({ ...selection, against: { ...against, layer } }, { replace: true });
  if (!other.image.loaded && !wasTried(against.archiveId, against.image)) void loadImage(against.archiveId, against.image);
}

/** Whether a job read the image, does, or gave up: the library's word that it is there may come later than the job's. */
function wasTried(archiveId: string, image: number): boolean {
  return getApp().jobs.jobs.some(
    (job) => job.archiveId === archiveId && (job.image === null || job.image === image) && (job.kind === 'open' || job.kind === 'load'),
  );
}

/** Of the files opened together one was shown already. */
let batchShown = false;
const shownEarly = new Set<string>();

/** Shows what this window opened: the first at once, others by a line that offers it. */
function showFinished(): void {
  const { archives, jobs } = getApp();
  for (const jobId of jobs.mine) {
    const job = jobs.jobs.find((each) => each.jobId === jobId);
    if (job === undefined) continue;
    if (job.state === 'failed' || job.state === 'cancelled') jobsDo({ type: 'settled', jobId });
    const archive = archives?.find((each) => each.archiveId === job.archiveId);
    if (archive === undefined) continue;
    if (job.state === 'running' && job.image !== null && !batchShown && !isForComparison(jobId)) {
      // Its layers come one by one: there is something to look at already.
      batchShown = true;
      shownEarly.add(jobId);
      showImage(archive.archiveId, job.image);
    }
    if (job.state !== 'done') continue;
    jobsDo({ type: 'settled', jobId });
    const image = archive.images[job.image ?? 0] ?? archive.images[0];
    const sideA = takeSideA(jobId);
    if (takeBrought(jobId) && image !== undefined) offerImport(archive.archiveId, imageTitle(archive, image));
    if (image === undefined) toast(`${archive.title} holds ${archive.artifacts === undefined ? 'no images' : 'artifacts only, no image'}`);
    else if (sideA !== null) showAgainst(sideA, archive.archiveId, image);
    else if (shownEarly.delete(jobId)) relight(archive.archiveId, image);
    else if (getApp().selection.archiveId === archive.archiveId) batchShown = true;
    else if (!batchShown) {
      batchShown = true;
      showImage(archive.archiveId, image.index);
    } else {
      const show = () => showImage(archive.archiveId, image.index);
      toast(`${imageTitle(archive, image)} is open`, { label: 'Show', run: show });
    }
  }
  if (getApp().jobs.mine.length === 0) batchShown = false;
}

/** What each layer holds is known only when all are read: the biggest is lit then, unless the user chose another meanwhile. */
function relight(archiveId: string, image: ImageSummary): void {
  const { selection, anchor } = getApp();
  const layer = firstLayer(image);
  const untouched = selection.archiveId === archiveId && selection.image === image.index && selection.path === null;
  if (!untouched || selection.from !== anchor || selection.to !== anchor || anchor !== firstLayer({ ...image, loaded: false })) return;
  setApp({ anchor: layer });
  select({ ...selection, from: layer, to: layer }, { replace: true });
}
