import type { ArchiveSummary, ImageSummary } from '#contract';
import { jsonText } from '#model';
import type { ActionSection, MenuAction } from '../../components/action-menu.tsx';
import { words } from '../../words/index.ts';
import type { AppState } from '../app-state.ts';
import { chooseMode, chooseWhole, compareWithSide, openDetails, showImage } from '../choosing.ts';
import { startExport } from '../exporting.ts';
import { runningJob } from '../jobs.ts';
import { imageTitle, storedBytes } from '../library.ts';
import { scanImage, verifyImage } from '../opening.ts';
import { choiceDetail } from '../same-names.ts';
import { importTargets, importToStore } from '../stores/importing.ts';
import { storeTitle } from '../stores/stores.ts';
import { copyAction } from './copy-action.ts';

type Known = Pick<AppState, 'selection' | 'jobs' | 'stores'>;

/** Returns the actions for an image. */
export function imageActions(app: Known, archive: ArchiveSummary, image: ImageSummary): readonly ActionSection[] {
  const { selection } = app;
  const { archiveId } = archive;
  const ref = { archiveId, image: image.index };
  const isShown = selection.archiveId === archiveId && selection.image === image.index;
  const show: MenuAction[] = [];
  if (isShown) {
    const run = () => {
      chooseWhole(null);
      openDetails();
    };
    show.push({ id: 'whole', label: words.menus.showWhole, run });
    if (selection.mode !== 'compare') show.push({ id: 'with', label: words.menus.compareWith, run: () => chooseMode('compare') });
  } else {
    show.push({ id: 'show', label: words.menus.showImage, run: () => showImage(archiveId, image.index) });
    const side = { ...ref, layer: Math.max(0, image.layers.length - 1) };
    if (selection.archiveId !== null) show.push({ id: 'compare', label: words.menus.compareShown, run: () => compareWithSide(side) });
  }
  return [
    { id: 'show', title: words.menus.show, quiet: true, actions: show },
    { id: 'check', title: words.menus.check, quiet: true, actions: checkActions(app, archive, image) },
    {
      id: 'copy',
      title: words.menus.copy,
      quiet: true,
      actions: [
        ...copyAction('name', image.names[0] ?? imageTitle(archive, image)),
        ...copyAction('digest', image.manifestDigest ?? image.configDigest),
        ...copyAction('size', String(storedBytes(image))),
        ...copyAction('json', jsonText(image, 2)),
      ],
    },
    {
      id: 'save',
      title: words.menus.save,
      quiet: true,
      actions: imageSaves(archive, image),
    },
  ];
}

/** Returns the actions that save an image or the report about it. */
export function imageSaves({ archiveId }: ArchiveSummary, { index, loaded }: ImageSummary): readonly MenuAction[] {
  if (!loaded) return [];
  const ref = { archiveId, image: index };
  return [
    { id: 'docker', label: words.menus.saveDocker, run: () => void startExport({ what: 'image', format: 'docker-archive', ...ref }) },
    { id: 'oci', label: words.menus.saveOci, run: () => void startExport({ what: 'image', format: 'oci-archive', ...ref }) },
    { id: 'report', label: words.details.saveReport, run: () => void startExport({ what: 'report', archiveId }) },
  ];
}

function checkActions({ jobs, stores }: Known, archive: ArchiveSummary, image: ImageSummary): readonly MenuAction[] {
  const { archiveId } = archive;
  const { index, loaded } = image;
  if (!loaded) return [];
  const checking = runningJob(jobs, 'verify', archiveId, index) !== null;
  const verify = {
    id: 'verify',
    label: checking ? words.details.verifying : words.details.verify,
    disabled: checking,
    run: () => void verifyImage(archiveId, index),
  };
  const scanning = runningJob(jobs, 'scan', archiveId, index) !== null;
  const scan = {
    id: 'scan',
    label: scanning ? words.details.scanning : words.details.scan,
    disabled: scanning,
    run: () => void scanImage(archiveId, index),
  };
  return [verify, scan, ...imageImports({ jobs, stores }, archive, image)];
}

/** Returns the actions that import an image: one for each store that it can be imported to. */
export function imageImports({ jobs, stores }: Pick<Known, 'jobs' | 'stores'>, archive: ArchiveSummary, image: ImageSummary): MenuAction[] {
  const { archiveId } = archive;
  const { index, loaded } = image;
  if (!loaded) return [];
  const importing = runningJob(jobs, 'import', archiveId, index) !== null;
  const targets = importTargets(stores, archive, image).stores;
  return targets.map((store) => ({
    id: `import ${store.storeId}`,
    label: importing ? words.importing : words.store.importTo,
    detail: targets.length > 1 ? storeTitle(store) : undefined,
    disabled: importing,
    run: () => void importToStore(archiveId, index, store.storeId),
  }));
}

/** Returns the images of all open archives, to choose from. */
export function imageChoices(
  archives: readonly ArchiveSummary[],
  shown: Pick<AppState['selection'], 'archiveId' | 'image'>,
): ActionSection {
  const idOf = (archiveId: string | null, index: number) => `${archiveId}/${index}`;
  return {
    id: 'images',
    title: words.menus.images,
    selected: idOf(shown.archiveId, shown.image),
    actions: archives.flatMap((archive) =>
      archive.images.map((image) => ({
        id: idOf(archive.archiveId, image.index),
        label: imageTitle(archive, image),
        detail: choiceDetail(archives, { archive, image }),
        run: () => showImage(archive.archiveId, image.index),
      })),
    ),
  };
}
