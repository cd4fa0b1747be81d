import type { CatalogImage } from '#contract';
import { displayPath, displayText, unescapePath } from '#model';
import type { ActionSection, MenuAction } from '../../components/action-menu.tsx';
import { words } from '../../words/index.ts';
import type { AppState } from '../app-state.ts';
import { type CatalogRows, layerTitle, placeName, repositoryName } from '../catalog/catalog.ts';
import { chooseInCatalog, compareCatalogImages, openCatalogImage, togglePicked } from '../catalog/catalog-actions.ts';
import { hitGroups, spotOf } from '../catalog/hit-groups.ts';
import { imagesOfName, newestFirst } from '../catalog/image-rows.ts';
import { wholeCommand } from '../chain.ts';
import { copyAction } from './copy-action.ts';
import type { MenuTarget } from './open-menu.ts';

/** Returns the title and the actions of a menu in a catalog; null if its row is gone. */
export function catalogMenu({ catalog, selection }: Pick<AppState, 'catalog' | 'selection'>, target: MenuTarget): CatalogMenu | null {
  const { rows, picked, search } = catalog;
  if (rows === null) return null;
  if (target.kind === 'catalogImage') {
    const found = rows.images[target.image];
    if (found === undefined) return null;
    return { title: placeName(found, target.place ?? 0), sections: imageActions(rows, found, target, picked) };
  }
  if (target.kind === 'catalogName') return nameMenu(rows, target.image, selection.catalog?.view === 'tags');
  if (target.kind === 'catalogLayer') return layerMenu(rows, target.layer);
  if (target.kind !== 'catalogHit') return null;
  const group = hitGroups(search.hits, rows.holders).find(({ id }) => id === target.hit);
  const [hit] = group?.hits ?? [];
  if (group === undefined || hit === undefined) return null;
  const isPath = hit.kind === 'entry' || hit.kind === 'whiteout' || hit.kind === 'opaque';
  const name = isPath ? displayPath(unescapePath(hit.name)) : displayText(hit.name);
  const show = newestFirst(rows, [...new Set(group.places.map(({ image }) => image))])
    .slice(0, 1)
    .map((image): MenuAction => {
      const found = rows.images[image] as CatalogImage;
      const place = group.places.find((each) => each.image === image);
      const at = place === undefined ? undefined : spotOf(found.layers, place.hit);
      return { id: 'newest', label: words.menus.openAtLayer(placeName(found, 0)), run: () => void openCatalogImage(image, { at }) };
    });
  const copied = hit.kind === 'package' ? 'name' : isPath ? 'path' : 'digest';
  return {
    title: name,
    sections: [
      { id: 'show', title: words.menus.show, quiet: true, actions: show },
      { id: 'copy', title: words.menus.copy, quiet: true, actions: copyAction(copied, isPath ? `/${name}` : hit.name) },
    ],
  };
}

interface CatalogMenu {
  readonly title: string;
  readonly sections: readonly ActionSection[];
}

/** Returns the actions for an image, opened from one of its places or, if `place` is null, from the first where it still exists. */
function imageActions(
  { images }: CatalogRows,
  found: CatalogImage,
  { image, place }: { readonly image: number; readonly place: number | null },
  picked: readonly number[],
): readonly ActionSection[] {
  const other = picked.findLast((each) => each !== image);
  const compare: MenuAction[] = [
    { id: 'with', label: words.menus.compareWith, run: () => void openCatalogImage(image, { place, compares: true }) },
  ];
  if (other !== undefined) {
    const name = placeName(images[other] as CatalogImage, 0);
    compare.push({ id: 'picked', label: words.menus.compareWithName(name), run: () => void compareCatalogImages(other, image) });
  }
  const isPicked = picked.includes(image);
  compare.push({ id: 'pick', label: isPicked ? words.menus.unpick : words.menus.pick, run: () => togglePicked(image) });
  return [
    {
      id: 'show',
      title: words.menus.show,
      quiet: true,
      actions: [{ id: 'open', label: words.menus.openImage, run: () => void openCatalogImage(image, { place }) }],
    },
    { id: 'compare', title: words.menus.compare, quiet: true, actions: compare },
    {
      id: 'copy',
      title: words.menus.copy,
      quiet: true,
      actions: [
        ...copyAction('name', found.places[place ?? 0]?.reference ?? placeName(found, place ?? 0)),
        ...copyAction('digest', found.digest ?? found.id),
      ],
    },
  ];
}

/** Returns the menu for all images with the same name. */
function nameMenu(rows: CatalogRows, image: number, isInTags: boolean): CatalogMenu | null {
  const { images } = rows;
  const first = images[image];
  if (first === undefined) return null;
  const members = newestFirst(rows, imagesOfName(rows, image));
  const [newest] = members;
  const oldest = members.at(-1);
  const nameOf = (number: number) => placeName(images[number] as CatalogImage, 0);
  const show: MenuAction[] = [];
  if (newest !== undefined) {
    show.push({ id: 'newest', label: words.menus.openNamed(nameOf(newest)), run: () => void openCatalogImage(newest) });
  }
  if (!isInTags) show.push({ id: 'tags', label: words.menus.showTags, run: () => chooseInCatalog({ view: 'tags' }) });
  const compare = compareNewest(members);
  if (newest !== undefined && oldest !== undefined && members.length > 2) {
    compare.push({ id: 'oldest', label: words.menus.compareEnds, run: () => void compareCatalogImages(oldest, newest) });
  }
  const name = repositoryName(first);
  return {
    title: name,
    sections: sectionsOf(show, compare, [
      ...copyAction('name', first.places[0]?.repository ?? name),
      ...copyAction('names', members.map((at) => displayText(nameOf(at))).join('\n')),
    ]),
  };
}

/** Returns the menu for a layer and the images that have it. */
function layerMenu(rows: CatalogRows, layer: number): CatalogMenu | null {
  const found = rows.layers[layer];
  if (found === undefined) return null;
  const holders = newestFirst(rows, rows.holders[layer] ?? []);
  const [newest] = holders;
  const nameOf = (number: number) => placeName(rows.images[number] as CatalogImage, 0);
  const show: MenuAction[] = [];
  if (newest !== undefined) {
    const at = rows.images[newest]?.layers.indexOf(layer) ?? 0;
    const run = () => void openCatalogImage(newest, { at: { layer: at, path: null } });
    show.push({ id: 'newest', label: words.menus.openAtLayer(nameOf(newest)), run });
  }
  const compare = compareNewest(holders);
  return {
    title: layerTitle(rows, layer),
    sections: sectionsOf(show, compare, [
      ...copyAction('command', wholeCommand(found.createdBy)),
      ...copyAction('digest', found.digest),
      ...copyAction('diffId', found.layer),
      ...copyAction('names', holders.map((at) => displayText(nameOf(at))).join('\n')),
    ]),
  };
}

/** Returns the action that compares the two newest images; none if there is only one. */
function compareNewest([newest, before]: readonly number[]): MenuAction[] {
  if (newest === undefined || before === undefined) return [];
  return [{ id: 'newest', label: words.menus.compareNewest, run: () => void compareCatalogImages(before, newest) }];
}

function sectionsOf(show: readonly MenuAction[], compare: readonly MenuAction[], copy: readonly MenuAction[]): readonly ActionSection[] {
  return [
    { id: 'show', title: words.menus.show, quiet: true, actions: show },
    { id: 'compare', title: words.menus.compare, quiet: true, actions: compare },
    { id: 'copy', title: words.menus.copy, quiet: true, actions: copy },
  ];
}
