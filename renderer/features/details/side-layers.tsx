import { useMemo } from 'react';
import type { EntryDetails } from '#contract';
import { displayText } from '#model';
import { sideColours, sideLetter } from '../../components/side-letter.ts';
import { plainCommand } from '../../state/chain.ts';
import { showLayerOfSide } from '../../state/choosing.ts';
import { type SideOrigin, sideOrigins } from '../../state/details/side-origins.ts';
import { titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import styles from './side-layers.module.css';

/** The layer from which each side of a comparison gets the path, with its command. Each links to what the layer changed. */
export function SideLayers({ details }: { details: EntryDetails }) {
  const archives = useApp((app) => app.archives);
  const selection = useApp((app) => app.selection);
  const origins = useMemo(() => sideOrigins(details, archives ?? [], selection), [details, archives, selection]);
  const [a, b] = origins;
  if (a === undefined) return null;
  // Whether both sides get the path from the same layer, which may be shared by two images.
  const isShared = b !== undefined && a.chainId !== null && a.chainId === b.chainId;
  return (
    <ul className={styles.layers} aria-label={words.details.layersOfSides}>
      {(isShared ? [b] : origins).map((origin) => (
        <SideLayer key={origin.letter} origin={origin} letters={isShared ? ['A', 'B'] : [origin.letter]} />
      ))}
    </ul>
  );
}

export function SideLetter({ name }: { name: 'A' | 'B' }) {
  return (
    <span className={sideLetter(name)}>
      <span className="visually-hidden">{words.compare.beforeLetter}</span>
      {name}
    </span>
  );
}

/** Names the side of a comparison that the text below is about; renders nothing outside a comparison. */
export function SideNote({ side }: { side: 'A' | 'B' | null }) {
  return side === null ? null : <p className={`${styles.note} ${sideColours(side)}`}>{words.compare.sideOnly(side)}</p>;
}

function SideLayer({ origin: { side, layer }, letters }: { origin: SideOrigin; letters: readonly ('A' | 'B')[] }) {
  const command = displayText(plainCommand(layer.createdBy) ?? words.commandUnknown);
  return (
    <li>
      <button type="button" className={styles.layer} title={titleText(command)} onClick={() => showLayerOfSide(side, layer.index)}>
        {letters.map((each) => (
          <SideLetter key={each} name={each} />
        ))}
        <span className={`number ${styles.index}`}>{words.layer(layer.index)}</span>
        <span className={styles.command}>{command}</span>
      </button>
    </li>
  );
}
