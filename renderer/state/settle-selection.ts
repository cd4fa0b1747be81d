import type { ArchiveSummary } from '#contract';
import { parseAddress } from './address.ts';
import { getApp, setApp } from './app-state.ts';
import { select, showImage } from './choosing.ts';
import { loadImage } from './opening.ts';
import { clampSelection, NOTHING, selectedImage } from './selection.ts';

/** Selects what the page's address refers to. */
export function followAddress(): void {
  const parsed = parseAddress(window.location.hash);
  const found = parsed === null ? null : selectedImage(getApp().archives ?? [], parsed);
  const selection = parsed === null || found === null ? parsed : clampSelection(parsed, found.image.layers.length);
  if (selection !== null) setApp({ selection, anchor: selection.to });
  else if (getApp().archives !== null) setApp({ selection: NOTHING });
  settleSelection();
}

/**
 * Limits the selection to what is in the library and ensures that its image is read. If nothing is selected, shows the first image that has
 * been read, or else the first catalog.
 */
export function settleSelection(): void {
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
      loadUntried(found.archive.archiveId, found.image.index, found.image.loaded);
      return;
    }
  }
  const { jobs, catalogs } = getApp();
  if (
    getApp().selection.archiveId !== null ||
    getApp().selection.catalog !== undefined ||
    jobs.own.some(({ purpose }) => purpose.kind === 'open')
  )
    return;
  const first = archives.find(({ images }) => images.some(({ loaded }) => loaded));
  if (first !== undefined) showImage(first.archiveId, first.images.find(({ loaded }) => loaded)?.index ?? 0);
  else if (archives.length === 0 && catalogs?.[0] !== undefined) {
    select({ ...NOTHING, catalog: { catalogId: catalogs[0].catalogId, view: 'images' } }, { replace: true });
  }
}

/** Handles a side A whose archive was closed or whose image hasn't been read yet. */
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
  loadUntried(against.archiveId, against.image, other.image.loaded);
}

/**
 * Starts reading an image unless a job for this exists or existed. Checking whether the image has been read is not enough: the library may
 * report this some time after the job has ended.
 */
function loadUntried(archiveId: string, image: number, loaded: boolean): void {
  const wasTried = getApp().jobs.jobs.some(
    (job) => job.archiveId === archiveId && (job.image === null || job.image === image) && (job.kind === 'open' || job.kind === 'load'),
  );
  if (!loaded && !wasTried) void loadImage(archiveId, image);
}
