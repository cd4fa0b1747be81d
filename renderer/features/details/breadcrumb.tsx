import type { ArchiveSummary, ImageSummary } from '#contract';
import { MiddleText } from '../../components/middle-text.tsx';
import { choosePath, chooseWhole, showImage } from '../../state/choosing.ts';
import { pathParts } from '../../state/details/shown-path.ts';
import { imageTitle, lastPart } from '../../state/library.ts';
import type { Selection } from '../../state/selection.ts';
import { words } from '../../words/index.ts';
import styles from './breadcrumb.module.css';

interface Crumb {
  readonly id: string;
  readonly text: string;
  readonly title: string;
  /** Null for the part that the pane already shows. */
  readonly go: (() => void) | null;
}

interface Props {
  readonly archive: ArchiveSummary;
  readonly image: ImageSummary;
  readonly selection: Selection;
  readonly isSideA: boolean;
}

/**
 * The location of what the pane shows: the image, its layers, and the folders of the path. Each part but the last is a link. `selection` is
 * that of the image, which may be side A of what is selected.
 */
export function Breadcrumb(props: Props) {
  const crumbs = crumbsOf(props);
  return (
    <nav className={styles.crumbs} aria-label={words.details.breadcrumb}>
      <ol className={styles.list}>
        {crumbs.map(({ id, text, title, go }, at) => (
          <li key={id} className={`${styles.crumb} ${at === 0 ? styles.image : ''}`}>
            {go === null ? (
              <span className={styles.here} aria-current="location" title={title}>
                {at === 0 ? <MiddleText text={text} title={title} /> : text}
              </span>
            ) : (
              <button type="button" className={styles.link} title={title} onClick={go} data-focus={id}>
                {at === 0 ? <MiddleText text={text} title={title} /> : text}
              </button>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}

function crumbsOf({ archive, image, selection, isSideA }: Props): readonly Crumb[] {
  const { from, to, mode, path } = selection;
  const title = imageTitle(archive, image);
  const whole = mode === 'image';
  const goWhole = () => (isSideA ? showImage(archive.archiveId, image.index) : chooseWhole(null));
  const crumbs: Crumb[] = [{ id: 'image', text: lastPart(title), title, go: whole && path === null ? null : goWhole }];
  if (!whole) {
    const layers = mode === 'layer' && from !== to ? words.layerRangeTitle(from, to) : words.layerTitle(to);
    crumbs.push({ id: 'layers', text: layers, title: layers, go: path === null ? null : () => choosePath(null) });
  }
  if (path === null) return crumbs;
  for (const part of pathParts(path, image)) {
    crumbs.push({ id: part.path, text: part.name, title: part.absolute, go: part.path === path ? null : () => choosePath(part.path) });
  }
  return crumbs;
}
