import { type ReactNode, useEffect, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Notice } from '../../components/notice.tsx';
import { areSmall, type PictureSize } from '../../state/details/picture-size.ts';
import { words } from '../../words/index.ts';
import styles from './content-tab.module.css';

/** Returns an object URL for a picture's bytes; null until it exists. */
export function usePictureUrl(bytes: Uint8Array, kind: string): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes.slice()], { type: `image/${kind}` }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, kind]);
  return url;
}

/** Waits for the user's request before drawing pictures that would take a lot of memory. */
export function PictureGate({ sizes, children }: { sizes: readonly (PictureSize | null)[]; children: ReactNode }) {
  const [shownAnyway, setShownAnyway] = useState(false);
  if (shownAnyway || areSmall(sizes)) return children;
  const known = sizes.filter((size) => size !== null);
  return (
    <Notice icon="image" title={words.details.largePicture}>
      {known.length < sizes.length ? words.details.pictureSizeUnknown : words.details.pictureSizes(known)}
      <p className={styles.again}>
        <Button onPress={() => setShownAnyway(true)}>{words.details.showAnyway}</Button>
      </p>
    </Notice>
  );
}

/** A picture, and its size in pixels. */
export function Picture({ bytes, kind, size }: { bytes: Uint8Array; kind: string; size: PictureSize | null }) {
  const url = usePictureUrl(bytes, kind);
  const [broken, setBroken] = useState(false);
  if (broken)
    return (
      <Notice icon="warning" title={words.details.damagedPicture}>
        {words.details.damagedPictureWhy}
      </Notice>
    );
  return (
    <PictureGate sizes={[size]}>
      <div className={styles.picture}>
        {url === null ? null : <img className={styles.image} src={url} alt={words.details.filePreview} onError={() => setBroken(true)} />}
        <p className={styles.note}>{size === null ? '' : words.details.pixels(size)}</p>
      </div>
    </PictureGate>
  );
}
