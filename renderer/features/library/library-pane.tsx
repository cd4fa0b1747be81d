import { type CSSProperties, type ReactNode, useMemo } from 'react';
import type { ArchiveSummary, ImageSummary } from '#contract';
import { Button, IconButton } from '../../components/button.tsx';
import { FirstItems, MoreItems, useFirst } from '../../components/first-items.tsx';
import { Icon } from '../../components/icons.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { NameText } from '../../components/name-text.tsx';
import { sizeText } from '../../components/size.tsx';
import { setLayout } from '../../state/app-state.ts';
import { awaitedName } from '../../state/awaited.ts';
import { showImage } from '../../state/choosing.ts';
import { keysOfId } from '../../state/key-names.ts';
import {
  contentWords,
  imagesPerArchive,
  imageTitle,
  lastPart,
  MOST_IMAGES,
  shortTitle,
  storedBytes,
  withCurrent,
} from '../../state/library.ts';
import { showOpenName } from '../../state/open-name/open-name-actions.ts';
import { choose, closeArchive, openSample } from '../../state/opening.ts';
import { archiveLabel, differsInPlatform, isTitleOfSeveral } from '../../state/same-names.ts';
import { sidesShowing } from '../../state/selection.ts';
import { isListedInStore, isStored } from '../../state/stores/stores.ts';
import { titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { ArrivalItem, useArrivals } from '../jobs/arrivals.tsx';
import { JobList } from '../jobs/job-list.tsx';
import item from '../list-item.module.css';
import head from '../pane-head.module.css';
import { SideMarks, useSidesOf } from '../side-marks.tsx';
import { BaseImages } from '../store/base-images.tsx';
import { ImportOffers } from '../store/import-offers.tsx';
import { StoreGroups } from '../store/store-group.tsx';
import { useApp } from '../use-app.ts';
import { ArtifactList, NoImageReason } from './artifact-list.tsx';
import { CatalogGroup, CatalogIcons } from './catalog-group.tsx';
import styles from './library-pane.module.css';

/** Open archives and their images, running work, and the stores. */
export function LibraryPane({ edge }: { edge: ReactNode }) {
  const archives = useApp((app) => app.archives);
  const selection = useApp((app) => app.selection);
  const info = useApp((app) => app.info);
  const electron = info?.host === 'electron';
  const stores = useApp((app) => app.stores);
  const opening = useArrivals();
  const isAwaited = useApp((app) => awaitedName(app) !== null);
  const listed = useMemo(() => (archives ?? []).filter((archive) => !isListedInStore(archive, stores)), [archives, stores]);
  const { shown, onMore } = useFirst(listed, MOST_IMAGES);
  const current = listed.find(({ archiveId }) => archiveId === selection.archiveId);
  const drawn = withCurrent(shown, current);
  const first = useMemo(() => imagesPerArchive(listed), [listed]);
  return (
    <nav className={styles.pane} aria-label={words.library.title} data-pane="library">
      {edge}
      <header className={head.head}>
        <h2>{words.library.title}</h2>
        <span className={head.tools}>
          {info?.opensNames === true && archives !== null && archives.length > 0 ? (
            <IconButton label={words.openName.button} icon="search" keys={keysOfId('open-name')} onPress={() => showOpenName()} />
          ) : null}
          {electron ? <IconButton label={words.openFolder} icon="folder" onPress={() => void choose('folder')} /> : null}
          <IconButton label={words.open} icon="plus" keys={keysOfId('open')} onPress={() => void choose('files')} />
        </span>
      </header>
      <div className={styles.body}>
        {archives === null || archives.length + opening.length === 0 ? (
          <p className={item.none}>{isAwaited ? null : words.library.nothingOpen}</p>
        ) : (
          <ul className={item.list}>
            {drawn.map((archive) => (
              <ArchiveItem
                key={archive.archiveId}
                archive={archive}
                first={first}
                shown={archive.archiveId === selection.archiveId ? selection.image : null}
              />
            ))}
            <MoreItems as="li" left={listed.length - drawn.length} onMore={onMore} />
            <FirstItems items={opening}>{(arrival) => <ArrivalItem key={arrival.id} arrival={arrival} />}</FirstItems>
          </ul>
        )}
        <CatalogGroup />
        <StoreGroups />
        <BaseImages />
      </div>
      {/* Below the list, so that jobs that come and go don't move the images under the pointer. */}
      <div className={styles.work}>
        <JobList />
        <ImportOffers />
      </div>
      {archives !== null && archives.length > 0 && info?.sample && !archives.some(({ title }) => title === info.sample) ? (
        <footer className={styles.foot}>
          <Button kind="quiet" icon="image" onPress={() => void openSample()}>
            {words.library.sample}
          </Button>
        </footer>
      ) : null}
    </nav>
  );
}

/** The library in a narrow window: one icon per image, with the beginnings of its name and tag. */
export function LibraryRail() {
  const archives = useApp((app) => app.archives);
  const selection = useApp((app) => app.selection);
  const images = useMemo(() => (archives ?? []).flatMap((archive) => archive.images.map((image) => ({ archive, image }))), [archives]);
  const isCurrent = ({ archive, image }: (typeof images)[number]) =>
    archive.archiveId === selection.archiveId && image.index === selection.image;
  const { shown, onMore } = useFirst(images, MOST_IMAGES);
  const drawn = withCurrent(shown, images.find(isCurrent));
  return (
    <nav className={styles.rail} aria-label={words.library.title} data-pane="library">
      <IconButton label={words.open} icon="plus" keys={keysOfId('open')} onPress={() => void choose('files')} />
      {drawn.map((each) => {
        const { archive, image } = each;
        const current = isCurrent(each);
        const title = imageTitle(archive, image);
        const isTwice = isTitleOfSeveral(archives ?? [], title);
        const name = isTwice ? words.library.imageOf(title, archiveLabel(archives ?? [], archive), image.platform) : title;
        const sides = sidesShowing(selection, archive.archiveId, image.index);
        return (
          <span key={`${archive.archiveId}.${image.index}`} className={styles.railItem}>
            <IconButton
              className={current ? styles.currentIcon : undefined}
              label={sides === '' ? name : words.list([name, words.compare.shownAs[sides]])}
              caption={shortTitle(title)}
              icon="image"
              pressed={current}
              onPress={() => showImage(archive.archiveId, image.index)}
            />
            {sides === '' ? null : <SideMarks sides={sides} />}
          </span>
        );
      })}
      {images.length === drawn.length ? null : (
        <div className={styles.railMore}>
          <MoreItems as="div" left={images.length - drawn.length} onMore={onMore} />
        </div>
      )}
      <CatalogIcons />
    </nav>
  );
}

/** `first`: number of the archive's images drawn at first. */
function ArchiveItem({ archive, first, shown }: { archive: ArchiveSummary; first: number; shown: number | null }) {
  const [only] = archive.images;
  const { shown: firstOnes, onMore } = useFirst(archive.images, first);
  const drawn = withCurrent(firstOnes, shown === null ? undefined : archive.images.find(({ index }) => index === shown));
  const label = useApp((app) => archiveLabel(app.archives ?? [], archive));
  const single = archive.images.length === 1 && only !== undefined;
  return (
    <li className={item.archive}>
      <div className={`${item.line} ${single && shown !== null ? item.current : ''}`}>
        {single ? (
          <ImageButton archive={archive} image={only} current={shown !== null} />
        ) : (
          <span className={item.archiveTitle} title={label}>
            <MiddleText className={item.title} text={label} title={null} />
            <span className={item.sub}>
              {words.formats[archive.format]} · {contentWords(archive)}
            </span>
          </span>
        )}
        <IconButton
          small
          className={item.close}
          label={words.library.closeArchive(label)}
          icon="close"
          onPress={() => void closeArchive(archive.archiveId)}
        />
      </div>
      {archive.images.length < 2 ? null : (
        <ul>
          {drawn.map((image) => (
            <li key={image.index} className={`${item.line} ${item.nested} ${shown === image.index ? item.current : ''}`}>
              <ImageButton archive={archive} image={image} current={shown === image.index} nested />
            </li>
          ))}
          <MoreItems as="li" left={archive.images.length - drawn.length} onMore={onMore} />
        </ul>
      )}
      {archive.artifacts === undefined ? null : <ArtifactList archiveId={archive.archiveId} artifacts={archive.artifacts} />}
      {archive.images.length === 0 ? <NoImageReason archive={archive} /> : null}
    </li>
  );
}

/** Maximum number of characters that a cut name of an archive has at least; with less space, it is left out. */
const LEAST_LABEL = 10;

function leastLabel(label: string): CSSProperties {
  return { '--least': `${Math.min(label.length, LEAST_LABEL) * 0.58}em` } as CSSProperties;
}

function ImageButton({
  archive,
  image,
  current,
  nested = false,
}: {
  archive: ArchiveSummary;
  image: ImageSummary;
  current: boolean;
  nested?: boolean;
}) {
  const title = imageTitle(archive, image);
  const label = useApp((app) => archiveLabel(app.archives ?? [], archive));
  const stored = useApp((app) => app.stores?.some((store) => isStored({ ...archive, images: [image] }, store)) ?? false);
  const sides = useSidesOf(archive.archiveId, image.index);
  const platform = nested || image.platform !== 'unknown' ? image.platform : '';
  // If the platform distinguishes the image from others, it must stay visible, even if the name has to be cut for it.
  const needsPlatform = useApp((app) => platform !== '' && differsInPlatform(app.archives ?? [], { archive, image }));
  const names = image.names.length > 1 ? `\n${titleText(image.names.join('\n'))}` : '';
  return (
    <button
      type="button"
      className={item.image}
      data-image={image.index}
      data-archive={archive.archiveId}
      aria-current={current ? 'true' : undefined}
      title={`${titleText(title)}${names}\n${label} · ${words.formats[archive.format]}${platform === '' ? '' : ` · ${platform}`}${sides === '' ? '' : `\n${words.compare.shownAs[sides]}`}`}
      onClick={() => {
        showImage(archive.archiveId, image.index);
        setLayout({ drawer: 'none' });
      }}
    >
      {sides === '' ? <Icon name="image" className={item.icon ?? ''} /> : <SideMarks sides={sides} />}
      <span className={item.words}>
        <NameText className={item.name} text={lastPart(title)} />
        <span className={item.second}>
          <span className={`${item.sub} ${item.parts} ${needsPlatform ? item.apart : stored ? item.marked : ''}`} style={leastLabel(label)}>
            {nested ? null : (
              <span className={item.file}>
                {archive.stored === undefined ? <MiddleText text={label} title={null} /> : words.library.inStore}
              </span>
            )}
            {platform === '' ? null : (
              <span className={item.end}>{nested ? platform : needsPlatform ? platform : `\u00a0· ${platform}`}</span>
            )}
          </span>
          {stored ? <span className={item.badge}>{words.library.inStore}</span> : null}
          {sizeText(storedBytes(image), item.size, words.library.stored(words.exactBytes(storedBytes(image))))}
        </span>
        {sides === '' ? null : <span className="visually-hidden">{words.compare.shownAs[sides]}</span>}
      </span>
    </button>
  );
}
