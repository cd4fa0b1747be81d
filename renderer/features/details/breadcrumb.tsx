import type { ArchiveSummary, ImageSummary } from '#contract';
import { MiddleText } from '../../components/middle-text.tsx';
import { choosePath, chooseWhole, showSide } from '../../state/choosing.ts';
import { pathParts } from '../../state/details/shown-path.ts';
import { imageTitle, lastPart } from '../../state/library.ts';
import type { Selection, Side } from '../../state/selection.ts';
import { words } from '../../words/index.ts';
import styles from './breadcrumb.module.css';

interface Crumb {
  readonly id: string;
  readonly text: string;
  readonly title: string;
  /** Null for the part that the pane already shows. */
  readonly go: (() => void) | null;
  /** Whether it is an image's name, whose end tells it from others. */
  readonly isImage?: boolean;
}

/** A side of a comparison. */
interface KnownSide {
  readonly archive: ArchiveSummary;
  readonly image: ImageSummary;
  readonly side: Side;
}

interface Props {
  /** The image of what is shown. */
  readonly archive: ArchiveSummary;
  readonly image: ImageSummary;
  readonly selection: Selection;
  /** The sides of a comparison that are open; empty unless the selection is one. */
  readonly sides: readonly { readonly letter: 'A' | 'B'; readonly known: KnownSide }[];
}

/**
 * The location of what the pane shows: the image and its layers, or the sides of a comparison; then the folders of the path. Each part but
 * the last is a link.
 */
export function Breadcrumb(props: Props) {
  const crumbs = crumbsOf(props);
  return (
    <nav className={styles.crumbs} aria-label={words.details.breadcrumb}>
      <ol className={styles.list}>
        {crumbs.map(({ id, text, title, go, isImage = false }) => (
          <li key={id} className={`${styles.crumb} ${isImage ? styles.image : ''} ${id === 'A' ? styles.against : ''}`}>
            {go === null ? (
              <span className={styles.here} aria-current="location" title={title}>
                {isImage ? <MiddleText text={text} title={title} /> : text}
              </span>
            ) : (
              <button type="button" className={styles.link} title={title} onClick={go} data-focus={id}>
                {isImage ? <MiddleText text={text} title={title} /> : text}
              </button>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}

function crumbsOf({ archive, image, selection, sides }: Props): readonly Crumb[] {
  const { from, to, mode, path } = selection;
  const goUp = path === null ? null : () => choosePath(null);
  const crumbs: Crumb[] = [];
  if (mode === 'compare') {
    crumbs.push(...sides.map(sideCrumb));
    crumbs.push({ id: 'comparison', text: words.details.comparison, title: words.details.comparison, go: goUp });
  } else {
    const title = imageTitle(archive, image);
    const goWhole = mode === 'image' && path === null ? null : () => chooseWhole(null);
    crumbs.push({ id: 'image', text: lastPart(title), title, go: goWhole, isImage: true });
  }
  if (mode === 'layer' || mode === 'stacked') {
    const layers = mode === 'layer' && from !== to ? words.layerRangeTitle(from, to) : words.layerTitle(to);
    crumbs.push({ id: 'layers', text: layers, title: layers, go: goUp });
  }
  if (path === null) return crumbs;
  for (const part of pathParts(path, image)) {
    crumbs.push({ id: part.path, text: part.name, title: part.absolute, go: part.path === path ? null : () => choosePath(part.path) });
  }
  return crumbs;
}

function sideCrumb({ letter, known: { archive, image, side } }: Props['sides'][number]): Crumb {
  const title = imageTitle(archive, image);
  const name = side.layer < image.layers.length - 1 ? words.compare.atLayer(lastPart(title), side.layer) : lastPart(title);
  return {
    id: letter,
    text: `${letter} ${name}`,
    title: words.compare.sideImage(letter, title),
    go: () => showSide(side),
    isImage: true,
  };
}
