import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { phrase } from '../../components/phrase.tsx';
import { lastPart } from '../../state/library.ts';
import { answerOffers } from '../../state/stores/importing.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import styles from './store.module.css';

/** Asks whether opened archives should be imported, without blocking anything, until the user has a standing answer. */
export function ImportOffers() {
  const offers = useApp((app) => app.offers);
  const [always, setAlways] = useState(false);
  const [first] = offers;
  if (first === undefined) return null;
  const what = offers.length === 1 ? lastPart(first.title) : words.store.archives(offers.length);
  return (
    <section className={styles.offer} aria-label={words.store.keepLabel}>
      <p title={offers.map(({ title }) => title).join('\n')}>{phrase(words.store.keep(<strong>{what}</strong>))}</p>
      <p className={styles.answers}>
        <Button kind="primary" onPress={() => answerOffers('import', always)}>
          {words.store.import}
        </Button>
        <Button kind="quiet" onPress={() => answerOffers('look', always)}>
          {words.store.justView}
        </Button>
      </p>
      <label className={`${styles.answers} ${styles.always}`}>
        <input type="checkbox" checked={always} onChange={({ currentTarget }) => setAlways(currentTarget.checked)} />
        {words.store.always}
      </label>
    </section>
  );
}
