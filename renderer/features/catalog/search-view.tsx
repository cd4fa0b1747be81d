import { type FormEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { CatalogHit } from '#contract';
import { displayPath, displayText, shortDigest, unescapePath } from '#model';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icons.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Progress } from '../../components/progress.tsx';
import fields from '../../components/search-field.module.css';
import { Segmented } from '../../components/segmented.tsx';
import { sizeText } from '../../components/size.tsx';
import type { TreeColumn } from '../../components/tree-grid.tsx';
import { type CatalogRows, type CatalogSearch, hitGroups } from '../../state/catalog/catalog.ts';
import { chooseInCatalog, openCatalogImage } from '../../state/catalog/catalog-actions.ts';
import { stopSearch } from '../../state/catalog/catalog-search.ts';
import { twoLevels } from '../../state/catalog/two-levels.ts';
import { plainCommand } from '../../state/chain.ts';
import { hintFor } from '../../state/plain-error.ts';
import type { CatalogChoice, Spot } from '../../state/selection.ts';
import { words } from '../../words/index.ts';
import styles from './catalog.module.css';
import { firstName, imageTitle } from './image-names.ts';
import { imageText, nameCell, TwoLevelGrid } from './two-level-grid.tsx';

const KINDS = (['path', 'package', 'content'] as const).map((value) => ({ value, label: words.catalog.kinds[value] }));
/** How long, in ms, typing must have paused before the search begins. */
const SEARCH_AFTER = 300;

/** A search for a path, a package or a content in all images. */
export function SearchView({
  rows,
  search,
  choice,
  room,
}: {
  rows: CatalogRows;
  search: CatalogSearch;
  choice: CatalogChoice;
  room: number;
}) {
  const { what = 'path', text = '' } = choice;
  return (
    <>
      <div className={styles.line}>
        <Segmented
          small
          label={words.catalog.searchFor}
          value={what}
          options={KINDS}
          onChange={(kind) => chooseInCatalog({ what: kind }, { replace: true })}
        />
        <SearchField what={what} text={text} />
      </div>
      <SearchStatus search={search} rows={rows} />
      <SearchBody rows={rows} search={search} what={what} room={room} />
    </>
  );
}

function SearchField({ what, text }: { what: NonNullable<CatalogChoice['what']>; text: string }) {
  const [typed, setTyped] = useState(text);
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    setTyped(text);
    return () => clearTimeout(pause.current);
  }, [text]);
  const searchFor = (wanted: string) => {
    clearTimeout(pause.current);
    chooseInCatalog({ text: wanted, what }, { replace: true });
  };
  function onChange(wanted: string) {
    setTyped(wanted);
    clearTimeout(pause.current);
    pause.current = setTimeout(() => searchFor(wanted), SEARCH_AFTER);
  }
  return (
    <search className={styles.search}>
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          searchFor(typed);
        }}
      >
        <Icon name="search" size={14} className={fields.icon} />
        <input
          className={fields.input}
          type="search"
          maxLength={1_024}
          spellCheck={false}
          autoComplete="off"
          aria-label={words.catalog.fields[what]}
          placeholder={words.catalog.fields[what]}
          value={typed}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      </form>
    </search>
  );
}

function SearchStatus({ search, rows }: { search: CatalogSearch; rows: CatalogRows }) {
  const { state, hits, doneFiles, files, isCut, problems } = search;
  const images = useMemo(() => new Set(hitGroups(hits, rows.holders).flatMap((group) => group.images)).size, [hits, rows]);
  if (state === 'idle' || state === 'failed' || (state === 'done' && hits.length === 0 && problems.length === 0)) return null;
  const found = isCut ? words.catalog.firstHits(hits.length) : words.catalog.found(hits.length, images);
  return (
    <div className={styles.status}>
      <p className="number" role="status">
        {state === 'running'
          ? words.catalog.searching(hits.length, doneFiles, files)
          : state === 'stopped'
            ? words.catalog.stopped(hits.length)
            : found}
        {problems.length === 0 ? null : (
          <span className={styles.problem} title={problems.map(({ subject, message }) => displayText(`${subject}: ${message}`)).join('\n')}>
            {' · '}
            {words.catalog.unread(problems.length)}
          </span>
        )}
      </p>
      {state === 'running' ? (
        <>
          <span className={styles.progress}>
            <Progress label={words.catalog.searchFor} done={doneFiles} total={files === 0 ? null : files} />
          </span>
          <Button kind="quiet" onPress={stopSearch}>
            {words.catalog.stop}
          </Button>
        </>
      ) : null}
    </div>
  );
}

function SearchBody({
  rows,
  search,
  what,
  room,
}: {
  rows: CatalogRows;
  search: CatalogSearch;
  what: NonNullable<CatalogChoice['what']>;
  room: number;
}) {
  const { state, hits, error, files } = search;
  if (state === 'idle') {
    return (
      <Notice icon="search" title={words.catalog.typeWhat}>
        {words.catalog.typeWhy[what]}
      </Notice>
    );
  }
  if (state === 'failed' && error !== null) {
    const isOwn = error.code === 'USAGE';
    return (
      <Notice
        icon={isOwn ? 'search' : 'error'}
        title={isOwn ? words.catalog.notSearchable : words.catalog.failed}
        tone={isOwn ? 'plain' : 'error'}
      >
        {isOwn ? words.catalog.typeWhy[what] : <ErrorText error={error} hint={hintFor(error)} />}
      </Notice>
    );
  }
  if (hits.length === 0) {
    return state === 'running' ? null : (
      <Notice icon="search" title={words.catalog.noHits}>
        {files === 0 ? null : words.catalog.noHitsWhy(files)}
      </Notice>
    );
  }
  return <Hits rows={rows} hits={hits} what={what} room={room} />;
}

function Hits({
  rows,
  hits,
  what,
  room,
}: {
  rows: CatalogRows;
  hits: readonly CatalogHit[];
  what: NonNullable<CatalogChoice['what']>;
  room: number;
}) {
  const { images } = rows;
  const groups = useMemo(() => hitGroups(hits, rows.holders), [hits, rows]);
  // What one image has is that image's row.
  const tree = useMemo(() => twoLevels(groups.map((group) => (group.images.length > 1 ? group.images.length : 0))), [groups]);
  const hitOf = (group: number) => groups[group]?.hit as CatalogHit;
  const imageOf = (group: number, child: number) => groups[group]?.images[Math.max(0, child)];
  const nameOf = (image: number | undefined) => (image === undefined ? '' : firstName(images, image));
  return (
    <TwoLevelGrid
      label={words.catalog.searchTitle}
      tree={tree}
      columns={hitColumns(room, what)}
      name={({ group, child }) => (child < 0 ? hitName(hitOf(group)) : nameOf(imageOf(group, child)))}
      onChoose={({ group, child }) => {
        const image = imageOf(group, child);
        if (image !== undefined) void openCatalogImage(image, null, spotOf(images[image]?.layers, hitOf(group)));
      }}
      cell={(place, column, twisty) => {
        const { group, child } = place;
        const hit = hitOf(group);
        const image = imageOf(group, child);
        const title = image === undefined ? '' : imageTitle(images, image);
        if (child >= 0) {
          if (column === 'name') return nameCell(place, twisty, title, imageText(nameOf(image)));
          return column === 'layer' ? <span className={styles.quiet}>{placeOf(images[image ?? -1]?.layers, hit.layer)}</span> : null;
        }
        // The end of a path tells it from others, as does the end of a package's name.
        if (column === 'name') return nameCell(place, twisty, fullHitName(hit), <MiddleText className={styles.hit} text={hitName(hit)} />);
        if (column === 'type') return <span className={styles.quiet}>{typeOf(hit)}</span>;
        if (column === 'version') return <span title={displayText(hit.version ?? '')}>{displayText(hit.version ?? '')}</span>;
        if (column === 'size') return hit.bytes === null || hit.kind === 'whiteout' ? null : sizeText(hit.bytes);
        if (column === 'layer') {
          return (
            <span className={styles.quiet} title={layerOf(rows, hit)}>
              {layerOf(rows, hit)}
            </span>
          );
        }
        const count = groups[group]?.images.length ?? 0;
        return count === 1 ? (
          <span className={styles.only} title={title}>
            {imageText(nameOf(image))}
          </span>
        ) : (
          words.catalog.inImages(count)
        );
      }}
    />
  );
}

function hitName({ kind, name }: CatalogHit): string {
  if (kind === 'image' || kind === 'layer') return shortDigest(displayText(name));
  if (kind === 'package') return displayText(name);
  return name === '' ? words.catalog.root : displayPath(unescapePath(name));
}

/** For the tooltip: a digest in full. */
function fullHitName(hit: CatalogHit): string {
  return hit.kind === 'image' || hit.kind === 'layer' ? displayText(hit.name) : hitName(hit);
}

function typeOf({ kind, type }: CatalogHit): string {
  if (type === null) return words.catalog.hitKinds[kind];
  return displayText(kind === 'package' ? type : words.entryType(type));
}

function layerOf({ layers }: CatalogRows, { layer }: CatalogHit): string {
  const found = layer === null ? undefined : layers[layer];
  return found === undefined ? '' : (plainCommand(found.createdBy) ?? shortDigest(displayText(found.layer)));
}

/** Where in an image a hit is shown: in the layer that brought it. */
function spotOf(layers: readonly number[] = [], { kind, name, layer }: CatalogHit): Spot | undefined {
  const at = layer === null ? -1 : layers.indexOf(layer);
  if (at < 0) return undefined;
  if (kind === 'package') return { layer: at, path: null, view: 'packages' };
  return { layer: at, path: kind === 'layer' || name === '' ? null : name };
}

/** Where a hit's layer is in an image. */
function placeOf(layers: readonly number[] = [], layer: number | null): string {
  const at = layer === null ? -1 : layers.indexOf(layer);
  return at < 0 ? '' : words.catalog.layerIn(at, layers.length);
}

function hitColumns(room: number, what: NonNullable<CatalogChoice['what']>): readonly TreeColumn[] {
  const { hitColumns: headers } = words.catalog;
  const column = (id: keyof typeof headers, width: string, align?: 'right'): TreeColumn => ({ id, header: headers[id], width, align });
  return [
    column('name', 'minmax(120px, 1.6fr)'),
    ...(room < 900 ? [] : [column('type', '90px')]),
    ...(what === 'package' ? [column('version', 'minmax(80px, 0.8fr)')] : []),
    column('size', '72px', 'right'),
    ...(room < 560 ? [] : [column('layer', 'minmax(100px, 1fr)')]),
    column('images', 'minmax(90px, 1fr)'),
  ];
}
