import { Size } from '../../components/size.tsx';
import { SIZE_WORDS } from '../../state/sizes.ts';
import styles from './three-sizes.module.css';

/** Three sizes with their labels. Only `stored` is known before the layers are read. */
export function ThreeSizes({ stored, unpacked, files, known }: { stored: number; unpacked: number; files: number; known: boolean }) {
  return (
    <dl className={styles.sizes}>
      <OneSize word="stored" bytes={stored} />
      <OneSize word="unpacked" bytes={known ? unpacked : null} />
      <OneSize word="files" bytes={known ? files : null} />
    </dl>
  );
}

function OneSize({ word, bytes }: { word: keyof typeof SIZE_WORDS; bytes: number | null }) {
  const { label, title } = SIZE_WORDS[word];
  return (
    <div className={styles.one} title={title}>
      <dt className={styles.label}>{label}</dt>
      <dd>{bytes === null ? <span className={styles.label}>…</span> : <Size bytes={bytes} />}</dd>
    </div>
  );
}
