import type { ImageSummary } from '#contract';
import { phrase } from '../../components/phrase.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import { chooseWhole } from '../../state/choosing.ts';
import { words } from '../../words/index.ts';
import styles from './whole-row.module.css';

/** The first line of the chain: the whole image, and how much of it is hidden by later layers. */
export function WholeRow({ image, lit }: { image: ImageSummary; lit: boolean }) {
  const { fileBytes, finalBytes, wastedBytes } = image.totals;
  const share = fileBytes === 0 ? 0 : wastedBytes / fileBytes;
  return (
    <li className={`${styles.whole} ${lit ? styles.lit : ''}`}>
      <button
        type="button"
        className={styles.button}
        data-whole=""
        aria-pressed={lit}
        tabIndex={lit ? 0 : -1}
        title={image.loaded ? words.chain.wholeTitle(sizeTitle(finalBytes), sizeTitle(wastedBytes)) : words.chain.whole}
        onClick={() => chooseWhole()}
      >
        <span className={styles.line}>
          <span className={styles.name}>{words.chain.whole}</span>
          {image.loaded ? <Size bytes={fileBytes} className={styles.size} /> : <span className={styles.quiet}>…</span>}
        </span>
        {image.loaded ? (
          <>
            <span className={`${styles.line} ${styles.quiet}`}>
              <span>
                <span className={styles.visible}>
                  {phrase(words.chain.visible(<Size bytes={finalBytes} />))}
                  {' · '}
                </span>
                {wastedBytes === 0 ? words.chain.nothingHidden : phrase(words.chain.hidden(<Size bytes={wastedBytes} />))}
              </span>
            </span>
            <span className={styles.bar} aria-hidden="true">
              <i style={{ width: `${(1 - share) * 100}%` }} />
              {wastedBytes === 0 ? null : <i className={styles.hidden} />}
            </span>
          </>
        ) : null}
      </button>
    </li>
  );
}
