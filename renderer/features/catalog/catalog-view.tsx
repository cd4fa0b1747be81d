import { useMemo, useRef } from 'react';
import type { CatalogSummary } from '#contract';
import { Button, IconButton } from '../../components/button.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { phrase } from '../../components/phrase.tsx';
import { Progress } from '../../components/progress.tsx';
import { Size } from '../../components/size.tsx';
import { useMeasured, widthOf } from '../../components/use-measured.ts';
import { type CatalogRows, sharedStart } from '../../state/catalog/catalog.ts';
import { chooseInCatalog, dismissRefusal } from '../../state/catalog/catalog-actions.ts';
import { hintFor } from '../../state/plain-error.ts';
import type { CatalogChoice } from '../../state/selection.ts';
import { words } from '../../words/index.ts';
import { formatDate } from '../../words/numbers.ts';
import { useApp } from '../use-app.ts';
import styles from './catalog.module.css';
import { ImagesView } from './images-view.tsx';
import { LayersView } from './layers-view.tsx';
import { Picks } from './picks.tsx';
import { ProblemsView } from './problems-view.tsx';
import { SearchView } from './search-view.tsx';
import { TagsView } from './tags-view.tsx';
import { SharedStart } from './two-level-grid.tsx';

/** A catalog: its images, its layers, its tags, a search, or its problems. */
export function CatalogView({ choice, summary }: { choice: CatalogChoice; summary: CatalogSummary }) {
  const { rows, error, doneRows, allRows } = useApp((app) => app.catalog);
  const pane = useRef<HTMLElement>(null);
  const room = useMeasured(pane, widthOf, 900);
  const shared = useMemo(() => sharedStart(rows?.images ?? []), [rows]);
  return (
    <section className={styles.pane} aria-label={summary.title} data-pane="catalog" ref={pane}>
      <Refusal />
      {error !== null ? (
        <Notice icon="error" title={words.catalog.failed} tone="error">
          <ErrorText error={error} hint={hintFor(error)} />
        </Notice>
      ) : rows === null ? (
        <Notice title={words.catalog.reading}>
          <Progress label={words.catalog.reading} done={doneRows} total={allRows === 0 ? null : allRows} />
          {allRows === 0 ? null : <p className="number">{words.catalog.readingRows(doneRows, allRows)}</p>}
        </Notice>
      ) : (
        <>
          {rows.images.length === 0 ? null : <Holds summary={summary} rows={rows} />}
          <SharedStart value={shared}>
            <Views rows={rows} choice={choice} summary={summary} room={room} />
          </SharedStart>
          <Picks />
        </>
      )}
    </section>
  );
}

/** What the catalog contains, at a glance. */
function Holds({ summary, rows }: { summary: CatalogSummary; rows: CatalogRows }) {
  const { images, layers, layerBytes, unsharedBytes, files, packagedImages, indexed, problems } = summary;
  const places = rows.images.reduce((sum, image) => sum + image.places.length, 0);
  const stored = <Size key="stored" bytes={layerBytes} />;
  const savedBytes = unsharedBytes - layerBytes;
  const saved = savedBytes > 0 ? <Size key="saved" bytes={savedBytes} /> : null;
  return (
    <ul className={styles.holds} aria-label={words.catalog.facts}>
      <li className={styles.main}>{words.catalog.images(images)}</li>
      {places === images ? null : <li title={words.catalog.inAllTitle}>{words.catalog.inAll(places)}</li>}
      <li>{phrase(words.catalog.sums(layers, stored, saved))}</li>
      {files === 0 ? null : <li title={words.catalog.filesTitle}>{words.catalog.files(files)}</li>}
      {packagedImages === 0 ? null : <li title={words.catalog.packagesTitle}>{words.catalog.packagesOf(packagedImages)}</li>}
      {indexed === null ? null : <li>{words.catalog.indexed(formatDate(new Date(indexed), 'minute'))}</li>}
      {problems === 0 ? null : (
        <li>
          <Button kind="quiet" onPress={() => chooseInCatalog({ view: 'problems' })}>
            {words.catalog.problems(problems)}
          </Button>
        </li>
      )}
    </ul>
  );
}

function Views({ rows, choice, summary, room }: { rows: CatalogRows; choice: CatalogChoice; summary: CatalogSummary; room: number }) {
  const search = useApp((app) => app.catalog.search);
  if (choice.view === 'problems') return <ProblemsView problems={rows.problems} found={search.problems} total={summary.problems} />;
  if (rows.images.length === 0) {
    const hasProblems = rows.problems.length > 0;
    return (
      <Notice icon={hasProblems ? 'warning' : 'catalog'} title={hasProblems ? words.catalog.onlyProblems : words.catalog.empty}>
        {hasProblems ? (
          <Button onPress={() => chooseInCatalog({ view: 'problems' })}>{words.catalog.showProblems}</Button>
        ) : (
          words.catalog.emptyWhy
        )}
      </Notice>
    );
  }
  if (choice.view === 'search') return <SearchView rows={rows} search={search} choice={choice} room={room} />;
  if (choice.view === 'tags') return <TagsView rows={rows} room={room} />;
  if (choice.view === 'layers') return <LayersView rows={rows} room={room} />;
  return <ImagesView rows={rows} room={room} />;
}

/** Why the image that the user chose last couldn't be opened. */
function Refusal() {
  const refusal = useApp((app) => app.catalog.refusal);
  if (refusal === null) return null;
  const { name, error } = refusal;
  return (
    <div className={styles.refusal} role="alert">
      <p className="selectable">
        <strong>{words.catalog.couldNotOpen(name)}</strong> {error.message} <span className={styles.refusalCode}>{error.code}</span>
      </p>
      <IconButton small label={words.frame.dismiss} icon="close" onPress={dismissRefusal} />
    </div>
  );
}
