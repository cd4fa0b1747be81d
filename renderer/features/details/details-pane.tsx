import { type ReactNode, useMemo } from 'react';
import type { ArchiveSummary, EntryDetails, ImageSummary } from '#contract';
import { displayText, type LayerReport, unescapePath } from '#model';
import { Button, IconButton } from '../../components/button.tsx';
import { Mark } from '../../components/mark.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { dispatchDetails, setLayout } from '../../state/app-state.ts';
import { plainCommand } from '../../state/chain.ts';
import { contentWords, readsAlike } from '../../state/changes/row-text.ts';
import { findRow, touched } from '../../state/changes/table-facts.ts';
import { choosePath, goTo, goToSideA } from '../../state/choosing.ts';
import { shownTab } from '../../state/details/details.ts';
import { retryDetails } from '../../state/details/load-details.ts';
import { copiedPath, offDriveWords, pathParts } from '../../state/details/shown-path.ts';
import { onlySideA } from '../../state/details/views.ts';
import { exportPath } from '../../state/exporting.ts';
import { keysOfId } from '../../state/key-names.ts';
import { isExportable } from '../../state/menus/row-menu.ts';
import { hintFor, mayPass } from '../../state/plain-error.ts';
import { apartFrom } from '../../state/same-names.ts';
import { type Selection, type Side, selectedImage } from '../../state/selection.ts';
import { titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { CopyButton } from '../copy-button.tsx';
import { useApp } from '../use-app.ts';
import { AttributesTab } from './attributes-tab.tsx';
import { Breadcrumb } from './breadcrumb.tsx';
import { CompareFacts } from './compare-facts.tsx';
import { ContentTab } from './content-tab.tsx';
import styles from './details-pane.module.css';
import { LayerFacts } from './layer-facts.tsx';
import { OriginTab } from './origin-tab.tsx';
import { RawTab } from './raw-tab.tsx';
import { SideLayers, SideLetter } from './side-layers.tsx';
import { StoredAgainAdvice } from './stored-again.tsx';

/** The selected path, or the selected layers if no path is selected. */
export function DetailsPane({ edge, drawer }: { edge: ReactNode; drawer: boolean }) {
  const archives = useApp((app) => app.archives);
  const selection = useApp((app) => app.selection);
  const loading = useApp((app) => selection.path !== null && app.details.details.state === 'loading');
  const sideA = useSideA(selection);
  const shown = sideA === null ? selection : atSide(selection, sideA);
  const found = selectedImage(archives ?? [], shown);
  if (found === null) return null;
  return (
    <section
      className={styles.pane}
      aria-label={words.details.title}
      data-pane="details"
      data-loading={loading ? '' : undefined}
      tabIndex={-1}
    >
      {drawer ? (
        <IconButton
          className={styles.closeDrawer}
          label={words.details.closePane}
          icon="close"
          onPress={() => setLayout({ drawer: 'none' })}
        />
      ) : null}
      <Breadcrumb archive={found.archive} image={found.image} selection={shown} sides={sidesOf(archives ?? [], selection)} />
      {selection.path === null && selection.mode === 'compare' ? (
        <CompareFacts selection={selection} />
      ) : selection.path === null ? (
        <LayerFacts archive={found.archive} image={found.image} selection={selection} />
      ) : (
        <PathDetails path={selection.path} image={found.image} selection={shown} isOnlyInA={sideA !== null} drawer={drawer} />
      )}
      {/* Last, so that Tab leads from the pane to what it shows. */}
      {edge}
    </section>
  );
}

/** Returns side A if only it has the selected path. */
function useSideA(selection: Selection): Side | null {
  const details = useApp((app) => (app.details.details.state === 'ready' ? app.details.details.value : null));
  return details === null || details.path !== selection.path ? null : onlySideA(details, selection);
}

/** Returns the open sides of a comparison. */
function sidesOf(archives: readonly ArchiveSummary[], { mode, archiveId, image, to, since, against }: Selection) {
  if (mode !== 'compare' || archiveId === null || against === undefined) return [];
  const sides = [
    { letter: 'A' as const, side: against },
    { letter: 'B' as const, side: { archiveId, image, layer: to, since } },
  ];
  const open = sides.flatMap(({ letter, side }) => {
    const found = selectedImage(archives, { archiveId: side.archiveId, image: side.image, from: 0, to: 0, mode: 'layer', path: null });
    return found === null ? [] : [{ letter, known: { ...found, side } }];
  });
  return open.map((each) => {
    const other = open.find(({ letter }) => letter !== each.letter);
    return { ...each, apart: other === undefined ? null : apartFrom(archives, each.known, other.known) };
  });
}

/** Returns the selection with the given side as side B. */
function atSide(selection: Selection, { archiveId, image, layer }: Side): Selection {
  return { ...selection, archiveId, image, from: layer, to: layer };
}

const TABS = (['content', 'attributes', 'origin', 'raw'] as const).map((value) => ({ value, label: words.details.tabs[value] }));

function PathDetails({
  path,
  image,
  selection,
  isOnlyInA,
  drawer,
}: {
  path: string;
  image: ImageSummary;
  /** Has side A in place of side B if only side A has the path. */
  selection: Selection;
  isOnlyInA: boolean;
  drawer: boolean;
}) {
  const onLayer = isOnlyInA ? goToSideA : goTo;
  const state = useApp((app) => app.details);
  const tab = shownTab(state);
  const side = selection.mode === 'compare' ? (isOnlyInA ? 'A' : 'B') : null;
  const offDrive = offDriveWords(path, image);
  return (
    <>
      <header className={styles.head}>
        <div className={styles.nameLine}>
          <h2 className={`${styles.name} selectable`}>
            <MiddleText className={styles.whole} text={pathParts(path, image).at(-1)?.name ?? ''} mostTail={NAME_END} />
          </h2>
          <CopyButton label={words.copyPath} text={copiedPath(path, image)} />
          {state.details.state === 'ready' && isExportable(state.details.value) ? (
            <IconButton small label={words.details.save} icon="save" onPress={exportPath} />
          ) : null}
          {/* A drawer has a button that closes it, and its breadcrumb leads to the layer. */}
          {drawer ? null : (
            <IconButton small label={words.details.deselect} keys={keysOfId('deselect')} icon="close" onPress={() => choosePath(null)} />
          )}
        </div>
        {state.details.state === 'ready' ? <Kind details={state.details.value} /> : null}
        {offDrive === null ? null : <p className={styles.folder}>{offDrive}</p>}
        {state.details.state === 'ready' ? (
          <Story details={state.details.value} image={image} selection={selection} side={side} onLayer={onLayer} />
        ) : null}
      </header>
      {state.details.state === 'failed' ? (
        <Notice icon="error" title={words.details.failed} tone="error">
          <ErrorText error={state.details.error} hint={hintFor(state.details.error)} />
          {mayPass(state.details.error) ? (
            <p className={styles.again}>
              <Button icon="retry" onPress={retryDetails}>
                {words.tryAgain}
              </Button>
            </p>
          ) : null}
        </Notice>
      ) : (
        <Tabs
          label={words.details.tabsLabel}
          value={tab}
          onChange={(chosen) => dispatchDetails({ type: 'tabChosen', tab: chosen })}
          tabs={TABS}
        >
          {state.details.state !== 'ready' ? null : tab === 'content' ? (
            <ContentTab state={state} details={state.details.value} />
          ) : tab === 'attributes' ? (
            <AttributesTab details={state.details.value} times={state.times} isOnlyInA={isOnlyInA} />
          ) : tab === 'origin' ? (
            <OriginTab path={path} of={selection} side={side} onLayer={onLayer} />
          ) : (
            <RawTab raw={state.raw} details={state.details.value} side={side} />
          )}
        </Tabs>
      )}
    </>
  );
}

/** Maximum number of characters that stay visible at the end of a name. */
const NAME_END = 24;

/** The path's type, and a file's size. For other types, the content shows the size. */
function Kind({ details: { now, before } }: { details: EntryDetails }) {
  const entry = now ?? before;
  if (entry === null || (entry.type !== 'file' && entry.type !== 'hardlink')) return null;
  const previous = now !== null && before !== null && before.type === entry.type && before.size !== now.size ? before.size : null;
  // Sizes that look the same when rounded are shown in full.
  const isAlike = previous !== null && readsAlike(previous, entry.size);
  return (
    <p className={styles.kind}>
      <span>{words.entryType(entry.type)}</span>
      {previous === null ? null : (
        <>
          {isAlike ? <span className="number">{words.exactBytes(previous)}</span> : <Size bytes={previous} />}
          <span aria-hidden="true">→</span>
        </>
      )}
      {isAlike ? (
        <span className={`number ${styles.bytes}`}>{words.exactBytes(entry.size)}</span>
      ) : (
        <Size bytes={entry.size} className={styles.bytes} />
      )}
    </p>
  );
}

/** A sentence about the path, and its history as dots. */
function Story({
  details,
  image,
  selection,
  side,
  onLayer,
}: {
  details: EntryDetails;
  image: ImageSummary;
  selection: Selection;
  /** The side of a comparison whose history is shown. */
  side: 'A' | 'B' | null;
  onLayer: typeof goTo;
}) {
  const { history } = details;
  const compared = selection.mode === 'compare';
  const low = selection.mode === 'layer' ? selection.from : selection.to;
  const isWhole = selection.mode === 'image';
  const last = history.at(-1);
  const here = history.filter(({ layer }) => layer >= low && layer <= selection.to);
  const isAbsent = details.now === null && details.before === null && (compared || here.length === 0);
  const kind =
    isWhole && last !== undefined
      ? last.kind
      : isAbsent
        ? 'absent'
        : details.now === null
          ? 'removed'
          : here.length === 0 && !compared && details.before !== null
            ? 'unchanged'
            : details.before === null
              ? 'added'
              : 'modified';
  const first = history[0];
  const where =
    isWhole && last !== undefined
      ? words.layer(last.layer)
      : selection.from === selection.to || selection.mode === 'stacked'
        ? words.layer(selection.to)
        : words.layerRange(selection.from, selection.to);
  const content = useContentWords(kind === 'modified' ? selection.path : null);
  const inside = useInsideWords(kind === 'unchanged' ? selection.path : null);
  // In a comparison, each side may get the path from a different layer. The chains show these layers.
  const wrote = compared ? undefined : history.findLast(({ layer }) => isWhole || layer <= selection.to);
  const writer = wrote === undefined ? undefined : image.layers[wrote.layer];
  const hasEarlier = !compared && first !== undefined && first.layer < (isWhole ? (last?.layer ?? 0) : low);
  const from = !hasEarlier
    ? ''
    : kind === 'unchanged' && wrote !== undefined && wrote.layer !== first.layer
      ? words.details.lastChanged(wrote.layer)
      : words.details.firstSeen(first.layer);
  // No layer of a whole image has an entry for an implied folder.
  if (isWhole && last === undefined) return null;
  const what = compared
    ? words.details.sides[kind]
    : kind === 'absent'
      ? words.details.absent(where, absence(history, selection.to))
      : inside || words.details.story[kind](where);
  return (
    <div className={styles.lines}>
      <p className={`${styles.story} ${kind === 'absent' ? styles.absent : ''}`}>
        {kind === 'unchanged' || kind === 'absent' ? null : <Mark name={kind} />} <span>{words.list([what, from, content])}</span>
      </p>
      {compared ? <SideLayers details={details} /> : null}
      {writer === undefined ? null : <Writer layer={writer} onChoose={() => onLayer(writer.index, null)} />}
      {image.layers.length > 1 && image.layers.length <= MOST_DOTS && history.length > 0 ? (
        <div className={styles.history}>
          {side === null ? null : <SideLetter name={side} />}
          <HistoryDots details={details} count={image.layers.length} selection={selection} onLayer={onLayer} />
        </div>
      ) : null}
      <StoredAgainAdvice details={details} />
    </div>
  );
}

/**
 * The layer that last wrote or removed the path, with its command, which explains why the path is as it is. Links to the layer's details.
 */
function Writer({ layer, onChoose }: { layer: LayerReport; onChoose: () => void }) {
  const command = plainCommand(layer.createdBy);
  if (command === null) return null;
  return (
    <button
      type="button"
      className={styles.writer}
      title={titleText(command)}
      aria-label={words.details.showLayer(layer.index, displayText(command), sizeTitle(layer.fileBytes))}
      onClick={onChoose}
    >
      {displayText(command)}
    </button>
  );
}

/** Returns why a layer doesn't have a path: a higher one adds it, or a lower one removed it. */
function absence(history: EntryDetails['history'], layer: number): EntryDetails['history'][number] | null {
  const next = history.find((event) => event.layer > layer);
  if (next?.kind === 'added') return next;
  const last = history.findLast((event) => event.layer <= layer);
  return last?.kind === 'removed' ? last : null;
}

/** Returns how a file's content relates to its previous content, if its row is in the table. */
function useContentWords(path: string | null): string {
  const table = useApp(({ changes }) => changes.table);
  return useMemo(() => {
    const row = table === null || path === null ? -1 : findRow(table, unescapePath(path));
    return table === null || row < 0 ? '' : contentWords(table.differs[row] as number);
  }, [table, path]);
}

/** Describes what changed inside a folder that didn't change itself; empty if nothing did. */
function useInsideWords(path: string | null): string {
  const { table, totals } = useApp(({ changes }) => changes);
  return useMemo(() => {
    const row = table === null || path === null ? -1 : findRow(table, unescapePath(path));
    if (totals === null || row < 0 || !touched(totals, row)) return '';
    const countOf = (kind: 'added' | 'modified' | 'removed') => totals[kind][row] as number;
    return words.contains(words.mixed({ added: countOf('added'), modified: countOf('modified'), removed: countOf('removed') }));
  }, [table, totals, path]);
}

/** Maximum number of layers for which dots are drawn. */
const MOST_DOTS = 48;

/** With more dots than this, dots without a button are smaller. */
const MANY_DOTS = 20;

/** Width for dots on one line, px; their minimum widths are in the stylesheet. */
const ONE_LINE = 300;

/** One dot per layer, lowest first. Layers that touch the path have a button. */
function HistoryDots({
  details,
  count,
  selection,
  onLayer,
}: {
  details: EntryDetails;
  count: number;
  selection: Selection;
  onLayer: typeof goTo;
}) {
  const kinds = new Map(details.history.map(({ layer, kind }) => [layer, kind]));
  const isMany = count > MANY_DOTS;
  const least = kinds.size * 18 + (count - kinds.size) * (isMany ? 5 : 9);
  const dots = least > ONE_LINE ? styles.wraps : isMany ? styles.many : '';
  return (
    <ol className={`${styles.dots} ${dots}`} aria-label={words.details.pathHistory}>
      {Array.from({ length: count }, (_, layer) => {
        const kind = kinds.get(layer);
        const lit = selection.mode !== 'image' && layer >= selection.from && layer <= selection.to;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the index is the layer
          <li key={layer} className={`${lit ? styles.litDot : ''} ${kind === undefined ? '' : styles.touched}`}>
            {kind === undefined ? (
              <span className={styles.noDot} />
            ) : (
              <button
                type="button"
                className={`${styles.dot} ${styles[kind]}`}
                aria-label={words.changedIn[kind](layer)}
                title={words.changedIn[kind](layer)}
                data-focus={layer}
                onClick={() => onLayer(layer, selection.path)}
              />
            )}
            {kind !== undefined || lit ? <span className={`number ${styles.dotNumber}`}>{layer}</span> : null}
          </li>
        );
      })}
    </ol>
  );
}
