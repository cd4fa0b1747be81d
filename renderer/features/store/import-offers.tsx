import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { lastPart } from '../../state/library.ts';
import { answerOffers } from '../../state/stores/importing.ts';
import { useApp } from '../use-app.ts';
import styles from './store.module.css';

/** What was opened can be taken into the store, or only looked at: asked beside, in nobody's way, until that is settled for good. */
export function ImportOffers() {
  const offers = useApp((app) => app.offers);
  const [always, setAlways] = useState(false);
  const [first] = offers;
  if (first === undefined) return null;
  const what = offers.length === 1 ? lastPart(first.title) : `${offers.length} archives`;
  return (
    <section className={styles.offer} aria-label="Keep in the store?">
      <p title={offers.map(({ title }) => title).join('\n')}>
        Keep <strong>{what}</strong> in the store?
      </p>
      <p className={styles.answers}>
        <Button kind="primary" onPress={() => answerOffers('import', always)}>
          Import
        </Button>
        <Button kind="quiet" onPress={() => answerOffers('look', always)}>
          Only look
        </Button>
      </p>
      <label className={`${styles.answers} ${styles.always}`}>
        <input type="checkbox" checked={always} onChange={({ currentTarget }) => setAlways(currentTarget.checked)} />
        Do so always
      </label>
    </section>
  );
}
