import type { CatalogImage } from '#contract';
import { displayText } from '#model';
import { placeName } from '../../state/catalog/catalog.ts';
import { words } from '../../words/index.ts';

/** Returns an image's first name, and how many others it has. */
export function firstName(images: readonly CatalogImage[], number: number): string {
  const image = images[number];
  return image === undefined ? '' : words.catalog.andNames(placeName(image, 0), image.places.length - 1);
}

/** Returns what pressing an image's name does, for its tooltip. */
export function imageTitle(images: readonly CatalogImage[], number: number, place = 0): string {
  const image = images[number];
  return image === undefined ? '' : words.catalog.openImage(placeName(image, place), displayText(image.places[place]?.source ?? ''));
}
