import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { lastPart } from '../../state/library.ts';
import { answerOffers } from '../../state/stores/importing.ts';
import { countOf } from '../../state/words.ts';
import { useApp } from '../use-app.ts';
import styles from './store.module.css';

/** Asks whether opened archives should be imported, without blocking anything, until the user has a standing answer. */
export function ImportOffers() {
  const offers = useApp((app) => app.offers);
  const [always, setAlways] = useState(false);
  const [first] = offers;
  if (first === undefined) return null;
  const what = offers.length === 1 ? lastPart(first.title) : countOf(offers.length, 'archive');
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
          Just view
        </Button>
      </p>
      <label className={`${styles.answers} ${styles.always}`}>
        <input type="checkbox" checked={always} onChange={({ currentTarget }) => setAlways(currentTarget.checked)} />
        Always do this
      </label>
    </section>
  );
}
