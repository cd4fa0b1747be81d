import { useEffect, useRef } from 'react';
import { Button } from '../components/button.tsx';
import { Icon } from '../components/icons.tsx';
import { ErrorText, Notice } from '../components/notice.tsx';
import { Splitter } from '../components/split-view.tsx';
import type { TreeGridHandle } from '../components/tree-grid.tsx';
import { CatalogView } from '../features/catalog/catalog-view.tsx';
import { ChainPane } from '../features/chain/chain-pane.tsx';
import { ChangesPane } from '../features/changes/changes-pane.tsx';
import { DetailsPane } from '../features/details/details-pane.tsx';
import { FindingsPanel } from '../features/findings/findings-panel.tsx';
import { LibraryPane, LibraryRail } from '../features/library/library-pane.tsx';
import { StoreSheets } from '../features/store/store-sheets.tsx';
import { useApp } from '../features/use-app.ts';
import { WastePanel } from '../features/waste/waste-panel.tsx';
import { setLayout } from '../state/app-state.ts';
import { PANE_LIMITS } from '../state/layout.ts';
import { imageTitle } from '../state/library.ts';
import { hintFor } from '../state/plain-error.ts';
import { selectedImage } from '../state/selection.ts';
import { words } from '../words/index.ts';
import styles from './app.module.css';
import { ContextMenus } from './context-menus.tsx';
import { DropTarget } from './drop-target.tsx';
import { EmptyState } from './empty-state.tsx';
import { focusRowIfNone } from './keep-focus.ts';
import { Overlays } from './palette.tsx';
import { ReadingState } from './reading-state.tsx';
import { StatusBar } from './status-bar.tsx';
import { TitleBar } from './title-bar.tsx';
import { Toasts } from './toasts.tsx';
import { useCompareWidth, useDetailsWidth, useWidth } from './width.ts';

/** Maximum width of a chain. It is less where a details drawer covers all but the beginnings of rows. */
const MOST_CHAIN = {
  chainWidth: { medium: 'max(224px, 26vw)', others: '36vw' },
  compareWidth: { medium: 'max(224px, 30vw)', others: '36vw' },
} as const;

/** The window: its panes, or what is shown in their place. */
export function App() {
  const connection = useApp((app) => app.connection);
  const archives = useApp((app) => app.archives);
  const selection = useApp((app) => app.selection);
  const catalogs = useApp((app) => app.catalogs);
  const layout = useApp((app) => app.layout);
  const width = useWidth();
  const compares = selection.mode === 'compare';
  const detailsWidth = useDetailsWidth(layout.detailsWidth, compares);
  const compareWidth = useCompareWidth(layout.compareWidth);
  const grid = useRef<TreeGridHandle>(null);
  const found = selectedImage(archives ?? [], selection);
  const catalog = catalogs?.find(({ catalogId }) => catalogId === selection.catalog?.catalogId) ?? null;
  const chain = compares ? 'compareWidth' : 'chainWidth';
  const chainWidth = compares ? compareWidth : layout.chainWidth;
  const hasDetails = width === 'wide' || width === 'compact';
  const hasRail = (width === 'medium' || width === 'compact') && (found !== null || selection.catalog !== undefined);
  const showsLibrary = found === null ? width === 'wide' || (width !== 'narrow' && !hasRail) : width === 'wide' && layout.libraryOpen;

  useEffect(() => {
    const title = found === null ? catalog?.title : imageTitle(found.archive, found.image);
    document.title = title === undefined ? words.product : words.frame.title(title);
  }, [found, catalog]);

  // Once the image is loaded, move the focus to its rows. Otherwise it would be on the page, where the arrow keys do nothing.
  const loaded = found?.image.loaded ? `${found.archive.archiveId}.${found.image.index}` : null;
  const hasPath = selection.path !== null;
  const { drawer } = layout;
  // biome-ignore lint/correctness/useExhaustiveDependencies: not again for every path
  useEffect(() => {
    if (loaded !== null && drawer === 'none') focusRowIfNone(hasPath);
  }, [loaded, drawer]);

  if (connection.state === 'failed') {
    return (
      <main className={styles.alone}>
        <Notice icon="error" title={words.frame.couldNotStart} tone="error">
          <ErrorText error={connection.error} hint={hintFor(connection.error)} />
          <p className={styles.again}>
            <Button icon="retry" onPress={() => window.location.reload()}>
              {words.frame.reload}
            </Button>
          </p>
        </Notice>
      </main>
    );
  }

  return (
    <DropTarget>
      {/* The key redraws all sizes when their units change. */}
      <div className={styles.window} data-width={width} key={layout.units}>
        <TitleBar found={found} catalog={catalog} width={width} onLeaveFilter={() => grid.current?.focus()} />
        {connection.state === 'lost' ? (
          <p className={styles.lost} role="alert">
            <Icon name="warning" /> {words.frame.lost}
          </p>
        ) : null}
        <div className={styles.body}>
          {hasRail ? <LibraryRail /> : null}
          {showsLibrary ? (
            <div className={styles.library} style={{ width: layout.libraryWidth }}>
              <LibraryPane edge={<PaneEdge pane="libraryWidth" width={layout.libraryWidth} />} />
            </div>
          ) : null}
          {found === null ? (
            <main className={styles.main}>
              {catalog !== null && selection.catalog !== undefined ? (
                <CatalogView key={catalog.catalogId} choice={selection.catalog} summary={catalog} />
              ) : archives === null || selection.catalog !== undefined ? null : (
                <EmptyState />
              )}
            </main>
          ) : (
            <>
              <div
                className={styles.chain}
                style={
                  width === 'narrow' ? {} : { width: `min(${chainWidth}px, ${MOST_CHAIN[chain][width === 'medium' ? width : 'others']})` }
                }
              >
                <ChainPane edge={width === 'narrow' ? null : <PaneEdge pane={chain} width={chainWidth} />} />
              </div>
              <main className={styles.main}>
                {layout.wasteOpen && layout.wasteTall && found.image.loaded ? null : found.image.loaded ? (
                  <ChangesPane handle={grid} />
                ) : (
                  <ReadingState archive={found.archive} image={found.image} />
                )}
                {layout.findingsOpen ? <FindingsPanel /> : null}
                {layout.wasteOpen && found.image.loaded ? (
                  <WastePanel key={`${found.archive.archiveId}.${found.image.index}`} archive={found.archive} image={found.image} />
                ) : null}
              </main>
              {hasDetails ? (
                <div className={styles.details} style={{ width: detailsWidth }}>
                  <DetailsPane edge={<PaneEdge pane="detailsWidth" width={detailsWidth} />} drawer={false} />
                </div>
              ) : layout.drawer === 'details' ? (
                <div className={styles.drawer} data-drawer="">
                  <DetailsPane edge={null} drawer />
                </div>
              ) : null}
            </>
          )}
          {width !== 'wide' && layout.drawer === 'library' && !showsLibrary ? (
            <div className={styles.libraryDrawer} data-drawer="">
              <LibraryPane edge={null} />
            </div>
          ) : null}
        </div>
        <StatusBar found={found} />
      </div>
      <Toasts details={found === null ? null : hasDetails ? detailsWidth : layout.drawer === 'details' ? 'drawer' : null} />
      <Overlays />
      <ContextMenus />
      <StoreSheets />
    </DropTarget>
  );
}

const SIDES = {
  libraryWidth: 'left',
  chainWidth: 'left',
  compareWidth: 'left',
  detailsWidth: 'right',
} as const;

/** The resizable edge of a pane. It is inside the pane, so that it belongs to a landmark. */
function PaneEdge({ pane, width }: { pane: keyof typeof SIDES; width: number }) {
  return (
    <Splitter
      label={words.frame.widths[pane]}
      side={SIDES[pane]}
      {...PANE_LIMITS[pane]}
      value={width}
      onChange={(wanted) => setLayout({ [pane]: wanted })}
    />
  );
}
