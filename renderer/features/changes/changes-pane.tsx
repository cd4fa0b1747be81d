import { type Ref, useRef } from 'react';
import { ALL_DIFFERENCES } from '#changes';
import type { ArchiveSummary } from '#contract';
import { Breakable } from '../../components/breakable.tsx';
import { Button } from '../../components/button.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import type { TreeGridHandle } from '../../components/tree-grid.tsx';
import { useMeasured, widthOf } from '../../components/use-measured.ts';
import { dispatchChanges, setLayout } from '../../state/app-state.ts';
import { type ChangesState, isUnfiltered } from '../../state/changes/changes.ts';
import { retryChanges } from '../../state/changes/load-changes.ts';
import { contentsJob } from '../../state/jobs.ts';
import { cancelJob } from '../../state/opening.ts';
import { hintFor } from '../../state/plain-error.ts';
import { type Selection, type Side, selectedImage, showsRegistry } from '../../state/selection.ts';
import { copyShown, type StoredCopy } from '../../state/stores/stores.ts';
import { words } from '../../words/index.ts';
import { BreakdownView } from '../breakdown/breakdown-view.tsx';
import { ClearFilter } from '../clear-filter.tsx';
import { CompareBreakdown } from '../compare/compare-breakdown.tsx';
import { WorkState } from '../jobs/work-state.tsx';
import { PackageDifferences } from '../packages/package-differences.tsx';
import { PackagesView } from '../packages/packages-view.tsx';
import { RegistryView } from '../registry/registry-view.tsx';
import { TreemapView } from '../treemap/treemap-view.tsx';
import { useApp } from '../use-app.ts';
import styles from './changes-pane.module.css';
import { Grid } from './grid.tsx';
import { PaneHead } from './pane-head.tsx';
import { SearchResults } from './search-results.tsx';

/** What the selected layers change or contain: heading, filters, and the tree grid or treemap. */
export function ChangesPane({ handle }: { handle: Ref<TreeGridHandle> }) {
  const state = useApp((app) => app.changes);
  const selection = useApp((app) => app.selection);
  const archives = useApp((app) => app.archives);
  const everywhere = useApp((app) => app.layout.searchesAll);
  const found = selectedImage(archives ?? [], selection);
  const stores = useApp((app) => app.stores);
  const copy = found === null ? null : copyShown(found.archive, stores);
  const all = found?.image.layers ?? [];
  const { from, to, mode } = selection;
  const isMissing = mode !== 'compare' && all.slice(from, to + 1).some(({ status }) => status === 'missing' || status === 'foreign');
  const sides = sidesOf(archives ?? [], selection);
  const pane = useRef<HTMLElement>(null);
  const room = useMeasured(pane, widthOf, 600);
  return (
    <section className={styles.pane} aria-label={words.changes.title} data-pane="changes" ref={pane}>
      <PaneHead state={state} selection={selection} image={found?.image ?? null} copy={copy} />
      {everywhere && selection.archiveId !== null ? (
        <SearchResults archiveId={selection.archiveId} image={selection.image} text={state.filter.text} />
      ) : sides !== null && selection.view === 'breakdown' ? (
        <CompareBreakdown {...sides} path={selection.path} handle={handle} />
      ) : sides !== null && selection.view === 'packages' ? (
        <PackageDifferences {...sides} text={state.filter.text} handle={handle} />
      ) : sides !== null && showsRegistry(archives ?? [], selection) ? (
        <RegistryView selection={selection} sides={sides} handle={handle} />
      ) : selection.view === 'breakdown' && selection.mode !== 'compare' && found?.image.loaded ? (
        <BreakdownView selection={selection} handle={handle} />
      ) : selection.view === 'packages' && selection.mode !== 'compare' && found?.image.loaded ? (
        <PackagesView selection={selection} image={found.image} text={state.filter.text} handle={handle} />
      ) : selection.view === 'registry' && selection.mode !== 'compare' && found?.image.loaded ? (
        <RegistryView selection={selection} sides={null} handle={handle} />
      ) : (
        <Body state={state} selection={selection} layers={all.length || 1} copy={copy} isMissing={isMissing} room={room} handle={handle} />
      )}
    </section>
  );
}

/** Returns both sides of a comparison; null if the selection isn't a comparison, or if a side hasn't been read. */
function sidesOf(archives: readonly ArchiveSummary[], selection: Selection): { readonly a: Side; readonly b: Side } | null {
  const { mode, against, archiveId, image, to, since } = selection;
  if (mode !== 'compare' || against === undefined || archiveId === null) return null;
  const areLoaded = selectedImage(archives, selection)?.image.loaded && selectedImage(archives, { ...selection, ...against })?.image.loaded;
  return areLoaded ? { a: against, b: { archiveId, image, layer: to, since } } : null;
}

function Body({
  state,
  selection,
  layers,
  copy,
  isMissing,
  room,
  handle,
}: {
  state: ChangesState;
  selection: Selection;
  /** Number of layers in the image. */
  layers: number;
  /** The working copy that is shown, if any. It is the top layer. */
  copy: StoredCopy | null;
  /** Whether a selected layer is missing from the archive. */
  isMissing: boolean;
  /** Width of the pane, px. */
  room: number;
  handle: Ref<TreeGridHandle>;
}) {
  const { table, totals, status, error } = state;
  if (status === 'idle' && selection.mode === 'compare') return <Notice title={words.changes.readingOther} />;
  if (status === 'failed' && error?.code === 'CANCELLED') {
    return (
      <Notice title={words.changes.notCompared}>
        <Button icon="retry" onPress={retryChanges}>
          {words.tryAgain}
        </Button>
      </Notice>
    );
  }
  if (status === 'failed' && error !== null) {
    return (
      <Notice icon="error" title={words.changes.failed} tone="error">
        <ErrorText error={error} hint={hintFor(error)} />
        <p className={styles.again}>
          <Button icon="retry" onPress={retryChanges}>
            {words.tryAgain}
          </Button>
        </p>
      </Notice>
    );
  }
  if (table === null || totals === null) return status === 'loading' ? <Loading selection={selection} /> : null;
  if (state.total === 0 && isMissing) {
    return (
      <Notice icon="error" title={words.changes.layerMissing}>
        {words.changes.layerMissingWhy}
      </Notice>
    );
  }
  if (state.total === 0 && copy !== null && selection.mode === 'layer' && selection.from === layers - 1) {
    const { mountPath } = copy.layer;
    return (
      <Notice icon="folder" title={words.store.nothingWritten}>
        {mountPath === null ? (
          words.store.writeUnmounted
        ) : (
          <span className="selectable">
            <Breakable text={words.store.writeInto(mountPath)} />
          </span>
        )}
      </Notice>
    );
  }
  if (state.total === 0) {
    return selection.mode === 'stacked' || selection.mode === 'image' ? (
      <Notice icon="folder" title={words.changes.emptyFilesystem}>
        {words.changes.emptyFilesystemWhy}
      </Notice>
    ) : (
      <Notice icon="image" title={selection.mode === 'compare' ? words.changes.noDifferences : words.changes.noChanges}>
        {selection.mode === 'compare' ? words.changes.noDifferencesWhy : words.changes.noChangesWhy(selection.to - selection.from + 1)}
      </Notice>
    );
  }
  if (state.rows.length === 0 && !state.filtering && state.compares && isUnfiltered(state.filter)) {
    return (
      <Notice icon="image" title={words.compare.nothingInClasses}>
        <Button
          kind="quiet"
          onPress={() => dispatchChanges({ type: 'filtered', filter: { ...state.filter, differences: ALL_DIFFERENCES } })}
        >
          {words.compare.showAllDifferences}
        </Button>
      </Notice>
    );
  }
  if (state.rows.length === 0 && !state.filtering) {
    return (
      <Notice icon="search" title={noneTitle(state, selection)}>
        {selection.mode === 'image' || state.filter.text === '' ? null : (
          <Button kind="quiet" onPress={() => setLayout({ searchesAll: true })}>
            {words.changes.allLayers}
          </Button>
        )}
        {state.similar === 0 ? null : (
          <Button kind="quiet" onPress={() => dispatchChanges({ type: 'similarShown' })}>
            {words.changes.showSimilar(state.similar)}
          </Button>
        )}
        <ClearFilter />
      </Notice>
    );
  }
  if (selection.view === 'treemap') {
    return <TreemapView state={state} table={table} layers={layers} selection={selection} handle={handle} />;
  }
  return <Grid state={state} table={table} totals={totals} mode={selection.mode} room={room} handle={handle} />;
}

/** Returns the title shown when nothing matches. It says where nothing was found if the text is the filter's only criterion. */
function noneTitle({ filter, problem }: ChangesState, { mode, from, to }: Selection): string {
  const isByText = filter.text !== '' && problem === null && isUnfiltered({ ...filter, text: '' });
  return isByText ? words.changes.noneIn(mode, from, to) : words.changes.noMatches;
}

/** Placeholder rows and, while the job that reads contents for the table runs, its progress. */
function Loading({ selection }: { selection: Selection }) {
  const jobs = useApp((app) => app.jobs);
  const job = contentsJob(jobs, selection);
  if (job === null) return <Skeleton />;
  const amount = job.totalBytes === null ? '' : words.amountOf(job.doneBytes, job.totalBytes);
  return (
    <div className={styles.work}>
      <WorkState
        title={words.changes.comparingContents}
        progress={words.changes.comparingContents}
        done={job.doneBytes}
        total={job.totalBytes}
        phase={selection.mode === 'compare' ? words.changes.comparedBytes(amount) : amount}
        onCancel={() => void cancelJob(job.jobId)}
      >
        {selection.mode === 'compare' ? words.changes.comparingWhy : words.changes.rewrittenWhy}
      </WorkState>
    </div>
  );
}

/** Placeholder rows for a page that is being loaded. */
function Skeleton() {
  return (
    <div className={styles.skeleton} role="status" aria-label={words.changes.loading}>
      {[62, 48, 55, 38, 44, 58, 33, 47].map((width, index) => (
        <span key={width} style={{ width: `${width}%`, marginLeft: (index % 3) * 14 }} />
      ))}
    </div>
  );
}
