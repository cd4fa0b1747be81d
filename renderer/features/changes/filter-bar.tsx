import { Fragment, useState } from 'react';
import { FILE_TYPES } from '#changes';
import type { RowFilter } from '#changes/filter';
import { ActionMenuButton } from '../../components/action-menu.tsx';
import { Icon } from '../../components/icons.tsx';
import { MenuButton } from '../../components/menu.tsx';
import { dispatchChanges, setLayout } from '../../state/app-state.ts';
import { type ChangesState, isUnfiltered, offersClear } from '../../state/changes/changes.ts';
import type { Selection } from '../../state/selection.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import { clearFilter } from '../clear-filter.tsx';
import { DifferenceChips } from '../compare/difference-chips.tsx';
import { useApp } from '../use-app.ts';
import styles from './filter-bar.module.css';

const KINDS = [
  { bit: 2, glyph: '+', name: 'added' },
  { bit: 4, glyph: '~', name: 'modified' },
  { bit: 8, glyph: '−', name: 'removed' },
] as const;

const UNCHANGED = { bit: 1, glyph: '', name: 'unchanged' } as const;

/** Kinds for a whole image: visible, visible but hiding an older version, and hidden. */
const WHOLE_KINDS = [UNCHANGED, KINDS[1], KINDS[2]];

function kindTitle(name: (typeof KINDS | typeof WHOLE_KINDS)[number]['name'], isOn: boolean, isWhole: boolean): string {
  const { hideWhole, showWhole, hideKind, showKind } = words.changes;
  if (isWhole && name !== 'added') return isOn ? hideWhole[name] : showWhole[name];
  return isOn ? hideKind[name] : showKind[name];
}

const MINIMA = [
  { id: '0', label: words.changes.anySize },
  { id: '10000', label: '> 10 kB' },
  { id: '100000', label: '> 100 kB' },
  { id: '1000000', label: '> 1 MB' },
  { id: '10000000', label: '> 10 MB' },
  { id: '100000000', label: '> 100 MB' },
];

/** Each id is a bit mask of `1 << TYPE`. */
const TYPES = [
  { id: '0', label: words.changes.types.all },
  { id: '1', label: words.changes.types.files },
  { id: '2', label: words.changes.types.folders },
  { id: '12', label: words.changes.types.links },
  { id: '496', label: words.changes.types.others },
];

/** Chips to filter by kind, minimum size and type. The text filter is in the title bar. */
export function FilterBar({ state, mode, compares }: { state: ChangesState; mode: Selection['mode']; compares: boolean }) {
  const { filter } = state;
  const isWhole = mode === 'image';
  const kinds = isWhole ? WHOLE_KINDS : mode === 'stacked' ? [...KINDS, UNCHANGED] : KINDS;
  const everywhere = useApp((app) => app.layout.searchesAll);
  const [isOpen, setOpen] = useState(false);
  const set = (part: Partial<typeof filter>) => dispatchChanges({ type: 'filtered', filter: { ...filter, ...part } });
  return (
    <div
      className={`${styles.bar} ${compares ? styles.comparing : ''} ${isOpen ? '' : styles.folded}`}
      role="toolbar"
      aria-label={words.changes.filters}
    >
      <button type="button" className={`${styles.kind} ${styles.opener}`} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span className={`${styles.plain} ${isUnfiltered(filter) ? '' : styles.on}`}>{words.changes.filters}</span>
        <Icon name={isOpen ? 'chevronUp' : 'chevronDown'} size={10} />
      </button>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset can't be laid out as a flex row */}
      <span className={`${styles.kinds} ${kinds.length > 3 ? styles.four : ''}`} role="group" aria-label={words.changes.kinds}>
        {kinds.map((kind) => (
          <Fragment key={kind.name}>
            <KindChip
              kind={kind}
              isWhole={isWhole}
              isOn={(filter.kinds & kind.bit) !== 0}
              onPress={() => set({ kinds: filter.kinds ^ kind.bit })}
            />
            {compares && kind.name === 'modified' ? <DifferenceChips state={state} /> : null}
          </Fragment>
        ))}
      </span>
      {filter.fileType === undefined ? null : (
        <FileTypeChip type={FILE_TYPES[filter.fileType] ?? ''} onRemove={() => set({ fileType: undefined })} />
      )}
      {compares ? (
        <>
          <MoreFilters filter={filter} onChange={set} />
          {offersClear(state) ? <ClearAll matches={state.matches} /> : null}
        </>
      ) : (
        <>
          <button
            type="button"
            className={styles.option}
            aria-label={words.changes.allLayers}
            aria-pressed={everywhere}
            title={everywhere ? words.changes.filterSelected : words.changes.allLayersTitle}
            onClick={() => setLayout({ searchesAll: !everywhere })}
          >
            <span className={everywhere ? styles.on : ''}>{everywhere ? words.changes.allLayersOn : words.changes.allLayers}</span>
            {everywhere ? <Icon name="close" size={10} /> : null}
          </button>
          <span className={styles.limits}>
            <Option label={words.changes.minimumSize} choices={MINIMA} value={filter.minBytes} onChange={(minBytes) => set({ minBytes })} />
            <Option label={words.changes.type} choices={TYPES} value={filter.types} onChange={(types) => set({ types })} />
          </span>
        </>
      )}
    </div>
  );
}

/**
 * Clears all criteria. In a comparison, whose other lines are full, it has space only for a cross, and in a narrow one, whose heading has
 * none for it, for the number of matches.
 */
function ClearAll({ matches }: { matches: number }) {
  return (
    <button
      type="button"
      className={`${styles.reset} ${styles.clearAll}`}
      title={words.changes.clearFilter}
      aria-label={words.changes.clearFilter}
      onClick={clearFilter}
    >
      <span className={`number ${styles.matches}`} aria-hidden="true">
        {formatCount(matches)}
      </span>
      <Icon name="close" size={10} />
    </button>
  );
}

/** A chip for the file type chosen in a breakdown. Pressing it removes this filter. */
function FileTypeChip({ type, onRemove }: { type: string; onRemove: () => void }) {
  const name = words.breakdown.typeNames[type] ?? type;
  return (
    <button type="button" className={styles.option} aria-pressed title={words.changes.allFileTypes} onClick={onRemove}>
      <span className={styles.on}>{name}</span>
      <Icon name="close" size={10} />
    </button>
  );
}

/** A chip with a menu of limits. While a limit is set, a cross removes it, as in the chip for searching all layers. */
function Option({
  label,
  choices,
  value,
  onChange,
}: {
  label: (chosen: string) => string;
  choices: typeof MINIMA;
  /** 0 for no limit. */
  value: number;
  onChange: (value: number) => void;
}) {
  const chosen = labelOf(choices, value);
  return (
    <span className={value > 0 ? styles.limited : ''}>
      <MenuButton quiet label={label(chosen)} choices={choices} selected={String(value)} onChoose={(id) => onChange(Number(id))}>
        <span className={value > 0 ? styles.on : ''}>{chosen}</span>
      </MenuButton>
      {value > 0 ? (
        <button
          type="button"
          className={styles.reset}
          title={labelOf(choices, 0)}
          aria-label={label(labelOf(choices, 0))}
          onClick={() => onChange(0)}
        >
          <Icon name="close" size={10} />
        </button>
      ) : null}
    </span>
  );
}

function labelOf(choices: typeof MINIMA, value: number): string {
  return choices.find(({ id }) => id === String(value))?.label ?? '';
}

function KindChip({
  kind: { glyph, name },
  isWhole,
  isOn,
  onPress,
}: {
  kind: (typeof KINDS | typeof WHOLE_KINDS)[number];
  isWhole: boolean;
  isOn: boolean;
  onPress: () => void;
}) {
  return (
    <button
      type="button"
      className={`${styles.kind} ${name === 'unchanged' ? '' : styles[name]}`}
      aria-pressed={isOn}
      title={kindTitle(name, isOn, isWhole)}
      onClick={onPress}
    >
      {glyph === '' || isWhole ? null : <span aria-hidden="true">{glyph}</span>}
      <span className={`${styles.word} ${isWhole ? styles.always : ''}`}>
        {isWhole && name !== 'added' ? words.changes.wholeKinds[name] : words.marks[name]}
      </span>
    </button>
  );
}

/** A menu with the filters by size and type and the search. Used in a comparison, whose other chips need the space. */
function MoreFilters({ filter, onChange }: { filter: RowFilter; onChange: (part: Partial<RowFilter>) => void }) {
  const { more, moreFilters, sizes, typesTitle, searchAll } = words.changes;
  const actionsOf = (choices: typeof MINIMA, name: 'minBytes' | 'types') =>
    choices.map(({ id, label }) => ({ id: `${name} ${id}`, label, run: () => onChange({ [name]: Number(id) }) }));
  const sections = [
    { id: 'sizes', title: sizes, selected: `minBytes ${filter.minBytes}`, actions: actionsOf(MINIMA, 'minBytes') },
    { id: 'types', title: typesTitle, selected: `types ${filter.types}`, actions: actionsOf(TYPES, 'types') },
    {
      id: 'search',
      title: searchAll,
      quiet: true,
      actions: [{ id: 'everywhere', label: searchAll, run: () => setLayout({ searchesAll: true }) }],
    },
  ];
  return (
    <ActionMenuButton quiet label={moreFilters(labelOf(MINIMA, filter.minBytes), labelOf(TYPES, filter.types))} sections={sections}>
      <span className={filter.minBytes > 0 || filter.types > 0 ? styles.on : ''}>{more}</span>
    </ActionMenuButton>
  );
}
