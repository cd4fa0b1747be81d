import { MenuButton } from '../../components/menu.tsx';
import { dispatchChanges, setLayout } from '../../state/app-state.ts';
import type { ChangesState } from '../../state/changes/changes.ts';
import { useApp } from '../use-app.ts';
import styles from './filter-bar.module.css';

const KINDS = [
  { bit: 2, glyph: '+', name: 'added' },
  { bit: 4, glyph: '~', name: 'modified' },
  { bit: 8, glyph: '−', name: 'removed' },
] as const;

const MINIMA = [
  { id: '0', label: 'Any size' },
  { id: '10000', label: '> 10 kB' },
  { id: '100000', label: '> 100 kB' },
  { id: '1000000', label: '> 1 MB' },
  { id: '10000000', label: '> 10 MB' },
  { id: '100000000', label: '> 100 MB' },
];

/** Bits of `1 << TYPE`. */
const TYPES = [
  { id: '0', label: 'All types' },
  { id: '1', label: 'Files' },
  { id: '2', label: 'Folders' },
  { id: '12', label: 'Links' },
  { id: '496', label: 'Devices and other' },
];

/** Chips: kinds, minimum size, type. The text filter is in the title bar. */
export function FilterBar({ state, stacked }: { state: ChangesState; stacked: boolean }) {
  const { filter } = state;
  const everywhere = useApp((app) => app.layout.searchesAll);
  const set = (part: Partial<typeof filter>) => dispatchChanges({ type: 'filtered', filter: { ...filter, ...part } });
  return (
    <div className={styles.bar} role="toolbar" aria-label="Filters">
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset can't be laid out as a flex row */}
      <span className={styles.kinds} role="group" aria-label="Change kinds">
        {KINDS.map(({ bit, glyph, name }) => (
          <button
            key={name}
            type="button"
            className={`${styles.kind} ${styles[name]}`}
            aria-pressed={(filter.kinds & bit) !== 0}
            title={`${(filter.kinds & bit) !== 0 ? 'Hide' : 'Show'} ${name} paths`}
            onClick={() => set({ kinds: filter.kinds ^ bit })}
          >
            <span aria-hidden="true">{glyph}</span>
            <span className={styles.word}>{name}</span>
          </button>
        ))}
        {stacked ? (
          <button
            type="button"
            className={styles.kind}
            aria-pressed={(filter.kinds & 1) !== 0}
            title={`${(filter.kinds & 1) !== 0 ? 'Hide' : 'Show'} unchanged paths`}
            onClick={() => set({ kinds: filter.kinds ^ 1 })}
          >
            <span className={styles.word}>unchanged</span>
          </button>
        ) : null}
      </span>
      <button
        type="button"
        className={styles.kind}
        aria-pressed={everywhere}
        title={everywhere ? 'Filter the selected layers only' : 'Search all layers for the filter’s text'}
        onClick={() => setLayout({ searchesAll: !everywhere })}
      >
        <span className={`${styles.plain} ${everywhere ? styles.on : ''}`}>all layers</span>
      </button>
      <MenuButton
        quiet
        label={`Minimum size: ${MINIMA.find(({ id }) => id === String(filter.minBytes))?.label ?? ''}`}
        choices={MINIMA}
        selected={String(filter.minBytes)}
        onChoose={(id) => set({ minBytes: Number(id) })}
      >
        <span className={filter.minBytes > 0 ? styles.on : ''}>{MINIMA.find(({ id }) => id === String(filter.minBytes))?.label}</span>
      </MenuButton>
      <MenuButton
        quiet
        label={`Type: ${TYPES.find(({ id }) => id === String(filter.types))?.label ?? ''}`}
        choices={TYPES}
        selected={String(filter.types)}
        onChoose={(id) => set({ types: Number(id) })}
      >
        <span className={filter.types > 0 ? styles.on : ''}>{TYPES.find(({ id }) => id === String(filter.types))?.label}</span>
      </MenuButton>
    </div>
  );
}
