import { type ReactNode, useMemo } from 'react';
import type { EntryDetails, ImageSummary } from '#contract';
import { displayPath, unescapePath } from '#model';
import { Button, IconButton } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Mark } from '../../components/mark.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { dispatchDetails, setLayout } from '../../state/app-state.ts';
import { findRow } from '../../state/changes/changes.ts';
import { contentWords } from '../../state/changes/row-text.ts';
import { chooseLayer } from '../../state/choosing.ts';
import { retryDetails } from '../../state/details/load-details.ts';
import { exportShown } from '../../state/exporting.ts';
import { keysOfId } from '../../state/key-names.ts';
import { hintFor } from '../../state/plain-error.ts';
import { type Selection, selectedImage } from '../../state/selection.ts';
import { WORDS } from '../../state/words.ts';
import { useApp } from '../use-app.ts';
import { AttributesTab } from './attributes-tab.tsx';
import { ContentTab } from './content-tab.tsx';
import styles from './details-pane.module.css';
import { LayerFacts } from './layer-facts.tsx';
import { RawTab } from './raw-tab.tsx';

/** The selected path, or the selected layers where there is none. */
export function DetailsPane({ edge, drawer }: { edge: ReactNode; drawer: boolean }) {
  const archives = useApp((app) => app.archives);
  const selection = useApp((app) => app.selection);
  const found = selectedImage(archives ?? [], selection);
  if (found === null) return null;
  return (
    <section className={styles.pane} aria-label="Details" data-pane="details" tabIndex={-1}>
      {edge}
      {drawer ? (
        <IconButton className={styles.closeDrawer} label="Close details" icon="close" onPress={() => setLayout({ drawer: 'none' })} />
      ) : null}
      {selection.path === null ? (
        <LayerFacts archive={found.archive} image={found.image} selection={selection} />
      ) : (
        <PathDetails path={selection.path} image={found.image} selection={selection} />
      )}
    </section>
  );
}

const TABS = [
  { value: 'content', label: 'Content' },
  { value: 'attributes', label: 'Attributes' },
  { value: 'raw', label: 'Raw' },
] as const;

function PathDetails({ path, image, selection }: { path: string; image: ImageSummary; selection: Selection }) {
  const state = useApp((app) => app.details);
  const text = displayPath(unescapePath(path));
  const slash = text.lastIndexOf('/');
  return (
    <>
      <header className={styles.head}>
        <div className={styles.nameLine}>
          <h2 className={`${styles.name} selectable`}>{text.slice(slash + 1)}</h2>
          <CopyButton label="Copy path" text={path} />
          {state.details.state === 'ready' && isExportable(state.details.value) ? (
            <IconButton small label="Export…" keys={keysOfId('export')} icon="save" onPress={exportShown} />
          ) : null}
        </div>
        <p className={`${styles.folder} selectable`}>{slash < 0 ? '/' : `/${text.slice(0, slash)}`}</p>
        {state.details.state === 'ready' ? <Story details={state.details.value} image={image} selection={selection} /> : null}
      </header>
      {state.details.state === 'failed' ? (
        <Notice icon="error" title="Could not load the details" tone="error">
          <ErrorText error={state.details.error} hint={hintFor(state.details.error)} />
          <p className={styles.again}>
            <Button icon="retry" onPress={retryDetails}>
              {WORDS.tryAgain}
            </Button>
          </p>
        </Notice>
      ) : (
        <Tabs label="Details of the path" value={state.tab} onChange={(tab) => dispatchDetails({ type: 'tabChosen', tab })} tabs={TABS}>
          {state.details.state !== 'ready' ? null : state.tab === 'content' ? (
            <ContentTab state={state} details={state.details.value} />
          ) : state.tab === 'attributes' ? (
            <AttributesTab details={state.details.value} times={state.times} />
          ) : (
            <RawTab raw={state.raw} details={state.details.value} />
          )}
        </Tabs>
      )}
    </>
  );
}

/** Whether the entry exists at this layer and can be saved. */
function isExportable({ now }: EntryDetails): boolean {
  return now !== null && ['file', 'hardlink', 'directory', 'symlink'].includes(now.type);
}

const SIDES_WORDS = { removed: 'only in A', added: 'only in B', modified: 'in both A and B', unchanged: 'same in A and B' } as const;

/** One sentence, and the path's history as dots. */
function Story({ details, image, selection }: { details: EntryDetails; image: ImageSummary; selection: Selection }) {
  const { history } = details;
  const compared = selection.mode === 'compare';
  const low = selection.mode === 'layer' ? selection.from : selection.to;
  const here = history.filter(({ layer }) => layer >= low && layer <= selection.to);
  const kind =
    details.now === null ? 'removed' : here.length === 0 && !compared ? 'unchanged' : details.before === null ? 'added' : 'modified';
  const first = history[0];
  const where =
    selection.from === selection.to || selection.mode === 'stacked' ? `layer ${selection.to}` : `layers ${selection.from}–${selection.to}`;
  const from = first !== undefined && first.layer < low ? `, first seen in layer ${first.layer}` : '';
  const content = useContentWords(kind === 'modified' ? selection.path : null);
  const words = kind === 'unchanged' ? `unchanged in ${where}` : `${kind} in ${where}`;
  return (
    <>
      <p className={styles.story}>
        {kind === 'unchanged' ? null : <Mark name={kind} />}{' '}
        <span>{`${compared ? SIDES_WORDS[kind] : words + from}${content === '' ? '' : `, ${content}`}`}</span>
      </p>
      {image.layers.length > 1 && history.length > 0 ? (
        <HistoryDots details={details} count={image.layers.length} selection={selection} />
      ) : null}
    </>
  );
}

/** How a file's content relates to the one before, if its row is in the table. */
function useContentWords(path: string | null): string {
  const table = useApp(({ changes }) => changes.table);
  return useMemo(() => {
    const row = table === null || path === null ? -1 : findRow(table, unescapePath(path));
    return table === null || row < 0 ? '' : contentWords(table.differs[row] as number);
  }, [table, path]);
}

/** One dot per layer, the lowest first. Layers that touch the path have a button. */
function HistoryDots({ details, count, selection }: { details: EntryDetails; count: number; selection: Selection }) {
  const kinds = new Map(details.history.map(({ layer, kind }) => [layer, kind]));
  if (count > 48) return null;
  return (
    <ol className={styles.dots} aria-label="Path history">
      {Array.from({ length: count }, (_, layer) => {
        const kind = kinds.get(layer);
        const lit = layer >= selection.from && layer <= selection.to;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the index is the layer
          <li key={layer} className={lit ? styles.litDot : ''}>
            {kind === undefined ? (
              <span className={styles.noDot} />
            ) : (
              <button
                type="button"
                className={`${styles.dot} ${styles[kind]}`}
                aria-label={`${kind} in layer ${layer}`}
                title={`${kind} in layer ${layer}`}
                onClick={() => chooseLayer(layer, false)}
              />
            )}
            {kind !== undefined || lit ? <span className={`number ${styles.dotNumber}`}>{layer}</span> : null}
          </li>
        );
      })}
    </ol>
  );
}
