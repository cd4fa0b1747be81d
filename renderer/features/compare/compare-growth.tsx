import type { ArchiveSummary, ImageSummary } from '#contract';
import { displayPath, unescapePath } from '#model';
import { sideLetter } from '../../components/side-letter.ts';
import { Size } from '../../components/size.tsx';
import { showWholeOf } from '../../state/choosing.ts';
import { signedSize } from '../../state/compare.ts';
import { type Side, selectedImage } from '../../state/selection.ts';
import { imageSizes } from '../../state/sizes.ts';
import { words } from '../../words/index.ts';
import { formatSizeIn, unitOfBoth } from '../../words/numbers.ts';
import { useBreakdown } from '../breakdown/use-breakdown.ts';
import { HiddenStory } from '../changes/culprits.tsx';
import { Net } from '../net.tsx';
import { useApp } from '../use-app.ts';
import styles from './compare-bar.module.css';

/**
 * Returns how much two whole images differ: in what a container sees, in what is stored, and in what higher layers hide. The hidden bytes
 * may account for most of the difference. Null for parts of images, or if all three are equal.
 */
export function growthOf(archives: readonly ArchiveSummary[], a: Side, b: Side): readonly Measure[] | null {
  const [one, other] = [wholeImage(archives, a), wholeImage(archives, b)];
  if (one === null || other === null) return null;
  const measures: readonly Measure[] = [
    { name: 'visible', before: one.totals.finalBytes, now: other.totals.finalBytes },
    { name: 'stored', before: imageSizes(one).stored, now: imageSizes(other).stored },
    { name: 'hidden', before: one.totals.wastedBytes, now: other.totals.wastedBytes },
  ];
  const grown = measures.filter(({ before, now }) => before !== now);
  return grown.length === 0 ? null : grown;
}

interface Measure {
  readonly name: 'visible' | 'stored' | 'hidden';
  readonly before: number;
  readonly now: number;
}

/** `visible 5.60 MB → 5.66 MB +64.4 kB · stored …`, without the sizes of both sides where space is scarce; the titles have them anyway. */
export function Growth({ measures }: { measures: readonly Measure[] }) {
  return (
    <span className={styles.growth}>
      {measures.map(({ name, before, now }) => {
        const unit = unitOfBoth(before, now);
        return (
          <span key={name} title={words.compare.growthTitle[name](formatSizeIn(before, unit), formatSizeIn(now, unit))}>
            {words.compare.growth[name]}{' '}
            <span className={measures.length > 2 && name !== 'visible' ? styles.bothOfThree : styles.both}>
              {words.compare.fromTo(formatSizeIn(before, unit), formatSizeIn(now, unit))}{' '}
            </span>
            <strong>
              <Net bytes={now - before}>{signedSize(now - before)}</Net>
            </strong>
          </span>
        );
      })}
    </span>
  );
}

/** Returns the image if a side shows all of it and its layers have been read. */
export function wholeImage(archives: readonly ArchiveSummary[], side: Side): ImageSummary | null {
  const image = findSide(archives, side)?.image;
  return image?.loaded === true && side.since === undefined && side.layer === image.layers.length - 1 ? image : null;
}

/** Returns a side's image and its archive; null if the archive isn't open. */
export function findSide(archives: readonly ArchiveSummary[], { archiveId, image }: Side) {
  return selectedImage(archives, { archiveId, image, from: 0, to: 0, mode: 'layer', path: null });
}

/**
 * One line that names what higher layers of the heavier image hide most. Shown where hidden bytes differ more than visible ones, because no
 * list of differences contains hidden files. Its place is reserved until the answer is known.
 */
export function HiddenCulprit({ a, b }: { a: Side; b: Side }) {
  const archives = useApp((app) => app.archives) ?? [];
  const [one, other] = [wholeImage(archives, a), wholeImage(archives, b)];
  const isWanted = one !== null && other !== null && hidesMoreThanItShows(one, other);
  const [ofA, ofB] = [useBreakdown(a, { what: 'image' }, { isWanted }), useBreakdown(b, { what: 'image' }, { isWanted })];
  if (!isWanted) return null;
  if (ofA.state !== 'ready' || ofB.state !== 'ready') {
    return ofA.state === 'failed' || ofB.state === 'failed' ? null : <p className={styles.culprit} aria-hidden="true" />;
  }
  const isA = one.totals.wastedBytes > other.totals.wastedBytes;
  const [more, less] = isA ? [ofA.value.mostHidden, ofB.value.mostHidden] : [ofB.value.mostHidden, ofA.value.mostHidden];
  // If both sides hide the same path with the same bytes, it doesn't explain the difference.
  if (more === null || (more.path === less?.path && more.bytes === less.bytes)) return null;
  const [name, side, image] = isA ? (['A', a, one] as const) : (['B', b, other] as const);
  const path = displayPath(unescapePath(more.path));
  return (
    <p className={styles.culprit}>
      <span className={sideLetter(name)}>
        <span className="visually-hidden">{words.compare.beforeLetter}</span>
        {name}
      </span>{' '}
      <button type="button" className={styles.culpritLink} title={path} onClick={() => showWholeOf(side, more.path)}>
        <span className={styles.label}>{words.changes.culprits.hidden}</span> <Size bytes={more.bytes} />{' '}
        <span className={styles.culpritName}>
          {path}
          <HiddenStory of={side} culprit={more} top={image.layers.length - 1} />
        </span>
      </button>
    </p>
  );
}

function hidesMoreThanItShows(one: ImageSummary, other: ImageSummary): boolean {
  const hidden = Math.abs(one.totals.wastedBytes - other.totals.wastedBytes);
  return hidden > Math.abs(one.totals.finalBytes - other.totals.finalBytes);
}
