import { useMemo } from 'react';
import type { EntryDetails } from '#contract';
import { Advice } from '../../components/advice.tsx';
import { phrase } from '../../components/phrase.tsx';
import { Size } from '../../components/size.tsx';
import { storedAgain } from '../../state/details/stored-again.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import styles from './stored-again.module.css';

/** Advice about a file that a layer stores again only to change its mode or owner. */
export function StoredAgainAdvice({ details }: { details: EntryDetails }) {
  const table = useApp((app) => app.changes.table);
  const archives = useApp((app) => app.archives);
  const selection = useApp((app) => app.selection);
  const found = useMemo(() => storedAgain(details, table, archives ?? [], selection), [details, table, archives, selection]);
  if (found === null) return null;
  const { layer, bytes, options } = found;
  return (
    <p className={styles.advice}>
      {phrase(words.details.storedAgain(<Size bytes={bytes} />, layer, found))} <Advice text={words.details.setWhereCreated(options)} />
    </p>
  );
}
