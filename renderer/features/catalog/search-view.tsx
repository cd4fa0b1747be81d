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
import type { CatalogRows, CatalogSearch } from '../../state/catalog/catalog.ts';
import { chooseInCatalog } from '../../state/catalog/catalog-actions.ts';
import { stopSearch } from '../../state/catalog/catalog-search.ts';
import { type HitGroup, type HitPlace, hitGroups, searchedText, spotOf } from '../../state/catalog/hit-groups.ts';
import { twoLevels } from '../../state/catalog/two-levels.ts';
import { plainCommand } from '../../state/chain.ts';
import { hintFor } from '../../state/plain-error.ts';
import type { CatalogChoice } from '../../state/selection.ts';
import { lineName, lineText, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import styles from './catalog.module.css';
import { firstName, imageTitle } from './image-names.ts';
import { imageText, nameCell, TwoLevelGrid } from './two-level-grid.tsx';

const KINDS = (['path', 'package', 'content'] as const).map((value) => ({ value, label: words.catalog.kinds[value] }));
/** How long, in ms, typing must pause before the search begins. */
const SEARCH_AFTER = 300;

/** A search for a path, a package or a file's content in all images. */
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
  const groups = useMemo(() => hitGroups(hits, rows.holders), [hits, rows]);
  const images = useMemo(() => new Set(groups.flatMap(({ places }) => places.map(({ image }) => image))).size, [groups]);
  const count = groups.length;
  if (state === 'idle' || state === 'failed' || (state === 'done' && hits.length === 0 && problems.length === 0)) return null;
  const found = isCut ? words.catalog.firstHits(count) : words.catalog.found(count, images);
  return (
    <div className={styles.status}>
      <p className="number" role="status">
        {state === 'running'
          ? words.catalog.searching(count, doneFiles, files)
          : state === 'stopped'
            ? words.catalog.stopped(count)
            : found}
      </p>
      {problems.length === 0 ? null : (
        <Button kind="quiet" onPress={() => chooseInCatalog({ view: 'problems' })}>
          <span className={styles.problem}>{words.catalog.unread(problems.length)}</span>
        </Button>
      )}
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
  const { text = '' } = useApp((app) => app.selection.catalog) ?? {};
  const match = searchedText(what, text);
  const groups = useMemo(() => hitGroups(hits, rows.holders), [hits, rows]);
  const ids = useMemo(() => groups.map(({ id }) => id), [groups]);
  // A hit in only one place doesn't need a row for the place.
  const tree = useMemo(() => twoLevels(groups.map(({ places }) => (places.length > 1 ? places.length : 0))), [groups]);
  const groupAt = (group: number) => groups[group] as HitGroup;
  const placeAt = (group: number, child: number): HitPlace | undefined => groupAt(group).places[Math.max(0, child)];
  const nameOf = (image: number | undefined) => (image === undefined ? '' : firstName(images, image));
  return (
    <TwoLevelGrid
      label={words.catalog.searchTitle}
      tree={tree}
      ids={ids}
      columns={hitColumns(room, what)}
      name={({ group, child }) => (child < 0 ? hitName(firstHit(groupAt(group))) : nameOf(placeAt(group, child)?.image))}
      groupData={(group) => ({ 'data-catalog-hit': groupAt(group).id })}
      imageOf={({ group, child }) => {
        const found = placeAt(group, child);
        return found === undefined ? null : { image: found.image, at: spotOf(images[found.image]?.layers, found.hit) };
      }}
      cell={(place, column, twisty) => {
        const { group, child } = place;
        const found = placeAt(group, child);
        const title = found === undefined ? '' : imageTitle(images, found.image);
        if (child >= 0 && found !== undefined) {
          if (column === 'name') return nameCell(place, twisty, title, imageText(nameOf(found.image)));
          if (column === 'type') return quiet(typeOf(found.hit));
          if (column === 'size') return sizeOf(found.hit);
          return column === 'layer' ? quiet(placeOf(images[found.image]?.layers, found.hit.layer)) : null;
        }
        const { hits: own, places, images: count } = groupAt(group);
        const hit = firstHit(groupAt(group));
        // Cut in the middle, because the ends of paths and of packages' names are distinctive.
        if (column === 'name') {
          return nameCell(place, twisty, fullHitName(hit), <MiddleText className={styles.hit} text={hitName(hit)} match={match} />);
        }
        if (column === 'type') return own.every((each) => typeOf(each) === typeOf(hit)) ? quiet(typeOf(hit)) : null;
        if (column === 'version')
          return <span title={titleText(displayText(hit.version ?? ''))}>{lineName(displayText(hit.version ?? ''))}</span>;
        if (column === 'size') return own.every(({ kind, bytes }) => kind === hit.kind && bytes === hit.bytes) ? sizeOf(hit) : null;
        if (column === 'layer') {
          const layer = own.length > 1 ? words.catalog.inLayers(own.length) : layerOf(rows, hit);
          return (
            <span className={styles.quiet} title={titleText(layer)}>
              {lineText(layer)}
            </span>
          );
        }
        return count === 1 ? (
          <span className={styles.only} title={titleText(title)}>
            {imageText(nameOf(places[0]?.image))}
          </span>
        ) : (
          words.catalog.inImages(count)
        );
      }}
    />
  );
}

function firstHit({ hits }: HitGroup): CatalogHit {
  return hits[0] as CatalogHit;
}

function quiet(text: string) {
  return <span className={styles.quiet}>{lineText(text)}</span>;
}

/** Folders and deleted entries have no size. */
function sizeOf({ kind, type, bytes }: CatalogHit) {
  return bytes === null || kind === 'whiteout' || kind === 'opaque' || type === 'directory' ? null : sizeText(bytes);
}

function hitName({ kind, name }: CatalogHit): string {
  if (kind === 'image' || kind === 'layer') return shortDigest(displayText(name));
  if (kind === 'package') return displayText(name);
  return name === '' ? words.catalog.root : displayPath(unescapePath(name));
}

/** Returns a hit's name with its digest in full, for the tooltip. */
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

/** Returns the position of a hit's layer in an image. */
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
