import { useMemo } from 'react';
import type { ImageSummary } from '#contract';
import { Counts } from '../../components/mark.tsx';
import { phrase } from '../../components/phrase.tsx';
import { Size } from '../../components/size.tsx';
import { type ChangesState, isUnfiltered, offersClear } from '../../state/changes/changes.ts';
import { matchedBytes } from '../../state/changes/shown-bytes.ts';
import { wholeTotals } from '../../state/changes/table-facts.ts';
import { type Selection, showsRegistry } from '../../state/selection.ts';
import type { StoredCopy } from '../../state/stores/stores.ts';
import { words } from '../../words/index.ts';
import { ClearFilter } from '../clear-filter.tsx';
import { CompareBar } from '../compare/compare-bar.tsx';
import { LayerCommands } from '../layer-commands.tsx';
import head from '../pane-head.module.css';
import { WorkingCopyBar } from '../store/working-copy-bar.tsx';
import { useApp } from '../use-app.ts';
import styles from './changes-pane.module.css';
import { Culprits } from './culprits.tsx';
import { FilterBar } from './filter-bar.tsx';

/**
 * Heading, sums and filters. For a whole image, also what makes the image big; for a working copy, where it is and what can be done with
 * it.
 */
export function PaneHead({
  state,
  selection,
  image,
  copy,
}: {
  state: ChangesState;
  selection: Selection;
  image: ImageSummary | null;
  /** The working copy that is shown, if any. */
  copy: StoredCopy | null;
}) {
  const { mode, archiveId } = selection;
  const everywhere = useApp((app) => app.layout.searchesAll);
  const hasRegistry = useApp((app) => showsRegistry(app.archives ?? [], selection));
  const isRegistry = hasRegistry && !everywhere;
  const hasRows = !isRegistry && (everywhere || (selection.view !== 'breakdown' && selection.view !== 'packages'));
  const compares = mode === 'compare' && !everywhere;
  const isLayer = mode === 'layer' && !everywhere && image !== null;
  const found = <Outcome state={state} selection={selection} isSilent={everywhere} hasClear={!compares} />;
  return (
    <header className={styles.head}>
      {compares ? (
        <>
          <h2 className="visually-hidden">{titleOf(selection)}</h2>
          <CompareBar state={state} selection={selection} outcome={hasRows ? found : null} />
        </>
      ) : (
        <div className={`${head.head} ${styles.titleLine}`}>
          <h2 className={styles.title}>
            {everywhere ? words.changes.everywhere : isRegistry ? registryTitle(selection) : titleOf(selection)}
          </h2>
          {everywhere ? null : isRegistry ? (
            <RegistrySums />
          ) : mode === 'image' && image !== null ? (
            <WholeSums image={image} />
          ) : (
            <Sums state={state} selection={selection} image={image} />
          )}
          {isLayer && selection.from === selection.to ? (
            <span className={styles.commandRoom}>
              <LayerCommands image={image} from={selection.from} to={selection.to} className={styles.command} />
            </span>
          ) : null}
          {hasRows ? found : null}
        </div>
      )}
      {isLayer && selection.from < selection.to ? (
        <p className={styles.rangeLine}>
          <LayerCommands image={image} from={selection.from} to={selection.to} className={undefined} />
        </p>
      ) : null}
      {copy === null || compares ? null : <WorkingCopyBar copy={copy} />}
      {mode === 'image' && hasRows && !everywhere && image?.loaded && archiveId !== null ? (
        <Culprits archiveId={archiveId} image={image} />
      ) : null}
      {hasRows ? <FilterBar state={state} mode={mode} compares={compares} /> : null}
    </header>
  );
}

function registryTitle({ mode, from, to }: Selection): string {
  if (mode === 'image') return words.registry.ofImage;
  return mode === 'layer' ? words.registry.changedBy(from, to) : words.registry.seenAt(to);
}

function titleOf({ mode, from, to }: Selection): string {
  if (mode === 'image') return words.chain.whole;
  if (mode === 'compare') return words.changes.differences;
  if (mode === 'stacked') return words.changes.filesystemAt(to);
  return from === to ? words.layerTitle(to) : words.changes.combined(from, to);
}

/** How much changed in the registry. */
function RegistrySums() {
  const sums = useApp((app) => app.registrySums);
  if (sums === null || sums.keys === 0) return null;
  return (
    <span className={styles.sums}>
      <span className={styles.hides}>{words.registry.keysChanged(sums.keys)}</span>
      {sums.values === 0 ? null : <span className={styles.hides}>{words.registry.valuesChanged(sums.values)}</span>}
    </span>
  );
}

/**
 * Sums of the rows. A filesystem has no rows for what its top layer removes, so its counts are the layer's. The bytes of several layers are
 * what is left after the last one.
 */
function Sums({
  state: { table, totals },
  selection: { mode, from, to },
  image,
}: {
  state: ChangesState;
  selection: Selection;
  image: ImageSummary | null;
}) {
  const sums = useMemo(() => (table === null || totals === null ? null : wholeTotals(table, totals)), [table, totals]);
  if (sums === null) return null;
  const layer = mode === 'stacked' && image?.loaded ? image.layers[to] : undefined;
  return (
    <span className={styles.sums}>
      <Counts {...(layer ?? sums)} />
      {mode === 'layer' && from < to ? (
        <span title={words.changes.netTitle(words.exactBytes(sums.size), to)}>{phrase(words.changes.net(<Size bytes={sums.size} />))}</span>
      ) : (
        <Size bytes={sums.size} />
      )}
      {sums.hidden > 0 && mode === 'layer' ? (
        <span className={styles.hides} title={words.changes.hiddenTitle(words.exactBytes(sums.hidden))}>
          {phrase(words.changes.hidesBelow(<Size bytes={sums.hidden} />))}
          <span className={styles.still}> {words.changes.stillInImage}</span>
        </span>
      ) : null}
    </span>
  );
}

/** Sums of an image, which are known before its rows. */
function WholeSums({ image }: { image: ImageSummary }) {
  const { files, fileBytes, wastedBytes } = image.totals;
  if (!image.loaded) return null;
  return (
    <span className={styles.sums}>
      <strong>
        <Size bytes={fileBytes} />
      </strong>
      <span className={styles.hides}>
        {wastedBytes === 0 ? words.chain.nothingHidden : phrase(words.chain.hidden(<Size bytes={wastedBytes} />))}
        {' · '}
        {words.changes.fileCount(files)}
      </span>
    </span>
  );
}

/**
 * How many rows match and their bytes, or why the filter is invalid, or how many rows are loaded. `hasClear`: with a button that clears the
 * filter.
 */
function Outcome({
  state,
  selection,
  isSilent,
  hasClear,
}: {
  state: ChangesState;
  selection: Selection;
  isSilent: boolean;
  hasClear: boolean;
}) {
  const { table, matched, filter, problem, filtering } = state;
  const bytes = useMemo(
    () => (table === null || matched === null ? 0 : matchedBytes(table, matched, selection.mode)),
    [table, matched, selection.mode],
  );
  const isInChip = !hasClear && problem === null && offersClear(state);
  const hasBytes = !isSilent && matched !== null && !isUnfiltered(filter) && !filtering && problem === null && state.matches > 0;
  return (
    <>
      <span
        className={`number ${head.end} ${styles.outcome} ${problem === null ? '' : styles.problem} ${isInChip ? styles.saidByChip : ''}`}
        role="status"
      >
        {isSilent ? '' : outcome(state)}
        {hasBytes ? <> · {<Size bytes={bytes} />}</> : null}
      </span>
      {hasClear && offersClear(state) ? (
        <span className={styles.clear}>
          <ClearFilter />
        </span>
      ) : null}
    </>
  );
}

function outcome({ status, table, total, problem, mask, matches, isScattered, filter, filtering, sorting }: ChangesState): string {
  if (filtering) return words.changes.filtering;
  if (sorting) return words.changes.sorting;
  if (problem !== null) return problem;
  const loaded = status === 'partial' && table !== null ? table.length : null;
  if (mask === null || isUnfiltered(filter)) return loaded === null ? '' : words.changes.rowsLoaded(loaded, total);
  if (isScattered && matches > 0) return words.changes.similar(matches);
  return loaded === null ? words.changes.matches(matches) : words.changes.matchesIn(matches, loaded, total);
}
