import { Button, IconButton } from '../../components/button.tsx';
import { answerOffers } from '../../state/stores/importing.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import styles from './store.module.css';

/** Offers to import opened archives, until something else is opened. Settings has the default answer. */
export function ImportOffers() {
  const offers = useApp((app) => app.offers);
  if (offers.length === 0) return null;
  return (
    <section className={styles.offer} aria-label={words.store.offerLabel}>
      <p title={[...offers.map(({ title }) => title), words.store.always].join('\n')}>{words.store.notStored(offers.length)}</p>
      <Button kind="quiet" onPress={() => answerOffers('import')}>
        {words.store.import}
      </Button>
      <IconButton small label={words.store.justView} icon="close" onPress={() => answerOffers('look')} />
    </section>
  );
}
