import { type ReactNode, useMemo, useState } from 'react';
import { Segmented } from '../../components/segmented.tsx';
import { setLayout } from '../../state/app-state.ts';
import { type PictureSize, pictureSize } from '../../state/details/picture-size.ts';
import type { PreviewKind } from '../../state/details/preview.ts';
import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import { useApp } from '../use-app.ts';
import { ContentBar } from './content-bar.tsx';
import { PictureGate, usePictureUrl } from './picture.tsx';
import styles from './picture-diff.module.css';
import { useVersionNames } from './use-version-names.ts';

/** The beginning of a file, or the entire file. */
export interface Part {
  readonly bytes: Uint8Array;
  readonly totalBytes: number;
}

interface Sided {
  readonly part: Part;
  readonly kind: PreviewKind;
  readonly size: PictureSize | null;
}

const WAYS = (['two-up', 'swipe', 'onion'] as const).map((value) => ({ value, label: words.details.pictureDiffs[value] }));

/** Two pictures side by side, one wiped over the other, or one faded into the other. */
export function PictureDiff({
  a,
  b,
  kindA,
  kindB,
  views,
}: {
  a: Part;
  b: Part;
  kindA: PreviewKind;
  kindB: PreviewKind;
  /** The choice of other views of the content. */
  views: ReactNode;
}) {
  const way = useApp((app) => app.layout.pictureDiff);
  const names = useVersionNames();
  const before = useMemo(() => ({ part: a, kind: kindA, size: pictureSize(a.bytes, kindA) }), [a, kindA]);
  const now = useMemo(() => ({ part: b, kind: kindB, size: pictureSize(b.bytes, kindB) }), [b, kindB]);
  return (
    <>
      <ContentBar note={differenceOf(before, now)} views={views}>
        <Segmented small label={words.details.layout} value={way} options={WAYS} onChange={(pictureDiff) => setLayout({ pictureDiff })} />
      </ContentBar>
      <PictureGate sizes={[before.size, now.size]}>
        {way === 'two-up' ? (
          <div className={styles.pictures}>
            <Captioned title={names.before} alt={names.pictureBefore} of={before} />
            <Captioned title={names.now} alt={names.pictureNow} of={now} />
          </div>
        ) : (
          <Over way={way} before={before} now={now} />
        )}
      </PictureGate>
    </>
  );
}

/** Describes the sizes: `32 × 32 → 64 × 64`, or just one if they are equal. */
function differenceOf({ size: a }: Sided, { size: b }: Sided): string {
  if (a === null || b === null) return '';
  const [before, now] = [words.details.pixels(a), words.details.pixels(b)];
  return before === now ? now : `${before} → ${now}`;
}

function Captioned({ title, alt, of: { part, kind, size } }: { title: string; alt: string; of: Sided }) {
  const url = usePictureUrl(part.bytes, kind);
  const caption = [title, size === null ? '' : words.details.pixels(size), formatSize(part.totalBytes)];
  return (
    <figure className={styles.figure}>
      {url === null ? null : <img src={url} alt={alt} />}
      <figcaption className={styles.note}>{caption.filter((each) => each !== '').join(' · ')}</figcaption>
    </figure>
  );
}

/** Both pictures on top of each other, at the same scale, with a slider that sets how much of the newer one is visible. */
function Over({ way, before, now }: { way: 'swipe' | 'onion'; before: Sided; now: Sided }) {
  const [share, setShare] = useState(50);
  const names = useVersionNames();
  const urlA = usePictureUrl(before.part.bytes, before.kind);
  const urlB = usePictureUrl(now.part.bytes, now.kind);
  const width = Math.max(before.size?.width ?? 1, now.size?.width ?? 1);
  const height = Math.max(before.size?.height ?? 1, now.size?.height ?? 1);
  const scaled = (size: PictureSize | null) => ({
    width: `${((size?.width ?? width) / width) * 100}%`,
    height: `${((size?.height ?? height) / height) * 100}%`,
  });
  return (
    <div className={styles.over}>
      <div className={styles.frame} style={{ aspectRatio: `${width} / ${height}`, maxWidth: width }}>
        {urlA === null ? null : <img className={styles.layer} style={scaled(before.size)} src={urlA} alt={names.pictureBefore} />}
        <div className={styles.cover} style={way === 'swipe' ? { clipPath: `inset(0 0 0 ${share}%)` } : { opacity: share / 100 }}>
          {urlB === null ? null : <img className={styles.layer} style={scaled(now.size)} src={urlB} alt={names.pictureNow} />}
        </div>
        {way === 'swipe' ? <span className={styles.edge} style={{ left: `${share}%` }} /> : null}
      </div>
      <label className={styles.slider}>
        <span>{names.before}</span>
        <input
          type="range"
          min={0}
          max={100}
          value={share}
          aria-label={way === 'swipe' ? names.swipeEdge : names.onionShare}
          onChange={({ currentTarget }) => setShare(Number(currentTarget.value))}
        />
        <span>{names.now}</span>
      </label>
    </div>
  );
}
