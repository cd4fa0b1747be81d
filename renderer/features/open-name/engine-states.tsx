import type { ReactNode } from 'react';
import type { EngineListing, ListedEngine } from '#contract';
import { words } from '../../words/index.ts';
import type { Answer } from '../use-request.ts';
import styles from './open-name.module.css';

/** One line per engine: its address, or why it didn't respond. */
export function EngineStates({
  engines,
  children,
}: {
  engines: readonly { readonly engine: ListedEngine; readonly answer: Answer<EngineListing> }[];
  children: ReactNode;
}) {
  return (
    <div className={styles.engines}>
      <ul aria-label={words.openName.enginesLabel}>
        {engines.map(({ engine, answer }) => (
          <li key={engine}>
            <span className={styles.engine}>{words.openName.engines[engine]}</span>
            <span className={`${styles.state} selectable`}>{stateOf(answer)}</span>
          </li>
        ))}
      </ul>
      {children}
    </div>
  );
}

function stateOf(answer: Answer<EngineListing>): string {
  if (answer.state === 'failed') return answer.error.message;
  if (answer.state !== 'ready') return words.openName.asking;
  const { places, total, problems } = answer.value;
  const held = places.length === 0 ? [] : [words.openName.holds(total, words.list(places))];
  return [...held, ...problems.map(({ place, message }) => words.openName.problem(place, message))].join('; ');
}
