import { Button, IconButton } from '../../components/button.tsx';
import { phrase } from '../../components/phrase.tsx';
import { lastPart } from '../../state/library.ts';
import { answerOffers } from '../../state/stores/importing.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import styles from './store.module.css';

/** Asks in one line whether opened archives should be imported, until something else is opened. Settings has the standing answer. */
export function ImportOffers() {
  const offers = useApp((app) => app.offers);
  const [first] = offers;
  if (first === undefined) return null;
  const what = offers.length === 1 ? lastPart(first.title) : words.store.archives(offers.length);
  return (
    <section className={styles.offer} aria-label={words.store.keepLabel}>
      <p title={[...offers.map(({ title }) => title), words.store.always].join('\n')}>
        {phrase(words.store.keep(<strong>{what}</strong>))}
      </p>
      <Button kind="quiet" onPress={() => answerOffers('import')}>
        {words.store.import}
      </Button>
      <IconButton small label={words.store.justView} icon="close" onPress={() => answerOffers('look')} />
    </section>
  );
}
