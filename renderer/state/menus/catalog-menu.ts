import type { CatalogImage } from '#contract';
import type { ActionSection } from '../../components/action-menu.tsx';
import { words } from '../../words/index.ts';
import { placeName } from '../catalog/catalog.ts';
import { openCatalogImage } from '../catalog/catalog-actions.ts';
import { copyAction } from './copy-action.ts';

/**
 * Returns the actions for an image of the shown catalog, by its number. `place`: one of its places; null for the first that still has it.
 */
export function catalogImageActions(found: CatalogImage, image: number, place: number | null): readonly ActionSection[] {
  return [
    {
      id: 'show',
      title: words.menus.show,
      quiet: true,
      actions: [
        { id: 'open', label: words.menus.openImage, run: () => void openCatalogImage(image, { place }) },
        { id: 'with', label: words.menus.compareWith, run: () => void openCatalogImage(image, { place, compares: true }) },
      ],
    },
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
