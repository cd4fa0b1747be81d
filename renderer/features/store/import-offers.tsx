import { Button, IconButton } from '../../components/button.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { lastPart } from '../../state/library.ts';
import { answerOffers } from '../../state/stores/importing.ts';
import { titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import styles from './store.module.css';

/** Maximum number of names listed. The total number is always shown after them. */
const MOST_NAMES = 20;

/** Offers to import opened archives, until something else is opened. Settings has the default answer. */
export function ImportOffers() {
  const offers = useApp((app) => app.offers);
  if (offers.length === 0) return null;
  return (
    <section className={styles.offer} aria-label={words.store.offerLabel}>
      <div className={styles.offered} title={`${titleText(offers.map(({ title }) => title).join('\n'))}\n${words.store.always}`}>
        <MiddleText text={words.list(offers.slice(0, MOST_NAMES).map(({ title }) => lastPart(title)))} title={null} />
        <p>{words.store.notStored(offers.length)}</p>
      </div>
      <Button kind="quiet" onPress={() => answerOffers('import')}>
        {words.store.import}
      </Button>
      <IconButton small label={words.store.justView} icon="close" onPress={() => answerOffers('look')} />
    </section>
  );
}
