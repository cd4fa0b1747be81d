import { useRef } from 'react';
import type { ArchiveSummary, ImageSummary } from '#contract';
import { MenuButton } from '../../components/menu.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { useMeasured, widthOf } from '../../components/use-measured.ts';
import { choosePath, chooseWhole, showSide } from '../../state/choosing.ts';
import { pathParts } from '../../state/details/shown-path.ts';
import { imageTitle, lastPart } from '../../state/library.ts';
import { withApart } from '../../state/same-names.ts';
import type { Selection, Side } from '../../state/selection.ts';
import { titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import styles from './breadcrumb.module.css';

interface Crumb {
  readonly id: string;
  readonly text: string;
  readonly title: string;
  /** What pressing the part does; null for the part that the pane already shows. */
  readonly go: (() => void) | null;
  readonly isFolder?: boolean;
}

interface KnownSide {
  readonly archive: ArchiveSummary;
  readonly image: ImageSummary;
  readonly side: Side;
}

interface Props {
  /** The shown image and its archive. */
  readonly archive: ArchiveSummary;
  readonly image: ImageSummary;
  readonly selection: Selection;
  /** The open sides of a comparison; empty unless a comparison is selected. */
  readonly sides: readonly {
    readonly letter: 'A' | 'B';
    readonly known: KnownSide;
    /** What distinguishes this side from the other one, if both have the same name. */
    readonly apart: string | null;
  }[];
}

/**
 * The location of what the pane shows: the image and its layers, or the sides of a comparison, then the folders of the path. Each part but
 * the last is a link, and so is each side. Everything is on one line: parts are cut in the middle, and the middle folders of a deep path
 * are in a menu. The path's name and its folder are always visible.
 */
export function Breadcrumb(props: Props) {
  const crumbs = crumbsOf(props);
  const nav = useRef<HTMLElement>(null);
  const room = useMeasured(nav, widthOf, 0);
  const { before, folded, after } = fold(crumbs, room);
  return (
    <nav
      className={styles.crumbs}
      aria-label={words.details.breadcrumb}
      title={titleText(crumbs.map(({ text }) => text).join(' › '))}
      ref={nav}
    >
      <ol className={styles.list}>
        {before.map((crumb) => (
          <Part key={crumb.id} crumb={crumb} />
        ))}
        {folded.length === 0 ? null : (
          <li className={`${styles.crumb} ${styles.short}`}>
            <MenuButton
              bare
              label={words.details.foldersBetween}
              choices={folded.map(({ id, text }) => ({ id, label: text }))}
              selected={null}
              onChoose={(chosen) => folded.find(({ id }) => id === chosen)?.go?.()}
            >
              …
            </MenuButton>
          </li>
        )}
        {after.map((crumb) => (
          <Part key={crumb.id} crumb={crumb} />
        ))}
      </ol>
    </nav>
  );
}

function Part({ crumb: { id, text, title, go } }: { crumb: Crumb }) {
  const isShort = text.length <= shortFor(id);
  const name = isShort ? text : <MiddleText text={text} title={title} />;
  return (
    <li className={`${styles.crumb} ${isShort ? styles.short : ''} ${id === 'A' ? styles.against : ''}`}>
      {go === null ? (
        <span className={styles.here} aria-current="location" title={titleText(title)}>
          {name}
        </span>
      ) : (
        <button type="button" className={styles.link} title={titleText(title)} onClick={go} data-focus={id}>
          {name}
        </button>
      )}
    </li>
  );
}

/** A part of at most this many characters is never cut. */
const SHORT = 6;
/** An image's name of at most this many characters is never cut. */
const SHORT_IMAGE = 12;
/** Layers are never cut: without their numbers, they would be meaningless. */
const SHORT_LAYERS = 24;
const shortFor = (id: string) => (id === 'image' ? SHORT_IMAGE : id === 'layers' ? SHORT_LAYERS : SHORT);
/** Minimum width at which a part is recognizable, px. */
const LEAST = 56;
/** Width that is kept for each of the last two parts by folding folders, px. */
const WANTED = 112;
/** If the last part needs at most this share of the width, folders are folded to keep it whole. */
const LAST_PART = 0.45;
/** Space around a part, px. */
const AROUND = 17;
const CHARACTER = 7;

/** Folds folders in the middle, so that the other parts have the space that they need. The last two parts are kept. */
function fold(crumbs: readonly Crumb[], room: number) {
  const kept = crumbs.length - 2;
  const needs = crumbs.map(({ id, text }, at) => {
    const least = text.length <= shortFor(id) ? SHORT_LAYERS * CHARACTER : LEAST;
    const wanted = at === crumbs.length - 1 ? Math.max(WANTED, room * LAST_PART) : WANTED;
    return AROUND + Math.min(text.length * CHARACTER, at < kept ? least : wanted);
  });
  let sum = needs.reduce((all, each) => all + each, 0);
  const first = crumbs.findIndex(({ isFolder }) => isFolder === true);
  let end = first;
  if (room > 0 && first >= 0 && sum > room - PADDING) {
    for (; sum > room - PADDING - MENU && end < kept; end++) sum -= needs[end] as number;
  }
  // A menu in place of one short name would gain nothing.
  return end <= first || (end === first + 1 && (needs[first] as number) <= MENU)
    ? { before: crumbs, folded: [], after: [] }
    : { before: crumbs.slice(0, first), folded: crumbs.slice(first, end), after: crumbs.slice(end) };
}

/** Space at the left and right of the parts, and the width of the menu, px. */
const PADDING = 42;
const MENU = 40;

function crumbsOf({ archive, image, selection, sides }: Props): readonly Crumb[] {
  const { from, to, mode, path } = selection;
  const goUp = path === null ? null : () => choosePath(null);
  const crumbs: Crumb[] = [];
  if (mode === 'compare') {
    // The sides' names would leave no space for a path. They are above the rows, and in the details when no path is selected.
    if (goUp === null) crumbs.push(...sides.map(sideCrumb));
    else crumbs.push({ id: 'comparison', text: words.details.comparison.short, title: comparisonTitle(sides), go: goUp });
  } else {
    const title = imageTitle(archive, image);
    const goWhole = mode === 'image' && path === null ? null : () => chooseWhole(null);
    crumbs.push({ id: 'image', text: lastPart(title), title, go: goWhole });
  }
  if (mode === 'layer' || mode === 'stacked') {
    const layers = mode === 'layer' && from !== to ? words.layerRangeTitle(from, to) : words.layerTitle(to);
    crumbs.push({ id: 'layers', text: layers, title: layers, go: goUp });
  }
  if (path === null) return crumbs;
  for (const part of pathParts(path, image)) {
    const go = part.path === path ? null : () => choosePath(part.path);
    crumbs.push({ id: part.path, text: part.name, title: part.absolute, go, isFolder: true });
  }
  return crumbs;
}

function comparisonTitle(sides: Props['sides']): string {
  const [a = '', b = ''] = sides.map(({ known, apart }) => sideName(known, withApart(imageTitle(known.archive, known.image), apart)));
  return words.details.comparison.title(a, b);
}

/** Returns a side's title, with the layer unless it is the top one. */
function sideName({ image, side }: KnownSide, title: string): string {
  return side.layer < image.layers.length - 1 ? words.compare.atLayer(title, side.layer) : title;
}

function sideCrumb({ letter, known, apart }: Props['sides'][number]): Crumb {
  const title = withApart(imageTitle(known.archive, known.image), apart);
  return {
    id: letter,
    text: `${letter} ${sideName(known, withApart(lastPart(imageTitle(known.archive, known.image)), apart))}`,
    title: words.compare.sideImage(letter, title),
    go: () => showSide(known.side),
  };
}
